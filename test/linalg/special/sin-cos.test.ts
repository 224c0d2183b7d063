import { expect, test } from 'vitest';
import { cos, sin } from '../../../src/linalg/special/sin-cos.ts';
import { HALF_PI_BITS, HALF_PI_FIXED } from '../../support/big-float.ts';
import { bigCos, bigSin } from '../../support/big-special.ts';
import { around, scales, within, withinOnDraws } from './arguments.ts';

/** 0.837 measured on 8·10⁷ arguments (npm run accuracy). */
const BOUND = 0.9;

/** The double closest to k·π/2. */
const quarters = (k: bigint): number => {
  const value = k * HALF_PI_FIXED;
  const excess = BigInt(value.toString(2).length - 64);
  return Number(value >> excess) * 2 ** (Number(excess) - HALF_PI_BITS);
};

test.each([
  ['one period', 1, -3.2, 3.2],
  ['the reduced interval', 2, -0.7854, 0.7854],
  ['rotary positions', 3, 0, 131_072],
  ['up to where digits of 2/π are multiplied', 4, -1_048_576, 1_048_576],
  ['beyond', 5, 1_048_576, 1e9],
  ['huge', 6, -1e300, 1e300],
])('sin and cos are within 0.9 ulp on random arguments: %s', (_name, seed, low, high) => {
  const count = high > 1e8 ? 4_000 : 20_000; // BigInt reduces the large ones
  withinOnDraws(BOUND, 'sin', seed, [low, high], count);
  withinOnDraws(BOUND, 'cos', seed + 10, [low, high], count);
});

test('sin and cos are within 0.9 ulp at every exponent of a double', () => {
  within(BOUND, sin, bigSin, scales(21, 1_500, -1074, 1024));
  within(BOUND, cos, bigCos, scales(22, 1_500, -60, 1024));
});

test('sin and cos are within 0.9 ulp at the doubles closest to multiples of π/2', () => {
  const points: number[] = [];
  for (let k = 1n; k <= 120n; k++) points.push(...around(quarters(k), 1));
  for (let e = 9n; e <= 1020n; e += 11n) points.push(...around(quarters((1n << e) + e), 1));
  // Of all doubles the one closest to a multiple of π/2, then some that are closest in their range.
  points.push(
    6381956970095103 * 2 ** 797,
    5319372648326541 * 2 ** -36,
    6411027962775774 * 2 ** -48,
  );
  points.push(16367173, 245850922, 411557987, 6134899525417045);
  within(BOUND, sin, bigSin, points);
  within(BOUND, cos, bigCos, points);
});

test('sin and cos know arguments that other programs get wrong', () => {
  // To forty digits these are the values of mpmath.
  expect(sin(1e22)).toBe(-0.8522008497671888);
  expect(cos(1e22)).toBe(0.523214785395139);
  expect(sin(2 ** 1000)).toBe(-0.15920170308624243);
  expect(cos(2 ** 1000)).toBe(0.9872460775989135);
  expect(sin(Number.MAX_VALUE)).toBe(0.004961954789184062);
  expect(cos(Number.MAX_VALUE)).toBe(-0.9999876894265599);
  expect(cos(6381956970095103 * 2 ** 797)).toBe(-4.687165924254628e-19);
  for (const x of [1e22, 2 ** 1000, Number.MAX_VALUE, 2 ** 1023]) {
    within(BOUND, sin, bigSin, around(x, x === Number.MAX_VALUE ? 0 : 10));
    within(BOUND, cos, bigCos, around(x, x === Number.MAX_VALUE ? 0 : 10));
  }
});

test('both ways of reducing an argument meet at 2²⁰, and every quarter turn has its sign', () => {
  const points = [...around(1_048_576, 60), ...around(2 ** -27, 20), ...around(Math.PI / 4, 50)];
  within(BOUND, sin, bigSin, points);
  within(BOUND, cos, bigCos, points);
  const signs = (f: (x: number) => number, start: number): number[] =>
    [0, 1, 2, 3, 4, 5, 6, 7].map((k) => Math.sign(f(start + (k * Math.PI) / 2)));
  for (const start of [0.3, 1e6 * Math.PI + 0.3, 1e8 * Math.PI + 0.3]) {
    expect(signs(sin, start)).toEqual([1, 1, -1, -1, 1, 1, -1, -1]);
    expect(signs(cos, start)).toEqual([1, -1, -1, 1, 1, -1, -1, 1]);
  }
});

test('sin is odd and cos is even, to the bit', () => {
  for (const x of scales(23, 3_000, -1074, 1024)) {
    expect(sin(-x)).toBe(-sin(x));
    expect(cos(-x)).toBe(cos(x));
  }
});

test('sin and cos are exact at the special values', () => {
  for (const x of [0, -0, 5e-324, -5e-324, 1e-300, 2 ** -30]) expect(sin(x)).toBe(x);
  for (const x of [0, -0, 5e-324, -1e-9]) expect(cos(x)).toBe(1);
  for (const x of [Infinity, -Infinity, Number.NaN]) {
    expect(sin(x)).toBe(Number.NaN);
    expect(cos(x)).toBe(Number.NaN);
  }
});
