import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  compensatedDot,
  compensatedSum,
  twoProduct,
  twoSum,
} from '../../src/linalg/compensated.ts';
import { NonFiniteError, ShapeError } from '../../src/linalg/errors.ts';
import {
  absExact,
  addExact,
  compareExact,
  type Dyadic,
  exact,
  exactVector,
  multiplyExact,
  subtractExact,
  sumExact,
} from '../../src/linalg/exact.ts';
import { Random } from '../../src/linalg/random.ts';
import { leavesAlone, productsOf } from './cases.ts';
import { expectThrows } from './factorisation-cases.ts';

const RUNS = { numRuns: 3000, seed: 281 };
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const isZero = (x: Dyadic): boolean => x.numerator === 0n;
const times = (x: Dyadic, n: number): Dyadic => multiplyExact(x, exact(n));

/** A double of random digits with a random exponent from `low` to `high`. */
function wild(random: Random, low: number, high: number): number {
  const mantissa = (random.integer(2) * 2 - 1) * (1 + random.uniform());
  return mantissa * 2 ** (low + random.integer(high - low + 1));
}

/** |computed − s| ≤ u·|s| + γ_k²·Σ|t| + slack, exactly; with (k·u)²·(1 + 2⁻²⁰) for γ_k². */
function expectTwofold(k: number, computed: number, terms: readonly Dyadic[], slack: number): void {
  const sum = sumExact(terms);
  const error = absExact(subtractExact(exact(computed), sum));
  const quadratic = times(sumExact(terms.map(absExact)), k * k * 2 ** -106);
  const allowed = [times(absExact(sum), 2 ** -53), quadratic, times(quadratic, 2 ** -20)];
  const bound = addExact(sumExact(allowed), exact(slack));
  expect(compareExact(error, bound) <= 0).toBe(true);
}

test('twoSum is exact for any two doubles whose sum is finite', () => {
  fc.assert(
    fc.property(finite, finite, (x, y) => {
      if (!Number.isFinite(x + y)) return;
      const { value, error } = twoSum(x, y);
      expect(value).toBe(x + y);
      expect(
        isZero(subtractExact(addExact(exact(x), exact(y)), addExact(exact(value), exact(error)))),
      ).toBe(true);
    }),
    RUNS,
  );
  expect(twoSum(1, 2 ** -60)).toEqual({ value: 1, error: 2 ** -60 });
  expect(twoSum(2 ** -60, 1)).toEqual({ value: 1, error: 2 ** -60 });
});

test('twoProduct is exact from 2^-969 up, for operands up to 2^996, and off by 5 units below', () => {
  const random = new Random(282);
  for (let run = 0; run < 5000; run++) {
    const [x, y] =
      run % 2 === 0
        ? [wild(random, -480, 500), wild(random, -480, 500)]
        : [wild(random, -530, -520), wild(random, -560, -400)];
    const { value, error } = twoProduct(x, y);
    const left = subtractExact(
      multiplyExact(exact(x), exact(y)),
      addExact(exact(value), exact(error)),
    );
    expect(value).toBe(x * y);
    if (Math.abs(value) >= 2 ** -969) expect(isZero(left), `${x} ${y}`).toBe(true);
    else expect(compareExact(absExact(left), exact(5 * 2 ** -1074)) <= 0, `${x} ${y}`).toBe(true);
  }
  expect(twoProduct(134217729, 134217729)).toEqual({ value: 18014398777917440, error: 1 });
  expect(twoProduct(2 ** 995, 1.5).error).toBe(0);
});

test('a sum is as good as in twice the precision, in lanes of even and odd terms (derived)', () => {
  const random = new Random(283);
  for (let run = 0; run < 1500; run++) {
    const n = random.integer(24);
    const x = Float64Array.from({ length: n }, () => wild(random, -40, 40));
    // Half of the time the sum nearly cancels.
    if (n > 1 && run % 2 === 0) x[n - 1] = -x.subarray(0, n - 1).reduce((s, t) => s + t, 0);
    const computed = leavesAlone([x], () => compensatedSum(x));
    expectTwofold(Math.max(n, 1), computed, exactVector(x), 0);
  }
});

test('a dot product is as good as in twice the precision (derived), also near cancellation', () => {
  const random = new Random(284);
  for (let run = 0; run < 1500; run++) {
    const n = random.integer(24);
    const x = Float64Array.from({ length: n }, () => wild(random, -40, 40));
    const y = Float64Array.from({ length: n }, () => wild(random, -40, 40));
    if (n > 1 && run % 2 === 0) {
      const rest = x.subarray(0, n - 1).reduce((s, t, i) => s + t * y[i], 0);
      y[n - 1] = -rest / x[n - 1];
    }
    const computed = leavesAlone([x, y], () => compensatedDot(x, y));
    expectTwofold(n + 1, computed, productsOf(x, y), 5 * n * 2 ** -1074);
  }
});

test('by hand: what plain sums lose is kept, in every place', () => {
  expect(compensatedSum(Float64Array.of())).toBe(0);
  expect(compensatedSum(Float64Array.of(7))).toBe(7);
  expect(compensatedSum(Float64Array.of(1, 1e100, 1, -1e100))).toBe(2); // Neumaier's example
  expect(compensatedSum(Float64Array.of(1e100, 1, -1e100))).toBe(1);
  expect(compensatedSum(Float64Array.of(1, 1e16, -1e16))).toBe(1);
  for (let at = 0; at < 6; at++) {
    const x = new Float64Array(6).fill(2 ** -60);
    x[at] = 1;
    const y = Float64Array.of(...x, -1);
    expect(compensatedSum(y), `1 at ${at}`).toBe(5 * 2 ** -60);
  }
  expect(
    compensatedDot(Float64Array.of(2 ** 27 + 1, 1), Float64Array.of(2 ** 27 + 1, -(2 ** 54))),
  ).toBe(2 ** 28 + 1);
  expect(
    compensatedDot(
      Float64Array.of(1 + 2 ** -30, -1, 1e300),
      Float64Array.of(1 + 2 ** -30, 1 + 2 ** -29, 0),
    ),
  ).toBe(2 ** -60);
});

test('overflow, also of the splitting, wrong lengths and numbers that are not finite are refused', () => {
  const of = (...x: number[]): Float64Array => Float64Array.from(x);
  expectThrows([
    [
      () => twoSum(1e308, 1e308),
      NonFiniteError,
      'twoSum: finite arguments and results are required, got Infinity',
    ],
    [() => twoSum(Number.NaN, 1), NonFiniteError, 'twoSum: finite arguments'],
    [
      () => twoProduct(1e200, 1e200),
      NonFiniteError,
      'twoProduct: finite arguments and results are required, got Infinity',
    ],
    [() => twoProduct(2 ** 1000, 1), NonFiniteError, 'with error NaN'],
    [
      () => compensatedSum(of(1, Infinity)),
      NonFiniteError,
      'compensatedSum: x must be finite, got Infinity at entry 1',
    ],
    [
      () => compensatedSum(of(1e308, 0, 1e308)),
      NonFiniteError,
      'compensatedSum: finite arguments and results',
    ],
    [
      () => compensatedDot(of(1), of(1, 2)),
      ShapeError,
      'compensatedDot: x and y need as many entries, got 1 and 2',
    ],
    [
      () => compensatedDot(of(1), of(Number.NaN)),
      NonFiniteError,
      'compensatedDot: y must be finite',
    ],
    [
      () => compensatedDot(of(2 ** 1000), of(1)),
      NonFiniteError,
      'compensatedDot: finite arguments and results',
    ],
  ]);
});
