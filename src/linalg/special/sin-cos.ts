/**
 * Sine and cosine of any finite number of radians.
 *
 * The argument is reduced to r + low = x − k·π/2, |r| ≤ π/4, and k mod 4 chooses between ± sin r
 * and ± cos r. Two lanes compute both and select; arguments of 2²⁰ and more they reduce one by one.
 *
 * The coefficients are printed by `scripts/derive-special-coefficients.py`.
 *
 * @module
 */
import { REDUCED, reduceLarge } from './reduce-large.ts';

/** 2/π, rounded. Where that changes k = round(x·2/π), r is ±π/4 and either k will do. */
const TWO_OVER_PI = 0.6366197723675814;

// π/2 = the sum of these to 2⁻¹⁵⁶. The first three have at most 33 bits: times |k| ≤ 2²⁰ is exact.
const HALF_PI_1 = 1.5707963267341256;
const HALF_PI_2 = 6.077100506303966e-11;
const HALF_PI_3 = 2.0222662487111665e-21;
const HALF_PI_4 = 8.4784276603689e-32;

/** 1.5·2⁵²: adding and subtracting it rounds to an integer, ties to even. */
const ROUNDER = 6755399441055744;

/** From here on k may have more than 20 bits. */
const LARGE = 1048576;

/** 2⁻²⁷: below it x − sin x is less than x·2⁻⁵⁶. */
const TINY = 7.450580596923828e-9;

// S(z) of sin r = r + r³·S(r²), |r| ≤ π/4 + 2⁻²⁰: max relative error of the sine 5.9e-18 = 2⁻⁵⁷·².
const S0 = -0.16666666666666632;
const S1 = 0.008333333333322425;
const S2 = -0.00019841269829816847;
const S3 = 2.7557313695187936e-6;
const S4 = -2.505075864683623e-8;
const S5 = 1.5896827536678322e-10;

// C(z) of cos r = 1 − r²/2 + r⁴·C(r²), same interval: max relative error of the cosine 1.1e-18.
const C0 = 0.041666666666666595;
const C1 = -0.0013888888888873056;
const C2 = 2.480158728885157e-5;
const C3 = -2.755731417925673e-7;
const C4 = 2.087570083638394e-9;
const C5 = -1.1358536225022433e-11;

/**
 * The sine of x radians.
 *
 * Error: below 0.9 ulp (0.837 measured on 4·10⁷ arguments, scripts/accuracy.ts). Odd to the bit, ±0 too.
 *
 * Any double: NaN for ±Infinity and NaN. x is taken as exact: sin(2¹⁰⁰⁰) is right to the last digit.
 */
export function sin(x: number): number {
  if (Math.abs(x) < TINY) return x;
  const r = reduce(x);
  const low = REDUCED[0];
  const k = REDUCED[1];
  const y = k & 1 ? cosReduced(r, low) : sinReduced(r, low);
  return k & 2 ? -y : y;
}

/**
 * The cosine of x radians.
 *
 * Error: below 0.9 ulp (0.818 measured on 4·10⁷ arguments, scripts/accuracy.ts). Even to the bit.
 *
 * Any double: NaN for ±Infinity and NaN.
 */
export function cos(x: number): number {
  const r = reduce(x);
  const low = REDUCED[0];
  const k = REDUCED[1];
  const y = k & 1 ? sinReduced(r, low) : cosReduced(r, low);
  return (k + 1) & 2 ? -y : y;
}

/**
 * x − k·π/2: returns r, leaves the rest below r's last bit at `REDUCED[0]` and k mod 4 at `REDUCED[1]`.
 *
 * Below 2²⁰ no double is closer to a multiple of π/2 than 2⁻⁶² or so, and r + low is off by less
 * than 2⁻¹³⁰ there, less than 2⁻¹⁰⁵ anywhere.
 *
 * Source: Cody and Waite (1980), with four parts; the sum of two after Knuth (TAOCP 2, 4.2.2).
 */
function reduce(x: number): number {
  if (!(Math.abs(x) < LARGE)) return reduceLarge(x);
  const k = x * TWO_OVER_PI + ROUNDER - ROUNDER;
  const first = x - k * HALF_PI_1; // exact
  const second = k * HALF_PI_2; // exact
  const a = first - second;
  const aPart = a - first;
  const aError = first - (a - aPart) - (second + aPart);
  const third = k * HALF_PI_3; // exact
  const b = a - third;
  const bPart = b - a;
  const bError = a - (b - bPart) - (third + bPart);
  const rest = aError + bError - k * HALF_PI_4;
  const r = b + rest;
  REDUCED[0] = b - r + rest;
  REDUCED[1] = k & 3;
  return r;
}

/** sin(r + low), |r| ≤ π/4. */
function sinReduced(r: number, low: number): number {
  const z = r * r;
  const w = z * z;
  const even = S0 + w * (S2 + w * S4);
  const odd = S1 + w * (S3 + w * S5);
  return r + (r * z * (even + z * odd) + low * (1 - 0.5 * z));
}

/** cos(r + low), |r| ≤ π/4. */
function cosReduced(r: number, low: number): number {
  const z = r * r;
  const w = z * z;
  const half = 0.5 * z;
  const even = C0 + w * (C2 + w * C4);
  const odd = C1 + w * (C3 + w * C5);
  const lead = 1 - half;
  return lead + (1 - lead - half + (w * (even + z * odd) - r * low));
}
