/**
 * Arguments for the tests of the special functions, and the check of a bound on all of them.
 *
 * @module
 */
import { expect } from 'vitest';
import { LOW } from '../../../scripts/accuracy/pairs.ts';
import { REFERENCES } from '../../../scripts/accuracy/reference.ts';
import { Random } from '../../../src/linalg/random.ts';
import * as special from '../../../src/linalg/special/index.ts';
import { type Big, ulpError, worstUlpError } from '../../support/big-functions.ts';
import type { Reference } from '../../support/big-special.ts';

export type Scalar = (x: number) => number;

/** `count` uniform draws from [low, high). */
export function* draws(seed: number, count: number, low: number, high: number): Generator<number> {
  const random = new Random(seed);
  for (let i = 0; i < count; i++) yield random.between(low, high);
}

/** `count` doubles of either sign, every exponent from 2^lowest to 2^(highest − 1) alike. */
export function* scales(
  seed: number,
  count: number,
  lowest: number,
  highest: number,
): Generator<number> {
  const random = new Random(seed);
  for (let i = 0; i < count; i++) {
    const size = random.between(1, 2) * 2 ** (lowest + random.integer(highest - lowest));
    yield random.uniform() < 0.5 ? -size : size;
  }
}

const DOUBLE = new Float64Array(1);
const BITS = new BigInt64Array(DOUBLE.buffer);

/** The double `steps` above x > 0, or below for a negative count. */
export function neighbour(x: number, steps: number): number {
  DOUBLE[0] = x;
  BITS[0] += BigInt(steps);
  return DOUBLE[0];
}

/** The 2·reach + 1 doubles around x > 0, ascending, and their negatives. */
export const around = (x: number, reach = 8): number[] => {
  const points: number[] = [];
  for (let i = -reach; i <= reach; i++) points.push(neighbour(x, i), -neighbour(x, i));
  return points;
};

/** Asserts that f is within `bound` ulp of `reference`, in BigInt, at every point. */
export function within(
  bound: number,
  f: Scalar,
  reference: Reference,
  points: Iterable<number>,
): void {
  const worst = worstUlpError(f, reference, points);
  expect(worst.error, `x = ${worst.x}`).toBeLessThanOrEqual(bound);
}

/**
 * The same with the double-double reference, for `count` draws from [low, high): normal results only.
 * reference.test.ts holds that reference against the one in BigInt.
 */
export function withinOnDraws(
  bound: number,
  name: string,
  seed: number,
  range: [number, number],
  count = 30_000,
): void {
  const f = (special as unknown as Record<string, Scalar>)[name];
  const reference = REFERENCES[name];
  let [worst, at] = [0, Number.NaN];
  for (const x of draws(seed, count, ...range)) {
    const y = f(x);
    const high = reference(x);
    const error = Math.abs(y - high - LOW[0]) / spacing(high);
    if (!(error <= worst)) [worst, at] = [error, x];
  }
  expect(worst, `seed ${seed}, x = ${at}`).toBeLessThanOrEqual(bound);
}

/** 2^(e − 52) for 2^e ≤ |x| < 2^(e + 1), x normal. */
function spacing(x: number): number {
  DOUBLE[0] = x;
  BITS[0] &= 0x7ff0_0000_0000_0000n;
  return DOUBLE[0] * 2 ** -52;
}

/**
 * Asserts |f(x) − reference| ≤ units·u·(|y| + |x·y′|) + 2|x|·2⁻¹⁰⁷⁴ + half a unit of 2⁻¹⁰⁷⁴ (a result that
 * is not a double must be rounded), u = 2⁻⁵³, at every point.
 */
export function withinComposite(
  units: number,
  f: Scalar,
  reference: Reference,
  slope: Scalar,
  points: Iterable<number>,
): void {
  let worst = 0;
  let at = Number.NaN;
  for (const x of points) {
    const exact = reference(x);
    const y = f(x);
    const ulp = ulpOf(exact, y);
    const error = ulpError(y, exact) * ulp - (2 * Math.abs(x) + 0.5) * 2 ** -1074;
    const room = 2 ** -53 * (Math.abs(y) + Math.abs(x * slope(x)));
    const share = error <= 0 ? 0 : error / room;
    if (!(share <= worst)) [worst, at] = [share, x];
  }
  expect(worst, `x = ${at}`).toBeLessThanOrEqual(units);
}

/** The unit that `ulpError` counts in, 2^(e − 52) for 2^e ≤ |exact| < 2^(e + 1). */
function ulpOf(exact: Big, y: number): number {
  if (!Number.isFinite(y)) return 1;
  const size = exact.mantissa < 0n ? -exact.mantissa : exact.mantissa;
  const ulp = size === 0n ? -1074 : size.toString(2).length + exact.exponent - 53;
  return 2 ** Math.max(ulp, -1074);
}

/** Asserts that f does not decrease from any double to the next around x. */
export function ascendsAround(f: Scalar, x: number, reach = 200): void {
  let last = -Infinity;
  const points = around(Math.abs(x), reach).filter((point) => Math.sign(point) === Math.sign(x));
  for (const point of points.sort((a, b) => a - b)) {
    const y = f(point);
    expect(y, `x = ${point}`).toBeGreaterThanOrEqual(last);
    last = y;
  }
}
