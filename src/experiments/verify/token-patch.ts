/**
 * Theorem 1 (1.2): the patched block without Y against the block with the whole context.
 *
 * @module
 */
import {
  type Application,
  exactErrorOverBound,
  type PatchProof,
  patchWeight,
  preActivationBound,
  proveContextPatch,
  runPatched,
} from '../../icl/index.ts';
import { type Matrix, matrix, Random, type RankOne } from '../../linalg/index.ts';
import { type RandomCase, randomCase } from './random-case.ts';
import { RowGatherer, type Verification } from './row.ts';

/** Theorem 1 with ΔW applied in one of the two ways. */
export function tokenPatch(application: Application): Verification {
  const about = { theorem: '1.2', layer: 'softmax', block: 'plain', variant: application };
  return {
    ...about,
    run(trials, seed) {
      const random = new Random(seed, 12);
      const gatherer = new RowGatherer();
      for (let trial = 0; trial < trials; trial++) {
        const each = randomCase(random);
        const { block, parameters, context, query, removed } = each;
        // Every fourth trial removes everything, as the corollary does.
        const part = trial % 4 === 0 ? 'all' : removed;
        const proof = proveContextPatch(block, parameters, context, query, part, application);
        gatherer.trial({
          observed: Math.max(proof.output.observed, proof.preActivation.observed),
          overBound: Math.max(proof.output.overBound, proof.preActivation.overBound),
        });
        gatherer.exactError(
          exactErrorOverBound(
            parameters['mlp.W1'],
            proof.base.attention,
            proof.contextual.attention,
            proof.patch,
            application,
          ),
        );
        controls(gatherer, each, proof, application);
        refusals(gatherer, each);
      }
      return gatherer.row(about);
    },
  };
}

/** Wrong patches, each of which must miss the contextual pre-activation. */
function controls(
  gatherer: RowGatherer,
  { block, parameters, query }: RandomCase,
  { patch, remaining, base, contextual }: PatchProof,
  application: Application,
): void {
  const W1 = parameters['mlp.W1'];
  const b1 = parameters['mlp.b1'].data;
  const bound = preActivationBound(W1, b1, base.attention, contextual.attention);
  const check = (name: string, wrong: RankOne): void => {
    const run = runPatched(block, parameters, remaining, query, wrong, application);
    gatherer.control(name, run.preActivation, contextual.preActivation, bound);
  };
  const { p, v } = patch;
  const times = (x: Float64Array, factor: number): Float64Array => x.map((entry) => factor * entry);
  const squaredNorm = base.attention.reduce((sum, entry) => sum + entry * entry, 0);
  check('no patch', { p: times(p, 0), v });
  check('sign of δ', { p: times(p, -1), v });
  check('ε = 1e-8 in the denominator', { p, v: times(v, squaredNorm / (squaredNorm + 1e-8)) });
  check('divided by ‖a‖ instead of ‖a‖²', { p, v: times(v, Math.sqrt(squaredNorm)) });
  check('contextual vector as base', wrongBase(W1, contextual.attention, p));
}

/** p with v = a'/‖a'‖²: the base of the wrong run. */
function wrongBase(W1: Matrix, contextual: Float64Array, p: Float64Array): RankOne {
  return { p, v: patchWeight(W1, contextual, contextual).v };
}

/** Inputs outside the preconditions, each of which must be refused. */
function refusals(
  gatherer: RowGatherer,
  { block, parameters, context, query, removed }: RandomCase,
): void {
  const attempt = (changed: Partial<RandomCase>): void => {
    const each = { block, parameters, context, query, removed, ...changed };
    gatherer.refuse(() =>
      proveContextPatch(each.block, each.parameters, each.context, each.query, each.removed),
    );
  };
  const zero = (name: string): object => {
    const value = parameters[name];
    return value ? { [name]: matrix(value.rows, value.cols) } : {};
  };
  // Wo = 0 and bo = 0: the layer returns 0 whatever it reads.
  attempt({ parameters: { ...parameters, ...zero('layer.Wo'), ...zero('layer.bo') } });
  attempt({ query: query.map(() => NaN) });
  attempt({ removed: [context.rows] });
  attempt({ context: matrix(1, context.cols + 1), removed: [] });
}
