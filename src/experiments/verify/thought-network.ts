/**
 * The layer-wise change of a network (7.5), where the fits are exact: each block's pre-activation and output.
 *
 * @module
 */
import {
  type CalibrationSequence,
  interpolationBound,
  residual,
  retainedOutputs,
  type ThoughtPatch,
  thoughtNetwork,
  thoughtTransform,
} from '../../icl/index.ts';
import {
  gamma,
  type Matrix,
  matrix,
  matrixFromRows,
  maxAbs,
  multiply,
  multiplyNT,
  Random,
  subtractMatrices,
  UNIT_ROUNDOFF,
} from '../../linalg/index.ts';
import {
  type Block,
  type BlockRun,
  gpt2Block,
  initialise,
  llamaBlock,
  mixtralBlock,
  network,
  type Parameters,
} from '../../model/index.ts';
import { normalMatrix } from './random-case.ts';
import { RowGatherer, type Verification } from './row.ts';

const WIDTH = 8;
const SIZES = { width: WIDTH, heads: 2, hidden: 16 };
const NETWORK = network([
  gpt2Block({ ...SIZES, activation: 'gelu' }),
  mixtralBlock({ ...SIZES, experts: 3, selected: 2 }),
  llamaBlock({ ...SIZES, kvHeads: 1 }),
]);

/** Two sequences, each with its own removed tokens: at most five tokens stay, which are independent. */
function randomSequences(random: Random): CalibrationSequence[] {
  return [2, 3].map((most) => {
    const sequence = normalMatrix(4 + random.integer(4), WIDTH, random);
    const count = 1 + random.integer(most);
    const keep = Array.from({ length: count }, (_, i) => sequence.rows - count + i);
    return { sequence, keep };
  });
}

const rowsOf = (runs: readonly BlockRun[], what: (run: BlockRun) => Float64Array): Matrix =>
  matrixFromRows(runs.map(what));

/** |X|·|W|ᵀ, by rows. */
function sizes(X: Matrix, W: Matrix): Matrix {
  const [x, w] = [X, W].map(({ rows, cols, data }) => matrix(rows, cols, data.map(Math.abs)));
  return multiplyNT(x, w);
}

/**
 * What W·(I + D)·z may miss W·z' by, D having been fitted to z' − z: |W|·(miss of the fit), and for the products, the
 * sums and z' − z itself γ_{2d+4}·|W|·(|z| + |z'| + |D||z|) + 4u·(the largest of the outputs).
 */
function inputLimit(
  W: Matrix,
  D: Matrix,
  Z: Matrix,
  target: Matrix,
  largest: number,
): Float64Array {
  const miss = sizes(interpolationBound(Z, subtractMatrices(target, Z), D), W).data;
  const parts = [Z, target, sizes(Z, D)].map((each) => sizes(each, W).data);
  return miss.map((entry, i) => {
    const size = parts.reduce((sum, part) => sum + part[i], 0);
    return 1.001 * (entry + gamma(2 * W.cols + 4) * size + 4 * UNIT_ROUNDOFF * largest);
  });
}

/** The same at the sum: r + (W + E)·h against s', E having been fitted to what the unchanged block misses. */
function sumLimit(W: Matrix, E: Matrix, H: Matrix, largest: number): Float64Array {
  const miss = interpolationBound(H, multiplyNT(H, E), E).data;
  const parts = [W, E].map((each) => sizes(H, each).data);
  return miss.map((entry, i) => {
    const size = parts[0][i] + parts[1][i];
    return 1.001 * (entry + gamma(2 * W.cols + 4) * size + 8 * UNIT_ROUNDOFF * largest);
  });
}

/** The runs of one block at all retained tokens: changed without the context, and contextual. */
interface Pair {
  readonly patched: readonly BlockRun[];
  readonly right: readonly BlockRun[];
}

/** The pre-activations of a block, and wrong transforms. */
function judgeInputs(
  gatherer: RowGatherer,
  block: Block,
  own: Parameters,
  { transform }: ThoughtPatch,
  { patched, right }: Pair,
): void {
  const [{ weight, bias }] = block.feedForward.inputs;
  const [Z, target] = [patched, right].map((runs) => rowsOf(runs, ({ input }) => input));
  const W = own[`mlp.${weight}`];
  const [pre, wanted] = [patched, right].map((runs) =>
    rowsOf(runs, ({ preActivation }) => preActivation),
  );
  const limit = inputLimit(W, transform, Z, target, maxAbs(wanted.data));
  gatherer.trial(residual(pre.data, wanted.data, limit));
  const seen = (map: Matrix): Float64Array => {
    const shift = own[`mlp.${bias}`]?.data;
    const products = multiplyNT(Z, map);
    return products.data.map((entry, i) => entry + (shift?.[i % W.rows] ?? 0));
  };
  gatherer.control('no transform', seen(W), wanted.data, limit);
  // The difference taken before the norm: W·(r' − r) fitted to z.
  const [from, to] = [patched, right].map((runs) =>
    rowsOf(runs, ({ residual: r, sum: whole }) => r ?? whole),
  );
  const before = thoughtTransform(Z, subtractMatrices(to, from)).map;
  const wrong = multiply(W, before);
  const sum = matrix(
    W.rows,
    W.cols,
    W.data.map((entry, i) => entry + wrong.data[i]),
  );
  gatherer.control('W·(r′ − r) in place of W·(z′ − z)', seen(sum), wanted.data, limit);
}

/** The outputs of a block with one output map. */
function judgeSum(
  gatherer: RowGatherer,
  block: Block,
  own: Parameters,
  { weights }: ThoughtPatch,
  { patched, right }: Pair,
): { wanted: Float64Array; limit: Float64Array } {
  const [{ weight }] = block.feedForward.outputs;
  const H = rowsOf(patched, ({ hidden }) => hidden);
  const [out, goal] = [patched, right].map((runs) => rowsOf(runs, ({ output }) => output));
  const largest = Math.max(
    maxAbs(goal.data),
    ...patched.map((run) => maxAbs(run.residual ?? run.sum)),
  );
  const allowed = sumLimit(own[`mlp.${weight}`], weights[weight], H, largest);
  gatherer.trial(residual(out.data, goal.data, allowed));
  return { wanted: goal.data, limit: allowed };
}

export const wholeNetwork: Verification = {
  theorem: '7.5',
  title: 'an instruction in the weights, exact at no more tokens than the rank',
  layer: 'softmax',
  block: 'stack',
  variant: 'two sequences, 3 blocks',
  // Five statements a network: three pre-activations and two outputs.
  run(trials, seed) {
    const random = new Random(seed, 75);
    const gatherer = new RowGatherer();
    for (let trial = 0; trial < Math.ceil(trials / 6); trial++) {
      const parameters = initialise(NETWORK.shapes, random);
      const sequences = randomSequences(random);
      const found = thoughtNetwork(NETWORK, parameters, sequences);
      NETWORK.blocks.forEach((block, l) => {
        const runs = {
          patched: found.patched.flatMap((each) => each[l]),
          right: found.contextual.flatMap((each, s) => sequences[s].keep.map((t) => each[l][t])),
        };
        const own = NETWORK.own(parameters, l);
        judgeInputs(gatherer, block, own, found.changes[l], runs);
        if (block.feedForward.outputs.length > 1) return; // the sum over experts has no single matrix
        const { wanted, limit } = judgeSum(gatherer, block, own, found.changes[l], runs);
        if (l < NETWORK.blocks.length - 1) return;
        const without = sequences.map((each) =>
          retainedOutputs(NETWORK, parameters, each, 'without'),
        );
        const base = Float64Array.from(without.flatMap(({ data }) => Array.from(data)));
        gatherer.control('no change', base, wanted, limit);
      });
    }
    return gatherer.row(this);
  },
};
