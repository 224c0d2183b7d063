import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NonFiniteError } from '../../src/linalg/errors.ts';
import {
  absExact,
  addExact,
  compareExact,
  type Dyadic,
  dotExact,
  dyadicToNumber,
  exact,
  exactVector,
  multiplyExact,
  quotientOfExact,
  subtractExact,
  sumExact,
  ZERO,
} from '../../src/linalg/exact.ts';
import { assertSameBits } from '../support/same-bits.ts';

const RUNS = { numRuns: 1500, seed: 131 };
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const EDGES = [0, 1, -1, 3, 5e-324, 2 ** -1022, 2 ** -1022 - 5e-324, 1 / 3, -Number.MAX_VALUE];

/** x·2¹⁰⁷⁴ for a finite double, by exact scaling and BigInt's own conversion. */
function units(x: number): bigint {
  if (Number.isInteger(x)) return BigInt(x) << 1074n;
  if (Math.abs(x) >= 2 ** -400) return BigInt(x * 2 ** 452) << 622n; // below 2⁵²; ulp ≥ 2⁻⁴⁵²
  return BigInt(x * 2 ** 537 * 2 ** 537);
}

/** The value in units of 2^−2148, of which every product of two doubles is a whole number. */
const unitsOf = ({ numerator, exponent }: Dyadic): bigint => {
  expect(exponent).toBeGreaterThanOrEqual(-2148);
  return numerator << BigInt(exponent + 2148);
};

test('exact is the double, for every kind of double, and refuses what is not finite', () => {
  for (const x of EDGES) expect(unitsOf(exact(x)), `${x}`).toBe(units(x) << 1074n);
  expect(unitsOf(exact(-0))).toBe(0n);
  fc.assert(
    fc.property(finite, (x) => unitsOf(exact(x)) === units(x) << 1074n),
    RUNS,
  );
  for (const x of [Number.NaN, Infinity, -Infinity]) {
    expect(() => exact(x)).toThrow(NonFiniteError);
    expect(() => exactVector([1, x])).toThrow(`exact: a finite number is required, got ${x}`);
  }
});

test('a double survives the way to its exact value and back', () => {
  for (const x of EDGES) expect(dyadicToNumber(exact(x))).toBe(x);
  fc.assert(
    fc.property(finite, (x) => Object.is(dyadicToNumber(exact(x)), x + 0)), // exact has one zero
    RUNS,
  );
});

test('sums, differences, products and quotients, once rounded, are those of the processor', () => {
  // IEEE 754 fixes + − × ÷ as the exact result correctly rounded: an independent judge.
  const agree = (x: number, y: number): void => {
    const [X, Y] = [exact(x), exact(y)];
    const ours = [addExact(X, Y), subtractExact(X, Y), multiplyExact(X, Y)].map(dyadicToNumber);
    const theirs = [x + y, x - y, x * y];
    if (y !== 0) {
      ours.push(quotientOfExact(X, Y));
      theirs.push(x / y);
    }
    const zeroless = (values: number[]) => values.map((value) => value + 0); // −0 counts as 0
    assertSameBits(zeroless(ours), zeroless(theirs), `${x} and ${y}`);
  };
  for (const x of EDGES) for (const y of EDGES) agree(x, y);
  fc.assert(fc.property(finite, finite, agree), RUNS);
  // Near each other, so that the difference cancels and products sit in the subnormals.
  fc.assert(
    fc.property(finite, fc.double({ min: 0.9, max: 1.1, noNaN: true }), (x, f) => {
      const y = x * f;
      if (Number.isFinite(y)) agree(x, y);
    }),
    RUNS,
  );
  const small = fc.double({ min: -(2 ** -500), max: 2 ** -500, noNaN: true });
  fc.assert(
    fc.property(small, small, (x, y) => agree(x, y)),
    RUNS,
  );
});

test('sums and dot products of vectors lose nothing, whatever the order and the sizes', () => {
  const vector = fc.array(fc.tuple(finite, finite), { maxLength: 13 });
  fc.assert(
    fc.property(vector, (pairs) => {
      const [x, y] = [pairs.map(([first]) => first), pairs.map(([, second]) => second)];
      const add = (a: bigint, b: bigint): bigint => a + b;
      expect(unitsOf(sumExact(exactVector(x)))).toBe(x.map(units).reduce(add, 0n) << 1074n);
      expect(unitsOf(dotExact(exactVector(x), exactVector(y)))).toBe(
        x.map((xi, i) => units(xi) * units(y[i])).reduce(add, 0n),
      );
      const everythingTwice = [...exactVector(x), ...exactVector(x.map((t) => -t)).reverse()];
      expect(sumExact(everythingTwice).numerator).toBe(0n);
    }),
    { ...RUNS, numRuns: 1000 },
  );
  expect(compareExact(sumExact([]), ZERO)).toBe(0);
});

test('a sum may have more terms than a call may have arguments', () => {
  const terms = new Array<Dyadic>(300_000).fill(exact(0.25));
  expect(dyadicToNumber(sumExact(terms))).toBe(75_000);
});

test('comparison and magnitude agree with those of doubles', () => {
  const agree = (x: number, y: number): void => {
    expect(compareExact(exact(x), exact(y)), `${x} and ${y}`).toBe(x < y ? -1 : x > y ? 1 : 0);
    expect(dyadicToNumber(absExact(exact(x)))).toBe(Math.abs(x));
  };
  for (const x of EDGES) for (const y of EDGES) agree(x, y);
  fc.assert(fc.property(finite, finite, agree), RUNS);
  // The same value in two forms.
  expect(compareExact({ numerator: 3n, exponent: 5 }, { numerator: 96n, exponent: 0 })).toBe(0);
});
