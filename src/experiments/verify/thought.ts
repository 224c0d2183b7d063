/**
 * Thought matrices (7.1, 7.2, 7.5, 7.6): the regression by each route, its factorisation in fractions, a whole
 * network changed where the fits are exact, and the K curve.
 *
 * @module
 */
import {
  type Calibration,
  type CalibrationSequence,
  firstTokens,
  interpolationBound,
  meanRankOnePatch,
  normalEquations,
  proveThoughtMatrix,
  type RidgeMap,
  type RidgeRoute,
  residual,
  retainedOutputs,
  ridgeMap,
  thoughtMatrix,
  thoughtNetwork,
  thoughtTransform,
} from '../../icl/index.ts';
import {
  DomainError,
  gamma,
  type Matrix,
  matrix,
  matrixFromRows,
  maxAbs,
  multiply,
  multiplyNT,
  pivotedQR,
  Random,
  subtractMatrices,
  UNIT_ROUNDOFF,
} from '../../linalg/index.ts';
import {
  type BlockRun,
  gpt2Block,
  initialise,
  llamaBlock,
  mixtralBlock,
  network,
} from '../../model/index.ts';
import { normalMatrix } from './random-case.ts';
import { MOST_TRIALS_IN_FRACTIONS } from './rational.ts';
import { RowGatherer, type Verification } from './row.ts';

const ABOUT = { layer: null, block: null };

/** One W and random calibration tokens. */
function randomCalibration(random: Random) {
  const [d, m] = [2 + random.integer(7), 1 + random.integer(5)];
  const count = 2 + random.integer(14);
  const inputs = normalMatrix(count, d, random);
  return { W: normalMatrix(m, d, random), inputs, differences: normalMatrix(count, d, random) };
}

/** The bound of each row, entry by entry. */
const spread = ({ rows, cols }: Matrix, bound: Float64Array): Float64Array =>
  Float64Array.from({ length: rows * cols }, (_, i) => bound[Math.floor(i / cols)]);

function regression(route: RidgeRoute): Verification {
  const about = {
    ...ABOUT,
    theorem: '7.1',
    title: 'the thought matrix solves its normal equations',
    variant: route,
  };
  return {
    ...about,
    run(trials, seed) {
      const random = new Random(seed, 71, route.length);
      const gatherer = new RowGatherer();
      for (let trial = 0; trial < trials; trial++) {
        const { W, inputs, differences } = randomCalibration(random);
        const ridges = route === 'dual' ? [1e-3, 0.1, 1] : [0, 1e-3, 1];
        const ridge = ridges[random.integer(3)];
        const fit = thoughtMatrix(W, inputs, differences, { ridge, route });
        const targets = multiplyNT(differences, W);
        const judge = (map: Matrix, of: Pick<RidgeMap, 'ridge' | 'route' | 'rank'> = fit) => {
          const { residual: left, bound } = normalEquations(inputs, targets, { ...of, map });
          return {
            left: left.data,
            zero: new Float64Array(left.data.length),
            bound: spread(left, bound),
          };
        };
        const { left, zero, bound } = judge(fit.map);
        gatherer.trial(residual(left, zero, bound));
        const wrong = {
          'mean of the rank-one patches': meanRankOnePatch(W, inputs, differences),
          'a millionth too long': matrix(
            W.rows,
            W.cols,
            fit.map.data.map((x) => x * 1.000001),
          ),
          ...(ridge > 0 && {
            'twice the ridge': ridgeMap(inputs, targets, { ridge: 2 * ridge }).map,
          }),
        };
        for (const [name, map] of Object.entries(wrong)) {
          const off = judge(map);
          gatherer.control(name, off.left, off.zero, off.bound);
        }
        if (route === 'dual') {
          gatherer.refuse(DomainError, () => ridgeMap(inputs, targets, { ridge: 0, route }));
        }
      }
      return gatherer.row(about);
    },
  };
}

const factorisation: Verification = {
  ...ABOUT,
  theorem: '7.2',
  title: 'one transform for every map: Δ(I) = W·D*',
  variant: 'rational',
  run(trials, seed) {
    const random = new Random(seed, 72);
    const gatherer = new RowGatherer();
    for (let trial = 0; trial < Math.min(trials, MOST_TRIALS_IN_FRACTIONS); trial++) {
      const W = normalMatrix(2, 2, random);
      const [inputs, differences] = [normalMatrix(3, 2, random), normalMatrix(3, 2, random)];
      const ridge = [0, 1e-3, 1][random.integer(3)];
      const proof = proveThoughtMatrix(W, inputs, differences, ridge);
      gatherer.exactResidual(proof.residual);
      gatherer.trial({ observed: proof.residual === '0' ? 0 : NaN, overBound: null });
      // The transform of another W is the same; that of the outputs, W·D*, in place of W is not.
      const other = proveThoughtMatrix(normalMatrix(2, 2, random), inputs, differences, ridge);
      const same = other.transform.flat().every((entry, i) => {
        return entry.minus(proof.transform.flat()[i]).sign() === 0;
      });
      gatherer.exactResidual(same ? '0' : 'D* depends on W');
      const exact = Float64Array.from(proof.map.flat(), (entry) => entry.toNumber());
      const mean = meanRankOnePatch(W, inputs, differences);
      const zero = new Float64Array(exact.length);
      gatherer.control('mean of the rank-one patches', mean.data, exact, zero);
    }
    return gatherer.row(this);
  },
};

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

/** One run after another, through all sequences. */
const flat = (runs: readonly (readonly BlockRun[])[]): BlockRun[] => runs.flat();

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

const wholeNetwork: Verification = {
  theorem: '7.5',
  title: 'an instruction in the weights, exact at no more tokens than the rank',
  layer: 'softmax',
  block: 'stack',
  variant: 'two sequences, 3 blocks',
  run(trials, seed) {
    const random = new Random(seed, 75);
    const gatherer = new RowGatherer();
    for (let trial = 0; trial < Math.ceil(trials / 5); trial++) {
      const parameters = initialise(NETWORK.shapes, random);
      const sequences = randomSequences(random);
      const found = thoughtNetwork(NETWORK, parameters, sequences);
      NETWORK.blocks.forEach((block, l) => {
        const patched = flat(found.patched.map((runs) => runs[l]));
        const right = flat(
          found.contextual.map((runs, s) => sequences[s].keep.map((t) => runs[l][t])),
        );
        const own = NETWORK.own(parameters, l);
        const [{ weight, bias }] = block.feedForward.inputs;
        const { transform, weights } = found.changes[l];
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
          rowsOf(runs, ({ residual: r }) => r ?? Z.data),
        );
        const before = thoughtTransform(Z, subtractMatrices(to, from)).map;
        const wrong = multiply(W, before);
        const sum = matrix(
          W.rows,
          W.cols,
          W.data.map((entry, i) => entry + wrong.data[i]),
        );
        gatherer.control('W·(r′ − r) in place of W·(z′ − z)', seen(sum), wanted.data, limit);
        if (block.feedForward.outputs.length > 1) return;
        const [last] = block.feedForward.outputs;
        const H = rowsOf(patched, ({ hidden }) => hidden);
        const [out, goal] = [patched, right].map((runs) => rowsOf(runs, ({ output }) => output));
        const largest = Math.max(
          maxAbs(goal.data),
          ...patched.map((run) => maxAbs(run.residual ?? Z.data)),
        );
        const allowed = sumLimit(own[`mlp.${last.weight}`], weights[last.weight], H, largest);
        gatherer.trial(residual(out.data, goal.data, allowed));
        if (l < NETWORK.blocks.length - 1) return;
        const without = sequences.map((each) =>
          retainedOutputs(NETWORK, parameters, each, 'without'),
        );
        const base = Float64Array.from(without.flatMap(({ data }) => Array.from(data)));
        gatherer.control('no change', base, goal.data, allowed);
      });
    }
    return gatherer.row(this);
  },
};

/** Small integers, so that a product of two is exact and so is its rank. */
function integers(rows: number, cols: number, random: Random): Matrix {
  const data = Float64Array.from({ length: rows * cols }, () => random.integer(17) - 8);
  return matrix(rows, cols, data);
}

const interpolation: Verification = {
  ...ABOUT,
  theorem: '7.6',
  title: 'E_train = 0 up to the rank of the inputs',
  variant: 'rho = 0',
  run(trials, seed) {
    const random = new Random(seed, 76);
    const gatherer = new RowGatherer();
    for (let trial = 0; trial < trials; trial++) {
      const [d, r, m] = [4 + random.integer(5), 1 + random.integer(4), 1 + random.integer(4)];
      const W = normalMatrix(m, d, random);
      const all = dependentTokens(r, d, random);
      const judge = (K: number, factor = 1) => {
        const { inputs, differences } = firstTokens(all, K);
        const targets = multiplyNT(differences, W);
        const { map } = thoughtMatrix(W, inputs, differences);
        const changed = matrix(
          m,
          d,
          map.data.map((entry) => factor * entry),
        );
        const bound = interpolationBound(inputs, targets, map).data;
        return { got: multiplyNT(inputs, changed).data, wanted: targets.data, bound };
      };
      const count = 1 + random.integer(r);
      const { got, wanted, bound } = judge(count);
      gatherer.trial(residual(got, wanted, bound));
      for (const [name, wrong] of [
        ['one token more than the rank', judge(r + 1)],
        ['a millionth too long', judge(count, 1.000001)],
      ] as const) {
        gatherer.control(name, wrong.got, wrong.wanted, wrong.bound);
      }
    }
    return gatherer.row(this);
  },
};

/** r + 1 tokens in a space of r dimensions, the first r of them independent. */
function dependentTokens(r: number, d: number, random: Random): Calibration {
  const inputs = multiply(integers(r + 1, r, random), integers(r, d, random));
  const all = { inputs, differences: normalMatrix(r + 1, d, random) };
  // Small integers are dependent by chance now and then.
  const independent = pivotedQR(firstTokens(all, r).inputs).rank === r;
  return independent ? all : dependentTokens(r, d, random);
}

export const THOUGHT: readonly Verification[] = [
  regression('qr'),
  regression('dual'),
  regression('cholesky'),
  factorisation,
  wholeNetwork,
  interpolation,
];
