/**
 * Thought matrices (7.1, 7.2, 7.6): the regression by each route, its factorisation in fractions, and E_train up to
 * the rank; of a network in `thought-network.ts`.
 *
 * @module
 */
import {
  type Calibration,
  firstTokens,
  interpolationBound,
  meanRankOnePatch,
  normalEquations,
  proveThoughtMatrix,
  type RidgeMap,
  type RidgeRoute,
  residual,
  ridgeMap,
  thoughtMatrix,
} from '../../icl/index.ts';
import {
  DomainError,
  type Matrix,
  matrix,
  multiply,
  multiplyNT,
  pivotedQR,
  Random,
} from '../../linalg/index.ts';
import { normalMatrix } from './random-case.ts';
import { MOST_TRIALS_IN_FRACTIONS } from './rational.ts';
import { RowGatherer, type Verification } from './row.ts';
import { wholeNetwork } from './thought-network.ts';

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
