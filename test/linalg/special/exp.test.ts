import { expect, test } from 'vitest';
import { Random } from '../../../src/linalg/random.ts';
import {
  exp,
  LN2_HIGH,
  LN2_LOW,
  POWER_ZERO,
  POWERS_OF_TWO,
} from '../../../src/linalg/special/exp.ts';
import { bigExp, exactly, ulpError, worstUlpError } from '../../support/big-functions.ts';

/** Derived in exp's doc comment; 0.582 measured on 1.4·10⁷ arguments. */
const BOUND = 0.6;

/** Derived: half an ulp for the second rounding, and the first one counts at most half. */
const SUBNORMAL_BOUND = 0.5 + BOUND / 2;

function* draws(seed: number, count: number, low: number, high: number): Generator<number> {
  const random = new Random(seed);
  for (let i = 0; i < count; i++) yield random.between(low, high);
}

test('the reference knows e and 1/e to forty digits', () => {
  const digits = (x: number): bigint => {
    const { mantissa, exponent } = bigExp(x);
    return (mantissa * 10n ** 40n) >> BigInt(-exponent);
  };
  expect(digits(1)).toBe(27182818284590452353602874713526624977572n);
  expect(digits(-1)).toBe(3678794411714423215955237701614608674458n);
  expect(bigExp(0)).toEqual({ mantissa: 1n << 240n, exponent: -240 });
});

test('an ulp error is exact, and no comparison accepts NaN, an infinity or a wrong number', () => {
  expect(ulpError(1, exactly(1))).toBe(0);
  expect(ulpError(1 + 2 ** -52, exactly(1))).toBe(1);
  expect(ulpError(1 - 2 ** -53, exactly(1))).toBe(0.5);
  expect(ulpError(-3, exactly(3))).toBe(6 * 2 ** 51);
  expect(ulpError(3.0003, exactly(3))).toBeGreaterThan(1e11);
  expect(ulpError(10e-324, exactly(5e-324))).toBe(1);
  expect(ulpError(-0, exactly(0))).toBe(0);
  for (const wrong of [Number.NaN, Infinity, -Infinity]) {
    expect(ulpError(wrong, exactly(1)) <= 1e300).toBe(false);
    expect(ulpError(wrong, exactly(0)) <= 1e300).toBe(false);
    expect(worstUlpError(() => wrong, bigExp, [0, 1]).error <= 1e300).toBe(false);
  }
  expect(ulpError(5e-324, exactly(0)) <= 1e300).toBe(false);
});

test.each([
  ['the reduced interval', 1, -0.3466, 0.3466],
  ['a few units around 0', 2, -4, 4],
  ['softmax scores', 3, -40, 0],
  ['every normal result', 4, -708.396, 709.782],
  ['tiny arguments', 5, -1e-9, 1e-9],
])('exp is within 0.6 ulp on random arguments: %s', (_name, seed, low, high) => {
  const worst = worstUlpError(exp, bigExp, draws(seed, 20_000, low, high));
  expect(worst.error, `seed ${seed}, x = ${worst.x}`).toBeLessThanOrEqual(BOUND);
});

test('exp underflows gradually, within 0.8 units of the smallest number', () => {
  const worst = worstUlpError(exp, bigExp, draws(6, 20_000, -745.2, -708.396));
  expect(worst.error, `seed 6, x = ${worst.x}`).toBeLessThanOrEqual(SUBNORMAL_BOUND);
});

test('exp is within 0.6 ulp where the rounded multiple of ln 2 changes, and at integers', () => {
  const points: number[] = [];
  for (let k = -1020; k <= 1022; k++) {
    // The worst reduced arguments: next to odd multiples of ln 2/2, and next to multiples.
    for (const x of [(k + 0.5) * Math.LN2, k * Math.LN2]) {
      points.push(x, x * (1 + 2 ** -52), x * (1 - 2 ** -53));
    }
  }
  for (let n = -708; n <= 709; n++) points.push(n, n + 1 / 3);
  points.push(5e-324, -5e-324, 1e-300, -1e-300, 2 ** -53, -(2 ** -54), 709.782712893384);
  // Results within 0.15% of half an ulp from a midpoint of two doubles: the hardest to round.
  points.push(-8.132060463488514, -10.172230947943444, -14.995909088746249, -12.874566986187235);
  const normal = points.filter((x) => x > -708.396 && x < 709.7827128933841);
  const worst = worstUlpError(exp, bigExp, normal);
  expect(worst.error, `x = ${worst.x}`).toBeLessThanOrEqual(BOUND);
});

test('exp is exact at the special values and at both ends of its range', () => {
  expect(exp(0)).toBe(1);
  expect(exp(-0)).toBe(1);
  expect(exp(Number.NaN)).toBe(Number.NaN);
  expect(exp(Infinity)).toBe(Infinity);
  expect(exp(-Infinity)).toBe(0); // Object.is: +0
  // The last finite argument and the next double; likewise for the last subnormal result.
  expect(exp(709.782712893384)).toBe(1.7976931348622732e308);
  expect(exp(709.7827128933841)).toBe(Infinity);
  expect(exp(-745.133219101941)).toBe(5e-324);
  expect(exp(-745.1332191019412)).toBe(0);
  for (const x of [710, 711, 1e4, 1e300, Number.MAX_VALUE]) expect(exp(x)).toBe(Infinity);
  for (const x of [-745.14, -746, -747, -1e4, -1e300]) expect(exp(x)).toBe(0);
});

test('the table holds every power of two, and ln 2 is its two parts', () => {
  expect(POWERS_OF_TWO.length).toBe(2098);
  for (let k = -1074; k <= 1023; k++) {
    const { mantissa, exponent } = exactly(POWERS_OF_TWO[k + POWER_ZERO]);
    const bits = mantissa.toString(2);
    expect(bits.length - 1 + exponent).toBe(k);
    expect(bits.lastIndexOf('1')).toBe(0);
  }
  expect(LN2_HIGH * 2 ** 42).toBe(Math.floor(LN2_HIGH * 2 ** 42));
  const ln2 = 6931471805599453094172321214581765680755n; // forty digits
  const scaled = (x: number): bigint => {
    const { mantissa, exponent } = exactly(x);
    return (mantissa * 10n ** 40n) >> BigInt(-exponent);
  };
  const rest = ln2 - scaled(LN2_HIGH) - scaled(LN2_LOW);
  expect(rest < 10n ** 11n && rest > -(10n ** 11n)).toBe(true); // 2⁻⁹⁷ is 6.3e-30
});
