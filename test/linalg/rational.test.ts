import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DomainError, NonFiniteError } from '../../src/linalg/errors.ts';
import { RATIONAL_ZERO, Rational, rationalDot } from '../../src/linalg/rational.ts';

const RUNS = { numRuns: 1000, seed: 141 };
const integer = fc.oneof(
  fc.bigInt({ min: -12n, max: 12n }),
  fc.bigInt({ min: -(2n ** 90n), max: 2n ** 90n }),
);
const nonZero = integer.filter((n) => n !== 0n);
const rational = fc.tuple(integer, nonZero).map(([n, d]) => new Rational(n, d));
const unit = rational.filter((x) => x.sign() !== 0);
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const ONE = new Rational(1n);

/** x = n/d as fractions of integers, by cross-multiplication. */
const is = (x: Rational, n: bigint, d: bigint): boolean => x.numerator * d === n * x.denominator;

test('a fraction is kept reduced, with a positive denominator, and is the same number', () => {
  fc.assert(
    fc.property(integer, nonZero, nonZero, (n, d, factor) => {
      const x = new Rational(n * factor, d * factor);
      expect(is(x, n, d)).toBe(true);
      expect(x.denominator > 0n).toBe(true);
      // No common divisor: Bézout's identity, found by the extended algorithm.
      let [a, b, s, t] = [x.numerator, x.denominator, 1n, 0n];
      while (b !== 0n) [a, b, s, t] = [b, a % b, t, s - (a / b) * t];
      expect(a === 1n || a === -1n).toBe(true);
      expect(x.equals(new Rational(-n, -d))).toBe(true);
    }),
    RUNS,
  );
  expect(new Rational(0n, -7n)).toEqual(new Rational(0n, 1n));
});

test('a denominator of 0 is refused, in a constructor and in a division', () => {
  for (const call of [
    () => new Rational(3n, 0n),
    () => new Rational(0n, 0n),
    () => ONE.over(RATIONAL_ZERO),
  ]) {
    expect(call).toThrow(DomainError);
    expect(call).toThrow(RangeError);
    expect(call).toThrow('Rational: the denominator must not be 0, got 0');
  }
});

test('the four operations are those of fractions', () => {
  fc.assert(
    fc.property(integer, nonZero, integer, nonZero, (a, b, c, d) => {
      const [x, y] = [new Rational(a, b), new Rational(c, d)];
      expect(is(x.plus(y), a * d + c * b, b * d)).toBe(true);
      expect(is(x.minus(y), a * d - c * b, b * d)).toBe(true);
      expect(is(x.times(y), a * c, b * d)).toBe(true);
      if (c !== 0n) expect(is(x.over(y), a * d, b * c)).toBe(true);
      expect([x, y].map((z) => [z.numerator, z.denominator])).toEqual(
        [new Rational(a, b), new Rational(c, d)].map((z) => [z.numerator, z.denominator]),
      );
    }),
    RUNS,
  );
});

test('the axioms of a field hold exactly', () => {
  fc.assert(
    fc.property(rational, rational, rational, (x, y, z) => {
      expect(x.plus(y).equals(y.plus(x))).toBe(true);
      expect(x.times(y).equals(y.times(x))).toBe(true);
      expect(
        x
          .plus(y)
          .plus(z)
          .equals(x.plus(y.plus(z))),
      ).toBe(true);
      expect(
        x
          .times(y)
          .times(z)
          .equals(x.times(y.times(z))),
      ).toBe(true);
      expect(x.times(y.plus(z)).equals(x.times(y).plus(x.times(z)))).toBe(true);
      expect(x.plus(RATIONAL_ZERO).equals(x)).toBe(true);
      expect(x.times(ONE).equals(x)).toBe(true);
      expect(x.minus(x).equals(RATIONAL_ZERO)).toBe(true);
      expect(x.minus(y).plus(y).equals(x)).toBe(true);
    }),
    RUNS,
  );
  fc.assert(
    fc.property(rational, unit, (x, y) => {
      expect(y.over(y).equals(ONE)).toBe(true);
      expect(x.over(y).times(y).equals(x)).toBe(true);
      expect(x.over(y).equals(x.times(ONE.over(y)))).toBe(true);
    }),
    RUNS,
  );
});

test('equality and sign are those of the number', () => {
  fc.assert(
    fc.property(integer, nonZero, integer, nonZero, (a, b, c, d) => {
      const [x, y] = [new Rational(a, b), new Rational(c, d)];
      expect(x.equals(y)).toBe(a * d === b * c);
      const order = a * d * (b * d > 0n ? 1n : -1n) - c * b * (b * d > 0n ? 1n : -1n);
      expect(x.minus(y).sign()).toBe(order > 0n ? 1 : order < 0n ? -1 : 0);
    }),
    RUNS,
  );
  expect(new Rational(1n, 2n).equals(new Rational(1n, 3n))).toBe(false);
  expect(new Rational(1n, 3n).equals(new Rational(2n, 3n))).toBe(false);
});

test('a double is the fraction it is, and comes back as the same double', () => {
  fc.assert(
    fc.property(finite, (x) => Object.is(Rational.of(x).toNumber(), x + 0)),
    RUNS,
  );
  expect(`${Rational.of(0.1)}`).toBe('3602879701896397/36028797018963968');
  expect(Rational.of(-0.375).equals(new Rational(-3n, 8n))).toBe(true);
  expect(Rational.of(5e-324).equals(new Rational(1n, 2n ** 1074n))).toBe(true);
  expect(Rational.of(Number.MAX_VALUE).numerator).toBe((2n ** 53n - 1n) * 2n ** 971n);
  expect(Rational.ofDyadic({ numerator: 6n, exponent: 2 }).equals(new Rational(24n))).toBe(true);
  expect(Rational.ofDyadic({ numerator: 6n, exponent: -2 }).equals(new Rational(3n, 2n))).toBe(
    true,
  );
  for (const x of [Number.NaN, Infinity]) expect(() => Rational.of(x)).toThrow(NonFiniteError);
});

test('sums, products and quotients of doubles, once rounded, are those of the processor', () => {
  fc.assert(
    fc.property(finite, finite, (x, y) => {
      const [X, Y] = [Rational.of(x), Rational.of(y)];
      expect(X.plus(Y).toNumber() + 0).toBe(x + y + 0);
      expect(X.times(Y).toNumber() + 0).toBe(x * y + 0);
      if (y !== 0) expect(X.over(Y).toNumber() + 0).toBe(x / y + 0);
    }),
    RUNS,
  );
});

test('a fraction is written reduced, an integer without its denominator', () => {
  const written = (n: bigint, d: bigint) => `${new Rational(n, d)}`;
  expect(written(6n, 4n)).toBe('3/2');
  expect(written(6n, -4n)).toBe('-3/2');
  expect(written(-8n, -4n)).toBe('2');
  expect(written(0n, -5n)).toBe('0');
  expect(`${new Rational(-7n)}`).toBe('-7');
  fc.assert(
    fc.property(integer, nonZero, (n, d) => {
      const [numerator, denominator = '1', ...rest] = written(n, d).split('/').map(BigInt);
      return rest.length === 0 && numerator * d === n * BigInt(denominator);
    }),
    RUNS,
  );
});

test('a dot product of fractions is the sum of the products; lengths must agree', () => {
  const half = new Rational(1n, 2n);
  const third = new Rational(1n, 3n);
  expect(`${rationalDot([half, third], [third, new Rational(5n)])}`).toBe('11/6'); // 1/6 + 5/3
  expect(rationalDot([], []).equals(RATIONAL_ZERO)).toBe(true);
  fc.assert(
    fc.property(fc.array(fc.tuple(rational, rational), { maxLength: 7 }), (pairs) => {
      const [x, y] = [pairs.map(([a]) => a), pairs.map(([, b]) => b)];
      const d = pairs.reduce((product, [a, b]) => product * a.denominator * b.denominator, 1n);
      const n = pairs.reduce(
        (sum, [a, b]) => sum + (a.numerator * b.numerator * d) / (a.denominator * b.denominator),
        0n,
      );
      expect(is(rationalDot(x, y), n, d)).toBe(true);
    }),
    RUNS,
  );
  const call = () => rationalDot([half], [half, third]);
  expect(call).toThrow(DomainError);
  expect(call).toThrow('rationalDot: both vectors need as many entries, got 1 and 2');
});
