import { expect, test } from 'vitest';
import {
  add,
  addBias,
  column,
  layerNorm,
  linear,
  multiply,
  type Op,
  rmsNorm,
  scale,
  scaleRows,
  softmaxRows,
  topKRouting,
  weightRows,
} from '../../src/autograd/index.ts';
import { type Enclosure, enclosing, exactly } from '../../src/icl/enclosing.ts';
import {
  type PreciseMatrix,
  preciseEnclosing,
  preciseOf,
} from '../../src/icl/precise-enclosing.ts';
import {
  DegenerateBase,
  DomainError,
  type Matrix,
  matrix,
  Random,
} from '../../src/linalg/index.ts';
import { ACTIVATIONS } from '../../src/model/index.ts';
import { apart, atMost, type BigMatrix, big, bigOf } from '../support/big-evaluator.ts';
import { add as addBig } from '../support/big-float.ts';
import { exactly as bigExactly } from '../support/big-functions.ts';

const draw = (rows: number, cols: number, random: Random, scaleOf = 1): Matrix => {
  const x = matrix(rows, cols);
  for (let i = 0; i < x.data.length; i++) x.data[i] = scaleOf * random.normal();
  return x;
};

/** Operations with arguments; norms of rows that are not nearly constant, logits that are apart. */
const CASES: readonly (readonly [Op, (random: Random) => Matrix[]])[] = [
  ...Object.values(ACTIVATIONS).map(({ op }): [Op, (random: Random) => Matrix[]] => [
    op,
    (r) => [draw(2, 5, r, 4)],
  ]),
  [linear, (r) => [draw(2, 7, r), draw(3, 7, r)]],
  [add, (r) => [draw(2, 3, r), draw(2, 3, r)]],
  [addBias, (r) => [draw(2, 3, r), draw(1, 3, r)]],
  [multiply, (r) => [draw(2, 3, r), draw(2, 3, r)]],
  [scaleRows, (r) => [draw(2, 3, r), draw(1, 3, r)]],
  [weightRows, (r) => [draw(2, 3, r), draw(2, 1, r)]],
  [scale(-0.3), (r) => [draw(2, 3, r)]],
  [column(1), (r) => [draw(2, 3, r)]],
  [rmsNorm({ epsilon: 1e-5 }), (r) => [draw(2, 7, r), draw(1, 7, r)]],
  [rmsNorm({ epsilon: 1e-6, offset: 1 }), (r) => [draw(2, 7, r), draw(1, 7, r)]],
  [layerNorm({ epsilon: 1e-5 }), (r) => [draw(2, 7, r), draw(1, 7, r), draw(1, 7, r)]],
  [
    topKRouting(2),
    (r) => [
      matrix(
        1,
        4,
        Float64Array.from([0, 1, 2, 3], (x) => x - r.uniform()),
      ),
    ],
  ],
];

/** A point of each interval: at an end, or between. */
function pointIn(mid: Matrix, rad: Float64Array, random: Random): Matrix {
  const data = mid.data.map((x, i) => {
    const inside = x + (random.integer(3) - 1) * 0.999 * rad[i];
    return Math.abs(inside - x) <= rad[i] ? inside : x;
  });
  return matrix(mid.rows, mid.cols, data);
}

const isIn = ({ mid, rad }: Enclosure, exact: BigMatrix): boolean =>
  exact.flat().every((x, i) => atMost(apart(x, bigExactly(mid.data[i])), bigExactly(rad[i])));

const isNear = (found: PreciseMatrix, exact: BigMatrix): boolean =>
  found.flat().every(({ mid, rad }, i) => {
    const centre = addBig(bigExactly(mid.hi), bigExactly(mid.lo));
    return atMost(apart(exact.flat()[i], centre), bigExactly(rad));
  });

test.each(CASES.map(([op, make]) => [op.name, op, make] as const))(
  '%s: both enclosures hold the exact value, for points and for every point of intervals',
  (_name, op, make) => {
    const random = new Random(7);
    for (let trial = 0; trial < 60; trial++) {
      const args = make(random);
      const size = [0, 1e-15, 1e-6, 0.01][trial % 4];
      const rads = args.map(({ data }) => data.map(() => size * random.uniform()));
      const found = enclosing.apply(op, ...args.map((mid, i) => ({ mid, rad: rads[i] })));
      const precise = preciseEnclosing.apply(
        op,
        ...args.map(({ rows, cols, data }, a) =>
          Array.from({ length: rows }, (_, i) =>
            Array.from({ length: cols }, (_, j) => {
              const k = i * cols + j;
              return { mid: { hi: data[k], lo: 0 }, rad: rads[a][k] };
            }),
          ),
        ),
      );
      for (let points = 0; points < 4; points++) {
        const exact = big.apply(op, ...args.map((mid, i) => bigOf(pointIn(mid, rads[i], random))));
        expect(isIn(found, exact)).toBe(true);
        expect(isNear(precise, exact)).toBe(true);
      }
    }
  },
);

test.each(CASES.map(([op, make]) => [op.name, op, make] as const))(
  '%s of points: the enclosure is of the size of rounding',
  (_name, op, make) => {
    const args = make(new Random(8));
    const { mid, rad } = enclosing.apply(op, ...args.map(exactly));
    // 256 units of the largest number about: at most nine terms of size about 4 are added up.
    const most = 256 * 2 ** -53 * Math.max(1, ...mid.data.map(Math.abs));
    for (const entry of rad) expect(entry).toBeLessThanOrEqual(most);
    for (const { rad: sharp } of preciseEnclosing.apply(op, ...args.map(preciseOf)).flat()) {
      expect(sharp).toBeLessThanOrEqual(most);
    }
  },
);

test('experts that cannot be told apart, a divisor that may be 0 and unknown operations are refused', () => {
  const close = {
    mid: matrix(1, 3, Float64Array.of(1, 1.5, 2)),
    rad: Float64Array.of(0.3, 0.3, 0),
  };
  expect(() => enclosing.apply(topKRouting(2), close)).toThrow(DegenerateBase);
  const twins = preciseOf(matrix(1, 3, Float64Array.of(1, 2, 2)));
  expect(() => preciseEnclosing.apply(topKRouting(1), twins)).toThrow(DegenerateBase);
  // 5 ± 0.2 is the largest midpoint, and yet 4.8 may be the least of the three.
  const wide = [
    [5, 0.2],
    [4.95, 0],
    [4.9, 0],
  ].map(([hi, rad]) => ({ mid: { hi, lo: 0 }, rad }));
  expect(() => preciseEnclosing.apply(topKRouting(2), [wide])).toThrow(DegenerateBase);
  const zero = exactly(matrix(1, 3));
  const gain = exactly(matrix(1, 3, Float64Array.of(1, 1, 1)));
  expect(() => enclosing.apply(rmsNorm({ epsilon: 0 }), zero, gain)).toThrow(DomainError);
  expect(() =>
    preciseEnclosing.apply(rmsNorm({ epsilon: 0 }), preciseOf(zero.mid), preciseOf(gain.mid)),
  ).toThrow(DomainError);
  expect(() => enclosing.apply(softmaxRows, zero)).toThrow(/no rule for the operation softmaxRows/);
  expect(() => preciseEnclosing.apply(softmaxRows, twins)).toThrow(
    /no rule for the operation softmaxRows/,
  );
  for (const on of [
    () => enclosing.apply(rmsNorm({ epsilon: 1, groups: 3 }), zero, gain),
    () => preciseEnclosing.apply(rmsNorm({ epsilon: 1, groups: 3 }), twins, preciseOf(gain.mid)),
  ]) {
    expect(on).toThrow(/a norm of whole rows with a gain is required/);
  }
});
