/**
 * Patches of blocks (1.2, 1.3, 1.6, 2.1–2.6): patched without Y against the whole context, for every
 * wiring and every variant.
 *
 * @module
 */
import {
  type Application,
  blockBounds,
  type CommonVariant,
  exactErrorOverBound,
  type PatchProof,
  type Positions,
  proveContextPatch,
  runPatched,
  VARIANTS,
} from '../../icl/index.ts';
import {
  matrixVector,
  norm,
  Random,
  type RankOne,
  subtract,
  vectorPseudoinverse,
} from '../../linalg/index.ts';
import { type BlockPatch, NO_PATCH, WIRINGS, type WiringName } from '../../model/index.ts';
import { type RandomCase, randomCase } from './random-case.ts';
import { refusals } from './refusals.ts';
import { RowGatherer, type Verification } from './row.ts';

/** The section that states the default patch of a wiring. */
const SECTION: Readonly<Record<WiringName, string>> = {
  plain: '1.2',
  'v1-skip': '2.1',
  residual: '2.2',
  'pre-ln': '2.3',
  'post-ln': '2.4',
};

/** … and the one that states a variant. */
const VARIANT_SECTION: Readonly<Record<Exclude<CommonVariant, 'default'>, string>> = {
  w1w2: '2.6',
  w2only: '2.6',
  bias: '1.6',
  joint: '1.3',
};

const TITLE: Readonly<Record<CommonVariant, string>> = {
  default: 'removing context = adding ΔW',
  w1w2: 'the residual shift in W2 instead of b2',
  w2only: 'everything in W2',
  bias: 'everything in the biases',
  joint: 'shared between weight and bias',
};

const WIRING_NAMES = Object.keys(WIRINGS) as WiringName[];

/** Every wiring in every variant, once factored and once added into the matrices. */
export const BLOCK_PATCHES: readonly Verification[] = WIRING_NAMES.flatMap((wiring) => [
  blockPatches(wiring, 'default', 'factored'),
  blockPatches(wiring, 'default', 'dense'),
  ...VARIANTS.filter((variant) => variant !== 'default')
    // Without a residual connection there is nothing for W2 to take: w1w2 is default.
    .filter((variant) => !(wiring === 'plain' && variant === 'w1w2'))
    .flatMap((variant) => [
      blockPatches(wiring, variant, 'factored'),
      blockPatches(wiring, variant, 'dense'),
    ]),
]);

function blockPatches(
  wiring: WiringName,
  variant: CommonVariant,
  application: Application,
): Verification {
  const about = {
    theorem: variant === 'default' ? SECTION[wiring] : VARIANT_SECTION[variant],
    title: TITLE[variant],
    layer: 'softmax',
    block: wiring,
    variant: variant === 'default' ? application : `${variant} ${application}`,
  };
  return {
    ...about,
    run(trials, seed) {
      const random = new Random(seed, 12, WIRING_NAMES.indexOf(wiring), VARIANTS.indexOf(variant));
      const gatherer = new RowGatherer();
      for (let trial = 0; trial < trials; trial++) {
        const each = randomCase(random, wiring);
        const { block, parameters, context, query } = each;
        // Every fourth trial removes everything, as the corollary does.
        const removed: Positions = trial % 4 === 0 ? 'all' : each.removed;
        const options = { removed, variant, application };
        // A rectifier can be off everywhere: W2 then has nothing to hold on to, and must say so.
        const proof = gatherer.attempt(() =>
          proveContextPatch(block, parameters, context, query, options),
        );
        if (!proof) continue;
        const { output, preActivation } = proof;
        if (output.bound === Infinity) {
          // The hidden vector is no larger than its own error bound: nothing is proved of it.
          gatherer.unbounded();
          continue;
        }
        gatherer.trial({
          observed: Math.max(output.observed, preActivation?.observed ?? 0),
          overBound: Math.max(output.overBound, preActivation?.overBound ?? 0),
        });
        if (variant === 'default') {
          const { W1: update } = proof.patch.weights;
          gatherer.exactError(
            exactErrorOverBound(
              parameters['mlp.W1'],
              proof.base.input,
              proof.contextual.input,
              update,
              application,
            ),
          );
        }
        controls(gatherer, each, proof, variant, application);
        if (variant === 'default') refusals(gatherer, each);
      }
      return gatherer.row(about);
    },
  };
}

/**
 * Wrong patches, each of which must miss the contextual run where the right one meets it.
 *
 * They are tried where removing Y matters, ‖δ‖ ≥ ‖a‖/10 with ‖a‖ ≤ 30: where the context weighs
 * nothing a wrong patch is as good as none, and ε/‖a‖² is below all rounding for a long enough a.
 */
function controls(
  gatherer: RowGatherer,
  { block, parameters, query }: RandomCase,
  { patch, remaining, base, contextual }: PatchProof,
  variant: CommonVariant,
  application: Application,
): void {
  if (!matters(base.input, contextual.input) || norm(base.input) > 30) return;
  const runs = { base, contextual };
  const bounds = blockBounds(block, parameters, runs, variant, application);
  const check = (name: string, at: 'preActivation' | 'output', wrong: BlockPatch): void => {
    const bound = bounds[at];
    if (!bound || (at === 'output' && !matters(base.output, contextual.output))) return;
    const run = runPatched(block, parameters, remaining, query, wrong, application);
    gatherer.control(name, run[at], contextual[at], bound);
  };
  check('no patch', variant === 'w2only' ? 'output' : 'preActivation', NO_PATCH);
  if (variant !== 'default') return;
  const W1 = parameters['mlp.W1'];
  const { p, v } = patch.weights.W1;
  const first = (name: string, update: RankOne): void =>
    check(name, 'preActivation', { weights: { W1: update }, biases: patch.biases });
  const squaredNorm = base.input.reduce((sum, entry) => sum + entry * entry, 0);
  first('sign of δ', { p: times(p, -1), v });
  first('ε = 1e-8 in the denominator', { p, v: times(v, squaredNorm / (squaredNorm + 1e-8)) });
  first('divided by ‖a‖ instead of ‖a‖²', { p, v: times(v, Math.sqrt(squaredNorm)) });
  first('contextual vector as base', { p, v: vectorPseudoinverse(contextual.input) });
  if (!base.residual || !contextual.residual) return;
  check('Δb2 forgotten', 'output', { weights: patch.weights, biases: {} });
  if (block.name !== 'pre-ln') return;
  const shift = subtract(contextual.residual, base.residual);
  first('one δ for both sites', { p: matrixVector(W1, shift), v });
  first('attention output as base', { p, v: vectorPseudoinverse(base.attention) });
}

const matters = (base: Float64Array, contextual: Float64Array): boolean =>
  norm(subtract(contextual, base)) >= norm(base) / 10;

const times = (x: Float64Array, factor: number): Float64Array => x.map((entry) => factor * entry);
