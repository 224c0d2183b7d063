import { expect, test } from 'vitest';
import { Random } from '../../../src/linalg/random.ts';
import { log } from '../../../src/linalg/special/log.ts';
import { bigExp, bigLog, ulpError, worstUlpError } from '../../support/big-functions.ts';

/** Derived in log's doc comment; 0.657 measured on 1.5·10⁷ arguments. */
const BOUND = 0.7;

function* draws(seed: number, count: number, low: number, high: number): Generator<number> {
  const random = new Random(seed);
  for (let i = 0; i < count; i++) yield random.between(low, high);
}

/** Positive doubles with random bits: every exponent alike, from `low` to `high` in the upper word. */
function* patterns(seed: number, count: number, low: number, high: number): Generator<number> {
  const random = new Random(seed);
  const double = new DataView(new ArrayBuffer(8));
  for (let i = 0; i < count; i++) {
    double.setUint32(0, low + random.integer(high - low));
    double.setUint32(4, random.integer(2 ** 32));
    yield double.getFloat64(0);
  }
}

test('the reference knows ln 10 to forty digits, and undoes the exponential', () => {
  const { mantissa, exponent } = bigLog(10);
  const digits = (mantissa * 10n ** 40n) >> BigInt(-exponent);
  expect(digits).toBe(23025850929940456840179914546843642076011n);
  expect(bigLog(1).mantissa).toBe(0n);
  // exp is rounded to x once: ln x is off from y by less than half an ulp of x, relative to x.
  for (const y of [-600, -3, -0.1, 0.25, 1, 30, 700]) {
    const power = bigExp(y);
    const x = Number(power.mantissa >> 100n) * 2 ** (100 + power.exponent);
    expect(ulpError(y, bigLog(x)) * 2 ** -52 * Math.abs(y)).toBeLessThan(2 ** -52);
  }
});

test.each([
  ['below 1', 1, 0, 1],
  ['one octave around 1', 2, 0.7, 1.42],
  ['close to 1', 3, 1 - 1e-6, 1 + 1e-6],
  ['where an octave ends below 1', 4, 0.69, 0.71],
  ['up to a thousand', 5, 1, 1000],
])('log is within 0.7 ulp on random arguments: %s', (_name, seed, low, high) => {
  const worst = worstUlpError(log, bigLog, draws(seed, 15_000, low, high));
  expect(worst.error, `seed ${seed}, x = ${worst.x}`).toBeLessThanOrEqual(BOUND);
});

test.each([
  ['normal', 6, 0x0010_0000, 0x7ff0_0000],
  ['subnormal', 7, 0, 0x0010_0000],
])('log is within 0.7 ulp on random bit patterns: %s', (_name, seed, low, high) => {
  const worst = worstUlpError(log, bigLog, patterns(seed, 10_000, low, high));
  expect(worst.error, `seed ${seed}, x = ${worst.x}`).toBeLessThanOrEqual(BOUND);
});

test('log is within 0.7 ulp at powers of two, at the seams between octaves and at hard points', () => {
  const points: number[] = [];
  const double = new DataView(new ArrayBuffer(8));
  for (let k = -1022; k <= 1023; k++) {
    points.push(2 ** k, 2 ** k * (1 + 2 ** -52));
    // Where the exponent of the reduction changes: the upper word of the root of 1/2, times 2^k.
    double.setUint32(0, 0x3fe6_a09e + k * 2 ** 20);
    double.setUint32(4, 0);
    const seam = double.getFloat64(0);
    points.push(seam, seam * (1 - 2 ** -53), Math.SQRT1_2 * 2 ** k);
  }
  for (let j = 1; j <= 52; j++) points.push(1 + 2 ** -j, 1 - 2 ** -j, 1 - 2 ** -53, 2 ** -1074 * j);
  points.push(5e-324, 2.225073858507201e-308, 2.2250738585072014e-308, Number.MAX_VALUE, 1 / 3);
  // Results within 0.11% of half an ulp from a midpoint of two doubles: the hardest to round.
  points.push(843.0066741182716, 363.2142707719095, 693.5700664366688);
  const worst = worstUlpError(log, bigLog, points);
  expect(worst.error, `x = ${worst.x}`).toBeLessThanOrEqual(BOUND);
});

test('log is exact at the special values', () => {
  expect(log(1)).toBe(0); // Object.is: +0
  expect(log(0)).toBe(-Infinity);
  expect(log(-0)).toBe(-Infinity);
  expect(log(Infinity)).toBe(Infinity);
  for (const x of [Number.NaN, -5e-324, -1e-300, -1, -Number.MAX_VALUE, -Infinity]) {
    expect(log(x)).toBe(Number.NaN);
  }
});
