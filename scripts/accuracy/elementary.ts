/**
 * exp, expm1, log1p, log, sin and cos in double-double, relative error below 2⁻⁷⁵: tables made with BigInt
 * when the module is loaded, and short series whose first terms are double-double.
 *
 * Results are returned as in pairs.ts: leading part returned, the rest at `LOW[0]`.
 *
 * @module
 */

import {
  divide as bigDivide,
  multiply as bigMultiply,
  HALF_PI_BITS,
  HALF_PI_FIXED,
  integer,
  series,
  subtract,
  timesPower,
} from '../../test/support/big-float.ts';
import { type Big, bigExpOf, exactly } from '../../test/support/big-functions.ts';
import { bigCos, bigSin } from '../../test/support/big-special.ts';
import { add, LOW, multiply, product, sum } from './pairs.ts';

/** A Big as the nearest double and the rest. */
export function split(x: Big): [number, number] {
  const high = toDouble(x);
  return [high, toDouble(subtract(x, exactly(high)))];
}

function toDouble({ mantissa, exponent }: Big): number {
  const size = mantissa < 0n ? -mantissa : mantissa;
  const excess = Math.max(size.toString(2).length - 64, 0);
  return Number(mantissa >> BigInt(excess)) * 2 ** (excess + exponent); // off by less than an ulp
}

/** ln 2 = 2·artanh(1/3). */
const BIG_LN2: Big = timesPower(
  series(bigDivide(integer(1), integer(3)), (term, n) =>
    bigDivide(bigMultiply(term, integer(2 * n - 1)), integer(9 * (2 * n + 1))),
  ),
  1,
);

const [LN2, LN2_LOW] = split(BIG_LN2);

// ln 2/64 in a part of 32 bits, whose products with |k| < 2²¹ are exact, and two more doubles.
const STEP = Math.floor((Math.LN2 / 64) * 2 ** 38) / 2 ** 38;
const [STEP_2, STEP_3] = split(subtract(timesPower(BIG_LN2, -6), exactly(STEP)));

/** 2^(j/64), two doubles each. */
const POWERS: Float64Array = pairsOf(64, (j) =>
  bigExpOf(timesPower(bigMultiply(BIG_LN2, integer(j)), -6)),
);

/** `count` Bigs as doubles: leading parts at even, the rest at odd places. */
export function pairsOf(count: number, value: (j: number) => Big): Float64Array {
  const pairs = new Float64Array(2 * count);
  for (let j = 0; j < count; j++) pairs.set(split(value(j)), 2 * j);
  return pairs;
}

// 1/6 in two doubles.
const [SIXTH, SIXTH_LOW] = split(bigDivide(integer(1), integer(6)));

/** The exponent that `expMantissa` left. */
export const EXPONENT: Int32Array = new Int32Array(1);

/** exp(x + low)/2ᵏ, in [1, 2), with k at `EXPONENT[0]`; |x| < 2¹⁵. */
export function expMantissa(x: number, low: number): number {
  const k = Math.round((x * 64) / Math.LN2);
  const first = x - k * STEP; // exact
  const second = product(-k, STEP_2);
  let r = add(first, low, second, LOW[0] - k * STEP_3);
  const rLow = LOW[0];
  const small = expm1Series(r, rLow);
  const smallLow = LOW[0];
  const j = k & 63;
  const T = POWERS[2 * j];
  const TLow = POWERS[2 * j + 1];
  r = multiply(T, TLow, small, smallLow);
  EXPONENT[0] = (k - j) / 64;
  return add(T, TLow, r, LOW[0]);
}

/** exp(r) − 1 for |r| < 2⁻⁷: r⁴/24 and what follows in doubles. */
function expm1Series(r: number, low: number): number {
  const tail =
    1 / 24 + r * (1 / 120 + r * (1 / 720 + r * (1 / 5040 + r * (1 / 40320 + r / 362880))));
  let s = product(r, tail);
  s = add(SIXTH, SIXTH_LOW, s, LOW[0]);
  s = multiply(r, low, s, LOW[0]);
  s = add(0.5, 0, s, LOW[0]);
  s = multiply(r, low, s, LOW[0]);
  s = add(1, 0, s, LOW[0]);
  return multiply(r, low, s, LOW[0]);
}

/** exp(x + low). */
export function exp(x: number, low: number): number {
  const h = expMantissa(x, low);
  return scale(h, EXPONENT[0]);
}

/** 2ᵏ at k + 1100. */
const TWO_TO: Float64Array = Float64Array.from({ length: 2100 }, (_, i) => 2 ** (i - 1100));

/** (h + LOW[0])·2ᵏ in two steps, |k| ≤ 1990. */
export function scale(h: number, k: number): number {
  const half = k >> 1;
  const first = TWO_TO[half + 1100];
  const second = TWO_TO[k - half + 1100];
  LOW[0] = LOW[0] * first * second;
  return h * first * second;
}

/** exp(x + low) − 1. */
export function expm1(x: number, low: number): number {
  if (Math.abs(x) < 1 / 128) return expm1Series(x, low);
  const h = exp(x, low);
  return add(-1, 0, h, LOW[0]);
}

/** log(1 + x + low): one step of Newton's iteration from the engine's own log1p. */
export function log1p(x: number, low: number): number {
  const y = Math.log1p(x);
  const E = expm1(-y, 0);
  const ELow = LOW[0];
  const xE = multiply(x, low, E, ELow);
  const d = add(E, ELow, xE, LOW[0]);
  const error = add(x, low, d, LOW[0]); // (1 + x)·exp(−y) − 1
  const errorLow = LOW[0];
  return sum(y, error + (errorLow - 0.5 * error * error));
}

/** log x for a positive normal x. */
export function log(x: number): number {
  const k = Math.round(Math.log2(x));
  const m = x * TWO_TO[1100 - (k >> 1)] * TWO_TO[1100 - k + (k >> 1)];
  const y = log1p(m - 1, 0); // m − 1 is exact
  const yLow = LOW[0];
  const first = product(k, LN2);
  const ln = add(first, LOW[0] + k * LN2_LOW, y, yLow);
  return ln;
}

// π/2 in parts of 33 bits, whose products with |k| < 2²⁰ are exact, and two more doubles.
const [HALF_PI_1, HALF_PI_2, HALF_PI_3, HALF_PI_4] = halfPiParts();

/** sin(j/64) and cos(j/64), two doubles each. */
const SINES: Float64Array = pairsOf(64, (j) => bigSin(j / 64));
const COSINES: Float64Array = pairsOf(64, (j) => bigCos(j / 64));
const [THIRD, THIRD_LOW] = split(bigDivide(integer(1), integer(3)));

/** sin x if `shift` is 0, cos x if it is 1. */
export function sinOrCos(x: number, shift: 0 | 1): number {
  const size = Math.abs(x);
  let r: number;
  let low: number;
  let quarter: number;
  if (size < 1e6) {
    const k = Math.round((size * 2) / Math.PI);
    r = sum(size - k * HALF_PI_1, -k * HALF_PI_2);
    low = LOW[0];
    r = add(r, low, -k * HALF_PI_3, 0);
    low = LOW[0];
    const last = product(-k, HALF_PI_4);
    r = add(r, low, last, LOW[0]);
    low = LOW[0];
    quarter = k & 3;
  } else {
    const { mantissa, exponent } = exactly(size);
    const scaled = (mantissa << BigInt(HALF_PI_BITS)) * 2n ** BigInt(Math.max(exponent, 0));
    const value = exponent < 0 ? scaled >> BigInt(-exponent) : scaled;
    const k = (value + HALF_PI_FIXED / 2n) / HALF_PI_FIXED;
    quarter = Number(k & 3n);
    [r, low] = split({ mantissa: value - k * HALF_PI_FIXED, exponent: -HALF_PI_BITS });
  }
  const turned = (quarter + shift) & 3;
  const y = turned & 1 ? cosOf(r, low) : sinOf(r, low);
  const sign = (turned & 2 ? -1 : 1) * (x < 0 && shift === 0 ? -1 : 1);
  LOW[0] *= sign;
  return sign * y;
}

/** sin(r + low), |r| ≤ π/4: sin(c + t) = sin c + (cos c·sin t − sin c·(1 − cos t)). */
function sinOf(r: number, low: number): number {
  return Math.abs(r) < 1 / 128 ? sinSeries(r, low) : turned(r, low, SINES, COSINES, -1);
}

const cosOf = (r: number, low: number): number => turned(r, low, COSINES, SINES, 1);

function turned(
  r: number,
  low: number,
  own: Float64Array,
  other: Float64Array,
  kind: 1 | -1,
): number {
  const size = Math.abs(r);
  const j = Math.round(size * 64);
  const t = sum(size - j / 64, r < 0 ? -low : low);
  const tLow = LOW[0];
  const sine = sinSeries(t, tLow);
  const sineLow = LOW[0];
  const half = sinSeries(t / 2, tLow / 2);
  const versed = multiply(half, LOW[0], half, LOW[0]); // (1 − cos t)/2
  const less = multiply(2 * versed, 2 * LOW[0], own[2 * j], own[2 * j + 1]);
  const lessLow = LOW[0];
  const more = multiply(sine, sineLow, other[2 * j], other[2 * j + 1]);
  const change = add(-less, -lessLow, -kind * more, -kind * LOW[0]);
  const y = add(own[2 * j], own[2 * j + 1], change, LOW[0]);
  if (kind === -1 && r < 0) {
    LOW[0] = -LOW[0];
    return -y;
  }
  return y;
}

/** sin t for |t| < 2⁻⁶: t⁵/120 and what follows in doubles. */
function sinSeries(t: number, low: number): number {
  const z = t * t;
  const square = multiply(t, low, t, low);
  const squareLow = LOW[0];
  const tail = 1 / 120 - z * (1 / 5040 - z * (1 / 362880 - z / 39916800));
  let s = product(square, tail);
  s = add(-0.5 * THIRD, -0.5 * THIRD_LOW, s, LOW[0]);
  s = multiply(square, squareLow, s, LOW[0]);
  s = add(1, 0, s, LOW[0]);
  return multiply(t, low, s, LOW[0]);
}

function halfPiParts(): [number, number, number, number] {
  let rest: Big = { mantissa: HALF_PI_FIXED, exponent: -HALF_PI_BITS };
  const part = (bits: number): number => {
    const value = Number(rest.mantissa >> BigInt(HALF_PI_BITS - bits)) / 2 ** bits;
    rest = subtract(rest, exactly(value));
    rest = {
      mantissa: rest.mantissa << BigInt(HALF_PI_BITS + rest.exponent),
      exponent: -HALF_PI_BITS,
    };
    return value;
  };
  return [part(32), part(65), part(98), toDouble(rest)];
}
