import { expect, test } from 'vitest';
import { expm1 } from '../../../src/linalg/special/expm1.ts';
import { logParts, REST } from '../../../src/linalg/special/log-parts.ts';
import { log1p } from '../../../src/linalg/special/log1p.ts';
import { bigLog } from '../../support/big-functions.ts';
import { bigExpm1, bigLog1p } from '../../support/big-special.ts';
import { around, ascendsAround, draws, scales, within, withinOnDraws } from './arguments.ts';

/** 0.601 and 0.661 measured on 4·10⁷ and 3·10⁷ arguments (npm run accuracy). */
const EXPM1_BOUND = 0.63;
const LOG1P_BOUND = 0.7;

test.each([
  ['around 0', 1, -0.35, 0.35],
  ['where k is −1, 0 and 1', 2, -1.1, 1.1],
  ['a few units', 3, -5, 5],
  ['down to −1', 4, -40, -1],
  ['large', 5, 1, 709.78],
])('expm1 is within its bound on random arguments: %s', (_name, seed, low, high) => {
  withinOnDraws(EXPM1_BOUND, 'expm1', seed, [low, high]);
});

test('expm1 is within its bound at all scales, at seams and at hard points', () => {
  within(EXPM1_BOUND, expm1, bigExpm1, scales(6, 5_000, -1074, 2));
  const points = [2 ** -54, Math.LN2, 0.5 * Math.LN2, 1.5 * Math.LN2, 37.43, 40, 36.7368, 1e-8];
  within(
    EXPM1_BOUND,
    expm1,
    bigExpm1,
    points.flatMap((x) => around(x)),
  );
  // The last finite result, and exact ones: nearly an integer power of two less 1.
  within(EXPM1_BOUND, expm1, bigExpm1, [709.782712893384, 709, -709, 5e-324, -5e-324, 1, -1]);
});

test('expm1 does not decrease where one piece follows another', () => {
  for (const x of [2 ** -54, 0.5 * Math.LN2, 1.5 * Math.LN2, 2.5 * Math.LN2, 37.5]) {
    ascendsAround(expm1, x);
    ascendsAround(expm1, -x);
  }
});

test('expm1 is exact at the special values', () => {
  for (const x of [0, -0, 5e-324, -5e-324, 1e-300, -1e-17, Infinity, Number.NaN]) {
    expect(expm1(x)).toBe(x); // Object.is: the sign of 0 too
  }
  for (const x of [-38, -40, -41, -1e4, -Number.MAX_VALUE, -Infinity]) expect(expm1(x)).toBe(-1);
  for (const x of [709.7827128933841, 710, 1e300]) expect(expm1(x)).toBe(Infinity);
  expect(expm1(709.782712893384)).toBe(1.7976931348622732e308);
});

test.each([
  ['around 0', 11, -0.3, 0.4],
  ['down to −1', 12, -1 + 1e-9, -0.3],
  ['a few units', 13, 0.4, 100],
  ['large', 14, 1e3, 1e18],
])('log1p is within its bound on random arguments: %s', (_name, seed, low, high) => {
  withinOnDraws(LOG1P_BOUND, 'log1p', seed, [low, high]);
});

test('log1p is within its bound at all scales, at seams and at hard points', () => {
  within(LOG1P_BOUND, log1p, bigLog1p, scales(16, 2_000, -60, 0));
  const positive = [...scales(17, 2_000, -1074, 1024)].map(Math.abs);
  within(LOG1P_BOUND, log1p, bigLog1p, positive);
  // Where 1 + x is rounded most, and where its exponent changes.
  const points = [2 ** -54, 2 ** -53, 2 ** -52, 1.5 * 2 ** -53, Math.SQRT2 - 1, 1 - Math.SQRT1_2];
  const seams = [...points, 1, 2 * Math.SQRT2 - 1, 2 ** 53, 2 ** 54].flatMap((x) => around(x));
  within(
    LOG1P_BOUND,
    log1p,
    bigLog1p,
    seams.filter((x) => x > -1),
  );
  within(LOG1P_BOUND, log1p, bigLog1p, [-(1 - 2 ** -53), 5e-324, Number.MAX_VALUE, -0.5]);
});

test('log1p does not decrease where one piece follows another', () => {
  for (const x of [2 ** -54, Math.SQRT2 - 1, 1, 2 * Math.SQRT2 - 1, 2 ** 53]) {
    ascendsAround(log1p, x);
    if (x < 1) ascendsAround(log1p, -x);
  }
  ascendsAround(log1p, -(1 - Math.SQRT1_2));
});

test('log1p is exact at the special values', () => {
  for (const x of [0, -0, 5e-324, -5e-324, 1e-300, -1e-17, Infinity]) expect(log1p(x)).toBe(x);
  expect(log1p(-1)).toBe(-Infinity);
  for (const x of [Number.NaN, -(1 + 2 ** -52), -2, -Infinity]) expect(log1p(x)).toBe(Number.NaN);
});

test('the two parts of a logarithm are worth six bits more than one double', () => {
  for (const x of draws(18, 1_000, 0.5, 3)) {
    const y = logParts(x, 0, 0);
    const rest = REST[0];
    // The leading part as a double leaves its own rounding; the sum is within 0.7 ulp by `log`'s bound.
    expect(Math.abs(rest)).toBeLessThanOrEqual(0.11 * Math.abs(y + rest));
    within(LOG1P_BOUND, () => y + rest, bigLog, [x]);
  }
  const y = logParts(1, 2 ** -53, 0);
  expect(y + REST[0]).toBe(2 ** -53);
});
