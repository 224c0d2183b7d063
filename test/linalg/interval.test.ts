import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DomainError, NonFiniteError, ShapeError } from '../../src/linalg/errors.ts';
import {
  addExact,
  type Dyadic,
  dyadicToNumber,
  exact,
  multiplyExact,
  subtractExact,
  sumExact,
} from '../../src/linalg/exact.ts';
import {
  addIntervals,
  contains,
  dotInterval,
  expInterval,
  type Interval,
  type IntervalVector,
  intersects,
  interval,
  matrixVectorInterval,
  multiplyIntervals,
  pointMatrix,
  pointVector,
  softmaxInterval,
  subtractIntervals,
} from '../../src/linalg/interval.ts';
import { matrix, matrixFromRows } from '../../src/linalg/matrix.ts';
import { bigExp } from '../support/big-functions.ts';
import { leavesAlone } from './cases.ts';
import { expectThrows } from './factorisation-cases.ts';

const RUNS = { numRuns: 1500, seed: 301 };
const double = (size: number) => fc.double({ min: -size, max: size, noNaN: true });
const radius = fc.oneof(
  fc.constant(0),
  fc.constant(5e-324),
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.integer({ min: -1000, max: 20 }).map((e) => 2 ** e),
);
const entry = fc.oneof(double(1e6), double(1e150), double(1e-150), double(1e-300), fc.constant(0));
const anInterval = fc.tuple(entry, radius).map(([mid, rad]) => interval(mid, rad));
/** Where in an interval: both ends, the middle, and anywhere. */
const place = fc.oneof(fc.constantFrom(-1, 1, 0), double(1));

/** mid + t·rad, exactly. */
const pointOf = ({ mid, rad }: Interval, t: number): Dyadic =>
  addExact(exact(mid), multiplyExact(exact(t), exact(rad)));

const vectorOf = (x: readonly Interval[]): IntervalVector => ({
  mid: Float64Array.from(x, ({ mid }) => mid),
  rad: Float64Array.from(x, ({ rad }) => rad),
});

/** rad ≤ factor·needed + a few units of 2⁻¹⁰⁷⁴ for each of n terms. */
function expectNarrow(rad: number, needed: number, factor: number, n: number): void {
  expect(rad <= factor * needed + (8 * n + 40) * 5e-324, `${rad} for ${needed}`).toBe(true);
}

test('a sum, a difference and a product contain every exact result, and are not wider than that', () => {
  fc.assert(
    fc.property(anInterval, anInterval, place, place, (x, y, s, t) => {
      const [p, q] = [pointOf(x, s), pointOf(y, t)];
      const u = 2 ** -53;
      const sum = addIntervals(x, y);
      expect(contains(sum, addExact(p, q))).toBe(true);
      expectNarrow(sum.rad, x.rad + y.rad + u * Math.abs(sum.mid), 1 + 2 ** -48, 1);
      const difference = subtractIntervals(x, y);
      expect(contains(difference, subtractExact(p, q))).toBe(true);
      expectNarrow(difference.rad, x.rad + y.rad + u * Math.abs(difference.mid), 1 + 2 ** -48, 1);
      const [a, b] = [Math.abs(x.mid), Math.abs(y.mid)];
      if (!(a * b < 1e300)) return;
      const product = multiplyIntervals(x, y);
      expect(contains(product, multiplyExact(p, q))).toBe(true);
      expectNarrow(product.rad, a * y.rad + x.rad * (b + y.rad) + u * (a * b), 1 + 2 ** -48, 1);
    }),
    RUNS,
  );
});

test('fl(a′ − a) has the radius u·|fl(a′ − a)|, up to rounding', () => {
  const { mid, rad } = subtractIntervals(interval(1), interval(1 / 3));
  expect(mid).toBe(1 - 1 / 3);
  expect(rad >= 2 ** -53 * mid && rad <= 2 ** -53 * mid * (1 + 2 ** -48)).toBe(true);
});

test('a dot product contains every exact result; the radius is the stated one', () => {
  const pairs = fc.array(fc.tuple(anInterval, anInterval, place, place), { maxLength: 9 });
  fc.assert(
    fc.property(pairs, (drawn) => {
      const x = vectorOf(drawn.map(([xi]) => xi));
      const y = vectorOf(drawn.map(([, yi]) => yi));
      const sizes = x.mid.map((t, i) => (Math.abs(t) + x.rad[i]) * (Math.abs(y.mid[i]) + y.rad[i]));
      if (!(Math.max(0, ...sizes) < 1e300)) return;
      const result = leavesAlone([x.mid, x.rad, y.mid, y.rad], () => dotInterval(x, y));
      const truth = sumExact(
        drawn.map(([xi, yi, s, t]) => multiplyExact(pointOf(xi, s), pointOf(yi, t))),
      );
      expect(contains(result, truth)).toBe(true);
      const n = drawn.length;
      const needed = drawn.reduce((sum, [xi, yi]) => {
        const [a, b] = [Math.abs(xi.mid), Math.abs(yi.mid)];
        return sum + n * 2 ** -53 * (a * b) + a * yi.rad + xi.rad * (b + yi.rad);
      }, 0);
      expectNarrow(result.rad, needed, 1 + 2 ** -46, n);
      const W = { mid: matrix(1, n, x.mid), rad: matrix(1, n, x.rad) };
      const row = matrixVectorInterval(W, y);
      expect([row.mid[0], row.rad[0]]).toEqual([result.mid, result.rad]);
    }),
    RUNS,
  );
});

test('underflow of every product is inside the radius, which needs more than n units of 2^-1074', () => {
  // |x|·|y|, |x|·rad_y and rad_x·(|y| + rad_y) are each just below 2⁻¹⁰⁷⁵ and round to 0: 1.5n units.
  const t = 0.99 * 2 ** -537.5;
  const fill = (entry: number): Float64Array => new Float64Array(40).fill(entry);
  const ends = multiplyExact(pointOf({ mid: t, rad: t / 2 }, 1), pointOf({ mid: t, rad: t }, 1));
  const all = dotInterval({ mid: fill(t), rad: fill(t / 2) }, { mid: fill(t), rad: fill(t) });
  expect(all.mid).toBe(0);
  expect(contains(all, sumExact(Array.from({ length: 40 }, () => ends)))).toBe(true);
});

test('tiny products are enclosed', () => {
  const tiny = pointVector(new Float64Array(9).fill(1.5 * 2 ** -538));
  const products = Array.from({ length: 9 }, () =>
    multiplyExact(exact(tiny.mid[0]), exact(tiny.mid[0])),
  );
  expect(contains(dotInterval(tiny, tiny), sumExact(products))).toBe(true);
  const x = { mid: tiny.mid, rad: new Float64Array(9).fill(0.9 * 2 ** -538) };
  const end = pointOf({ mid: x.mid[0], rad: x.rad[0] }, 1);
  const ends = Array.from({ length: 9 }, () => multiplyExact(end, end));
  expect(contains(dotInterval(x, x), sumExact(ends))).toBe(true);
  expect(
    contains(multiplyIntervals(interval(2 ** -540), interval(2 ** -540)), {
      numerator: 1n,
      exponent: -1080,
    }),
  ).toBe(true);
});

test('an exponential contains exp of both ends and between, and is at most 2% + 8u too wide', () => {
  const scores = fc.oneof(double(20), fc.double({ min: -760, max: 300, noNaN: true }));
  const radii = fc.oneof(
    fc.constant(0),
    fc.double({ min: 0, max: 3, noNaN: true }),
    fc.integer({ min: -80, max: 6 }).map((e) => 2 ** e),
  );
  fc.assert(
    fc.property(scores, radii, place, (mid, rad, t) => {
      const result = expInterval(interval(mid, rad));
      // A double inside the interval; the ends themselves where they are doubles.
      const inside = mid + t * rad;
      if (!contains(interval(mid, rad), inside)) return;
      const { mantissa, exponent } = bigExp(inside);
      expect(contains(result, { numerator: mantissa, exponent })).toBe(true);
      const needed = result.mid * (Math.expm1(rad) + 4 * 2 ** -53);
      expectNarrow(result.rad, needed, 1.02, Math.exp(rad));
    }),
    RUNS,
  );
  expect(contains(expInterval(interval(0)), 1)).toBe(true);
  expect(contains(expInterval(interval(-1000)), { numerator: 1n, exponent: -1442 })).toBe(true); // e^−1000 ≈ 2^−1442.7
});

/** softmax of doubles, to 2⁻¹⁹⁰. */
function exactSoftmax(x: readonly number[]): Dyadic[] {
  const weights = x
    .map((t) => bigExp(t))
    .map(({ mantissa, exponent }) => ({ numerator: mantissa, exponent }));
  const total = sumExact(weights);
  return weights.map(({ numerator, exponent }) => {
    // Both shifts make the quotient an integer of at least 300 bits, unless it is below 2⁻¹³⁰⁰.
    const shift = 1600n + BigInt(exponent - total.exponent);
    return { numerator: (numerator << shift) / total.numerator, exponent: -1600 };
  });
}

test('a softmax contains every exact result, for radii of any size, spread and masked-out scores', () => {
  const spread = fc.constantFrom(1, 30, 700);
  const radii = fc.constantFrom(0, 1e-12, 1e-3, 0.5, 2);
  const draws = fc.array(fc.tuple(double(1), place, fc.double({ min: 0, max: 1, noNaN: true })), {
    minLength: 1,
    maxLength: 12,
  });
  fc.assert(
    fc.property(draws, spread, radii, (drawn, factor, size) => {
      const x = {
        mid: Float64Array.from(drawn, ([t]) => t * factor),
        rad: Float64Array.from(drawn, ([, , r]) => r * size),
      };
      const result = leavesAlone([x.mid, x.rad], () => softmaxInterval(x));
      const inside = drawn.map(([, t], i) => x.mid[i] + t * x.rad[i]);
      if (!inside.every((t, i) => contains(interval(x.mid[i], x.rad[i]), t))) return;
      exactSoftmax(inside).forEach((p, i) => {
        const enclosure = { mid: result.mid[i], rad: result.rad[i] };
        expect(contains(enclosure, p), `${i}: ${dyadicToNumber(p)}`).toBe(true);
      });
      // Not absurdly wide: theory.md 9.7's first-order radius, with the rounding of x − max.
      if (size > 1e-3) return;
      const largest = Math.max(...x.mid);
      const R = x.rad.map((r, i) => r + 2 ** -53 * (largest - x.mid[i]));
      const mean = R.reduce((sum, r, i) => sum + r * result.mid[i], 0);
      const n = drawn.length;
      result.rad.forEach((rad, i) => {
        const needed = result.mid[i] * (R[i] + mean + (n + 6) * 2 ** -53);
        expectNarrow(rad, needed, 2.01, n);
      });
    }),
    RUNS,
  );
});

test('scores far apart: the rounding of x − max is inside, which gamma_{n+6} alone is not', () => {
  const x = Float64Array.of(0.1, -39.7);
  const { mid, rad } = softmaxInterval(pointVector(x));
  const [, p] = exactSoftmax(Array.from(x));
  expect(contains({ mid: mid[1], rad: rad[1] }, p)).toBe(true);
  expect(rad[1] / mid[1] > 39 * 2 ** -53).toBe(true);
});

test('contains and intersects decide exactly, also between neighbouring doubles', () => {
  const x = interval(1, 2 ** -60);
  expect(contains(x, 1)).toBe(true);
  expect(contains(x, 1 + 2 ** -52)).toBe(false);
  expect(contains(x, { numerator: 2n ** 60n + 1n, exponent: -60 })).toBe(true);
  expect(contains(x, { numerator: 2n ** 61n + 3n, exponent: -61 })).toBe(false);
  expect(contains(x, { numerator: 2n ** 60n - 1n, exponent: -60 })).toBe(true);
  expect(contains(interval(0, 5e-324), -5e-324)).toBe(true);
  expect(contains(interval(0, 0), 5e-324)).toBe(false);
  const next = 1 + 2 ** -52;
  expect(intersects(interval(1, 2 ** -53), interval(next, 2 ** -53))).toBe(true);
  expect(intersects(interval(next, 2 ** -53), interval(1, 2 ** -53 - 2 ** -106))).toBe(false);
  expect(intersects(interval(-1, 3), interval(1, 0))).toBe(true);
});

test('by hand: [1, 3]·[2, 4] is inside 6 ± 5, and integers times points', () => {
  const product = multiplyIntervals(interval(2, 1), interval(3, 1));
  expect(product.mid).toBe(6);
  expect(product.rad >= 6 && product.rad <= 6 * (1 + 2 ** -48)).toBe(true); // 2·1 + 1·(3 + 1)
  const y = matrixVectorInterval(
    pointMatrix(
      matrixFromRows([
        [1, 2],
        [3, 4],
      ]),
    ),
    {
      mid: Float64Array.of(5, 6),
      rad: Float64Array.of(0.5, 0),
    },
  );
  expect(Array.from(y.mid)).toEqual([17, 39]);
  expect(y.rad[0] >= 0.5 && y.rad[0] <= 0.5 + 1e-14).toBe(true);
  expect(y.rad[1] >= 1.5 && y.rad[1] <= 1.5 + 1e-13).toBe(true);
  expect(dotInterval(pointVector(new Float64Array(0)), pointVector(new Float64Array(0)))).toEqual({
    mid: 0,
    rad: 0,
  });
});

test('negative radii, numbers that are not finite, overflow and wrong shapes are refused', () => {
  const v = (mid: number[], rad: number[] = mid.map(() => 0)): IntervalVector => ({
    mid: Float64Array.from(mid),
    rad: Float64Array.from(rad),
  });
  const large = interval(1.7e308);
  expectThrows([
    [() => interval(1, -1e-9), DomainError, 'interval: the radius must be at least 0, got -1e-9'],
    [
      () => interval(1, Number.NaN),
      NonFiniteError,
      'interval: midpoint and radius must be finite, got 1 and NaN',
    ],
    [() => interval(Infinity), NonFiniteError, 'got Infinity and 0'],
    [
      () => addIntervals(large, large),
      NonFiniteError,
      'addIntervals: midpoint and radius must be finite',
    ],
    [
      () => subtractIntervals(interval(-1.7e308), large),
      NonFiniteError,
      'subtractIntervals: midpoint',
    ],
    [() => multiplyIntervals(large, large), NonFiniteError, 'multiplyIntervals: midpoint'],
    [
      () => dotInterval(v([1]), v([1, 2])),
      ShapeError,
      'dotInterval: midpoints and radii must be 1 in number, got 2 and 2',
    ],
    [
      () => dotInterval(v([1], [-1]), v([1])),
      DomainError,
      'dotInterval: radii must be at least 0, got -1',
    ],
    [
      () => dotInterval(v([Number.NaN]), v([1])),
      NonFiniteError,
      'dotInterval: a midpoint must be finite',
    ],
    [
      () => dotInterval(v([1], [Infinity]), v([1])),
      NonFiniteError,
      'dotInterval: a radius must be finite',
    ],
    [() => dotInterval(v([1e200]), v([1e200])), NonFiniteError, 'dotInterval: midpoint and radius'],
    [
      () => matrixVectorInterval({ mid: matrix(1, 2), rad: matrix(2, 1) }, v([1, 2])),
      ShapeError,
      'need one shape, got 1x2 and 2x1',
    ],
    [
      () => matrixVectorInterval(pointMatrix(matrix(1, 2)), v([1])),
      ShapeError,
      'must be 2 in number, got 1',
    ],
    [
      () => expInterval(interval(710)),
      NonFiniteError,
      'expInterval: midpoint and radius must be finite, got Inf',
    ],
    [() => expInterval(interval(700, 100)), NonFiniteError, 'expInterval: midpoint'],
    [
      () => softmaxInterval(v([])),
      ShapeError,
      'softmaxInterval: at least one score is required, got 0',
    ],
    [
      () => softmaxInterval(v([0, -Infinity])),
      NonFiniteError,
      'softmaxInterval: a midpoint must be finite',
    ],
    [() => softmaxInterval(v([0], [800])), NonFiniteError, 'softmaxInterval: midpoint and radius'],
    [
      () => pointVector(Float64Array.of(Number.NaN)),
      NonFiniteError,
      'pointVector: x must be finite',
    ],
  ]);
});
