import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  dyadicToNumber,
  exact,
  quotientOfExact,
  ratioToNumber,
  ZERO,
} from '../../src/linalg/exact.ts';
import { assertSameBits } from '../support/same-bits.ts';

const RUNS = { numRuns: 1500, seed: 132 };

test('ratioToNumber of an integer is what Number makes of it', () => {
  const integer = fc.bigInt({ min: -(2n ** 1100n), max: 2n ** 1100n });
  const agree = (n: bigint): boolean => ratioToNumber(n, 1n) === Number(n);
  fc.assert(fc.property(integer, agree), RUNS);
  const shifted = fc.tuple(fc.bigInt({ min: -(2n ** 56n), max: 2n ** 56n }), fc.nat(1000));
  fc.assert(
    fc.property(shifted, ([n, bits]) => agree(n << BigInt(bits)) && agree((n << 60n) + 1n)),
    RUNS,
  );
});

test('ratioToNumber of a decimal fraction is what reading the decimal digits gives', () => {
  const digits = fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n });
  fc.assert(
    fc.property(digits, fc.integer({ min: -300, max: 370 }), (n, places) => {
      const ours =
        places >= 0
          ? ratioToNumber(n, 10n ** BigInt(places))
          : ratioToNumber(n * 10n ** BigInt(-places), 1n);
      expect(ours + 0, `${n}e${-places}`).toBe(Number(`${n}e${-places}`) + 0);
    }),
    RUNS,
  );
});

/** k·2^exponent where it is a double, in two exact steps. */
const atExponent = (k: number, exponent: number): number => {
  const first = Math.max(exponent, -500);
  return k * 2 ** first * 2 ** (exponent - first);
};

test('halfway between two doubles the even one is taken, and the nearer one a hair away', () => {
  const significand = fc.bigInt({ min: 2n ** 52n, max: 2n ** 53n - 2n });
  const halfway = (m: bigint, exponent: number): void => {
    // (2m + 1)·2^(exponent − 1) lies between m·2^exponent and (m + 1)·2^exponent.
    const n = exponent > 0 ? (2n * m + 1n) << BigInt(exponent) : 2n * m + 1n;
    const d = exponent > 0 ? 2n : 1n << BigInt(1 - exponent);
    const [low, high] = [m, m + 1n].map((k) => atExponent(Number(k), exponent));
    const even = m % 2n === 0n ? low : high;
    const label = `${m}·2^${exponent}`;
    expect(ratioToNumber(n, d), label).toBe(even);
    expect(ratioToNumber(-n * 7n, d * 7n), label).toBe(-even);
    const hair = 1n << 1000n;
    expect(ratioToNumber(n * hair + 1n, d * hair), label).toBe(high);
    expect(ratioToNumber(n * hair - 1n, d * hair), label).toBe(low);
  };
  fc.assert(fc.property(significand, fc.integer({ min: -1074, max: 970 }), halfway), RUNS);
  const subnormal = fc.bigInt({ min: 0n, max: 2n ** 52n - 1n });
  fc.assert(
    fc.property(subnormal, (m) => halfway(m, -1074)),
    RUNS,
  );
  for (const m of [0n, 1n, 2n, 2n ** 52n - 1n, 2n ** 53n - 1n]) halfway(m, -1074);
});

test('from half a unit above the largest double on, a ratio is Infinity', () => {
  const limit = (2n ** 54n - 1n) * 2n ** 970n;
  expect(ratioToNumber(limit - 1n, 1n)).toBe(Number.MAX_VALUE);
  expect(ratioToNumber(limit * 3n - 1n, 3n)).toBe(Number.MAX_VALUE);
  expect(ratioToNumber(limit, 1n)).toBe(Infinity);
  expect(ratioToNumber(-limit, 1n)).toBe(-Infinity);
  expect(ratioToNumber(1n << 5000n, 3n)).toBe(Infinity);
  expect(dyadicToNumber({ numerator: -1n, exponent: 1024 })).toBe(-Infinity);
});

test('below half the smallest double a ratio is 0, and 0/0 and x/0 are as documented', () => {
  expect(ratioToNumber(1n, 2n ** 1075n)).toBe(0);
  expect(ratioToNumber(2n ** 100n + 1n, 2n ** 1175n)).toBe(5e-324);
  expect(ratioToNumber(3n, 2n ** 1075n)).toBe(2 * 5e-324);
  expect(Math.abs(ratioToNumber(-1n, 2n ** 9000n))).toBe(0);
  assertSameBits([ratioToNumber(0n, -5n), ratioToNumber(0n, 0n)], [0, 0], 'zero');
  assertSameBits([ratioToNumber(3n, 0n), ratioToNumber(-3n, 0n)], [Infinity, -Infinity], 'x/0');
  expect([ratioToNumber(-1n, -4n), ratioToNumber(1n, -4n)]).toEqual([0.25, -0.25]);
  expect(quotientOfExact(ZERO, ZERO)).toBe(0);
  expect(quotientOfExact(exact(-2), ZERO)).toBe(-Infinity);
  expect(quotientOfExact(exact(1), { numerator: 3n, exponent: 2000 })).toBe(0);
});
