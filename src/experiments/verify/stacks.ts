/**
 * Networks (5.2–5.5): a patch for each block and token, in three modes; generation; one static change.
 *
 * @module
 */
import { eager, takeRows } from '../../autograd/index.ts';
import {
  generatePatched,
  logitsBound,
  type NetworkPatch,
  networkPatch,
  type PatchMode,
  residual,
  runNetwork,
  staticPatch,
  withStaticPatch,
} from '../../icl/index.ts';
import {
  conditionNumber,
  type Matrix,
  matrixFromRows,
  maxAbs,
  Random,
  UNIT_ROUNDOFF,
} from '../../linalg/index.ts';
import {
  type Block,
  type BlockRun,
  generate,
  gpt2Block,
  gptjBlock,
  initialise,
  languageModel,
  llamaBlock,
  type Network,
  NO_PATCH,
  network,
  type Parameters,
  prefixed,
} from '../../model/index.ts';
import { networkResiduals } from '../network-residuals.ts';
import { normalMatrix } from './random-case.ts';
import { RowGatherer, type Verification } from './row.ts';

const WIDTH = 8;
const SIZES = { width: WIDTH, heads: 2, hidden: 16 };

/** Blocks of three families in turn: a network need not be of one kind. */
const KINDS: readonly (() => Block)[] = [
  () => gpt2Block({ ...SIZES, activation: 'gelu' }),
  () => llamaBlock({ ...SIZES, kvHeads: 1 }),
  () => gptjBlock(SIZES),
];

const mixedNetwork = (depth: number): Network =>
  network(Array.from({ length: depth }, (_, l) => KINDS[l % KINDS.length]()));

/** A sequence and the tokens to keep: some of the interior, always the last. */
function randomSequence(random: Random): { X: Matrix; keep: number[] } {
  const X = normalMatrix(4 + random.integer(5), WIDTH, random);
  const keep = Array.from({ length: X.rows }, (_, t) => t).filter(
    (t) => t === X.rows - 1 || (t > 0 && random.integer(2) === 1),
  );
  return { X, keep };
}

/** What differs after each block against that block's own bound, as trials. */
function compare(
  gatherer: RowGatherer,
  net: Network,
  parameters: Parameters,
  keep: readonly number[],
  found: NetworkPatch,
): void {
  for (const each of networkResiduals(net, parameters, keep, found)) gatherer.trial(each);
}

function stackRow(mode: PatchMode, depth: number): Verification {
  const about = {
    theorem: '5.2',
    title: 'removing context from a network, a patch a block',
    layer: 'softmax',
    block: 'stack',
    variant: `${mode}, ${depth} blocks`,
  };
  return {
    ...about,
    run(trials, seed) {
      const random = new Random(seed, 15, depth, mode.length);
      const gatherer = new RowGatherer();
      const net = mixedNetwork(depth);
      for (let trial = 0; trial < Math.ceil(trials / depth); trial++) {
        const parameters = initialise(net.shapes, random);
        const { X, keep } = randomSequence(random);
        const found = networkPatch(net, parameters, X, keep, { mode });
        compare(gatherer, net, parameters, keep, found);
        const last = (runs: NetworkPatch['base']): Float64Array => {
          const final = runs[depth - 1];
          return final[final.length - 1].output;
        };
        const target = last(found.contextual);
        // A hundred times the error of one block: far below what a wrong set of patches misses by.
        const allowed = target.map(() => 1e-12 * Math.max(1, maxAbs(target)));
        gatherer.control('no patch', last(found.base), target, allowed);
        if (mode === 'last' && keep.length > 1 && depth > 1) {
          const misused = found.patches.map((layer) => keep.map(() => layer[keep.length - 1]));
          const wrong = runNetwork(net, parameters, eager.apply(takeRows(keep), X), keep, misused);
          gatherer.control('used everywhere', last(wrong), target, allowed);
        }
      }
      return gatherer.row(about);
    },
  };
}

const generation: Verification = {
  theorem: '5.3',
  title: 'generation without the prompt, token by token',
  layer: 'softmax',
  block: 'stack',
  variant: 'greedy, 4 tokens',
  run(trials, seed) {
    const random = new Random(seed, 16);
    const gatherer = new RowGatherer();
    const net = mixedNetwork(3);
    const model = languageModel({
      ...{ network: net, vocabulary: 11, learnedPositions: 16 },
      ...{ finalNorm: 'layer' as const, epsilon: 1e-5 },
    });
    for (let trial = 0; trial < Math.ceil(trials / 8); trial++) {
      const parameters = initialise(model.shapes, random);
      const ids = Array.from({ length: 6 }, () => random.integer(11));
      const whole = generate(model, parameters, ids, 4);
      const patched = generatePatched(model, parameters, ids, [5], 4);
      patched.steps.forEach((found, k) => {
        const keep = [5, ...Array.from({ length: k }, (_, j) => 6 + j)];
        compare(gatherer, net, parameters, keep, found);
        const newest = found.actual[2].length - 1;
        const runs = { base: found.actual[2][newest], contextual: found.contextual[2][5 + k] };
        const patch = found.patches[2][newest] ?? NO_PATCH;
        const allowed = logitsBound(model, parameters, runs, patch);
        gatherer.trial(residual(patched.logits[k], whole.logits[k], allowed));
        const base = found.base[2];
        const without = { rows: 1, cols: WIDTH, data: base[base.length - 1].output };
        const logits = model.logits(eager, parameters, without).data;
        gatherer.control('no patch', logits, whole.logits[k], allowed);
      });
      const differs = whole.ids.some((id, k) => id !== patched.ids[k]);
      gatherer.trial({ observed: 0, overBound: differs ? Number.NaN : 0 });
    }
    return gatherer.row(this);
  },
};

/**
 * What a static change may miss by: STATIC·u·(cond A + cond H')·(largest entry of the residual stream, at
 * least 1). Both solves are backward stable, so each meets its conditions to a multiple of u·cond; the
 * multiple, with the Lipschitz constants and sizes of such small blocks in it, is measured: at most 2.01
 * in 40 000 trials, and 8 times that is allowed.
 */
function staticLimit(bases: readonly BlockRun[], changed: readonly BlockRun[]): number {
  const condition = (rows: readonly Float64Array[]): number =>
    conditionNumber(matrixFromRows(rows));
  const conditions =
    condition(bases.map(({ input }) => input)) + condition(changed.map(({ hidden }) => hidden));
  const size = Math.max(1, ...changed.map(({ output }) => maxAbs(output)));
  return STATIC * UNIT_ROUNDOFF * conditions * size;
}

const STATIC = 16;

const staticChange: Verification = {
  theorem: '5.4',
  title: 'one static change, exact at several tokens',
  layer: 'softmax',
  block: 'stack',
  variant: 'three tokens',
  run(trials, seed) {
    const random = new Random(seed, 17);
    const gatherer = new RowGatherer();
    for (let trial = 0; trial < trials; trial++) {
      const block = KINDS[trial % 2]();
      const net = network([block]);
      const parameters = initialise(block.shapes, random);
      const X = normalMatrix(7, WIDTH, random);
      const keep = [4, 5, 6];
      const found = networkPatch(net, prefixed('blocks.0', parameters), X, keep);
      const targets = keep.map((t) => found.contextual[0][t]);
      const change = staticPatch(block, parameters, found.base[0], targets);
      const changed = prefixed('blocks.0', withStaticPatch(parameters, change));
      const [runs] = runNetwork(net, changed, eager.apply(takeRows(keep), X), keep);
      const right = together(targets);
      const limit = right.slice().fill(staticLimit(found.base[0], runs));
      gatherer.trial(residual(together(runs), right, limit));
      gatherer.control('no change', together(found.base[0]), right, limit);
      const one = staticPatch(block, parameters, found.base[0].slice(2), targets.slice(2));
      const narrow = prefixed('blocks.0', withStaticPatch(parameters, one));
      const [others] = runNetwork(net, narrow, eager.apply(takeRows(keep), X), keep);
      gatherer.control('the change for the last token', together(others), right, limit);
    }
    return gatherer.row(this);
  },
};

/** The outputs of all tokens, one after another. */
const together = (runs: readonly BlockRun[]): Float64Array =>
  Float64Array.from(runs.flatMap(({ output }) => Array.from(output)));

export const STACKS: readonly Verification[] = [
  stackRow('all', 3),
  stackRow('last', 3),
  stackRow('everywhere', 3),
  stackRow('everywhere', 32),
  generation,
  staticChange,
];
