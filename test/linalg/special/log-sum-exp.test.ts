import { expect, test } from 'vitest';
import { Random } from '../../../src/linalg/random.ts';
import { logSumExp } from '../../../src/linalg/special/log-sum-exp.ts';
import { add } from '../../support/big-float.ts';
import { type Big, bigExp, ulpError } from '../../support/big-functions.ts';

const of = (...x: number[]): number => logSumExp(Float64Array.from(x));

/** |y^ − y| of y^ = log Σ exp(xᵢ), from exp(y^)/Σ exp(xᵢ) − 1. */
function offBy(x: Float64Array, y: number): number {
  let sum: Big = { mantissa: 0n, exponent: 0 };
  for (const entry of x) sum = add(sum, bigExp(entry));
  const power = bigExp(y);
  const bits = Math.min(power.exponent, sum.exponent);
  const left = power.mantissa << BigInt(power.exponent - bits);
  const right = sum.mantissa << BigInt(sum.exponent - bits);
  return Math.abs(Number(((left - right) << 200n) / right)) * 2 ** -200;
}

test('log-sum-exp is within its bound for all lengths around the lanes', () => {
  const random = new Random(1);
  for (const n of [1, 2, 3, 4, 5, 7, 8, 13, 64, 101]) {
    for (const spread of [1e-3, 1, 10, 300]) {
      for (let trial = 0; trial < 20; trial++) {
        const x = Float64Array.from({ length: n }, () => random.between(-spread, spread));
        const y = logSumExp(x);
        const bound = 2 ** -53 * (Math.ceil(n / 2) + 4 + 2 * Math.abs(y));
        expect(offBy(x, y), `n = ${n}, spread ${spread}, ${x}`).toBeLessThanOrEqual(bound);
      }
    }
  }
});

test('log-sum-exp of a vector worked by hand: log(1 + 1 + 2), and of one entry that entry', () => {
  expect(of(0, 0, Math.LN2)).toBe(2 * Math.LN2);
  for (const x of [0, -3.25, 1e308, -1e308, 5e-324]) expect(of(x)).toBe(x);
});

test('a common shift shifts the result, at any size', () => {
  expect(of(1e308, 1e308)).toBe(1e308);
  expect(of(-1e308, -1e308)).toBe(-1e308);
  expect(of(Number.MAX_VALUE, -Number.MAX_VALUE)).toBe(Number.MAX_VALUE);
  expect(of(1024, 1024)).toBe(1024.6931471805599);
  expect(of(-1024, -1024)).toBe(-1023.3068528194401);
  expect(of(1e4, 0)).toBe(1e4);
});

test('an entry of −Infinity adds nothing, and an empty sum is 0', () => {
  expect(of()).toBe(-Infinity);
  expect(of(-Infinity)).toBe(-Infinity);
  expect(of(-Infinity, -Infinity, -Infinity)).toBe(-Infinity);
  expect(of(-Infinity, 2.5)).toBe(2.5);
  expect(of(2.5, -Infinity, -Infinity)).toBe(2.5);
});

test('Infinity and NaN come through, in either order', () => {
  expect(of(1, Infinity)).toBe(Infinity);
  expect(of(Infinity, -Infinity)).toBe(Infinity);
  for (const x of [
    [Number.NaN],
    [1, Number.NaN],
    [Number.NaN, Infinity],
    [Infinity, Number.NaN, 2],
  ]) {
    expect(of(...x)).toBe(Number.NaN);
  }
});

test('the sum has the two-lane order: even entries, odd entries, their sum, the tail', () => {
  // Small terms of the odd lane add up before they meet the 1; in its own lane 1 swallows each.
  const tiny = -36.74; // exp of it is a little below 2⁻⁵³, half an ulp of 1
  expect(of(0, tiny, -Infinity, tiny, -Infinity, tiny)).toBeGreaterThan(0);
  expect(of(0, -Infinity, tiny, -Infinity, tiny, -Infinity)).toBe(0);
});

test('the comparison of this file refuses a wrong result', () => {
  const x = Float64Array.of(1, 2, 3);
  expect(offBy(x, logSumExp(x) * (1 + 1e-14))).toBeGreaterThan(2 ** -53 * 12);
  expect(ulpError(Number.NaN, bigExp(1))).toBe(Infinity);
});
