/**
 * eˣ and eˣ − 1 to about ten bits more than a double holds: the core of expm1, tanh, sigmoid,
 * softplus, erfc and of what is built on them. `exp` itself has a shorter core of its own.
 *
 * No branch; two interleaved Horner chains; so a version on two SIMD lanes can do the same
 * operations in the same order. (Lanes make 2ᵏ from the exponent field instead of a table.)
 *
 * A function here returns the leading part and leaves the rest in `PARTS`, which the next call
 * overwrites: allocating a pair would cost more than computing it.
 *
 * @module
 */
import { LN2_HIGH, LN2_LOW, POWER_ZERO, POWERS_OF_TWO } from './exp.ts';

/** log2(e), rounded. Where that changes k, r is ±ln 2/2 and either k will do. */
// biome-ignore lint/suspicious/noApproximativeNumericConstant: Math.LOG2E is specified only approximately
const LOG2_E = 1.4426950408889634;

/** 1.5·2⁵²: adding and subtracting it rounds to an integer, ties to even. */
const ROUNDER = 6755399441055744;

/** 1.5·2²⁶: adding and subtracting it rounds a number below 1 to a multiple of 2⁻²⁶. */
const SPLITTER = 100663296;

// c(r) of exp(r) − 1 = r + r²/2 + r³·c(r). Minimax on |r| ≤ ln 2/2 + 2⁻²⁰ for the relative error of
// exp(r) − 1: max error 1.6e-18 = 2⁻⁵⁹·¹, coefficients rounded to doubles.
const C0 = 0.16666666666666677;
const C1 = 0.04166666666666658;
const C2 = 0.008333333333322167;
const C3 = 0.0013888888888942627;
const C4 = 0.00019841269884919287;
const C5 = 2.4801587198273724e-5;
const C6 = 2.755724532050391e-6;
const C7 = 2.7557387025089045e-7;
const C8 = 2.5108676359256272e-8;
const C9 = 2.087890946272616e-9;

/** The constants above, for the kernels that compute pairs: they have none of their own. */
export const EXP_PARTS_CONSTANTS: {
  readonly log2e: number;
  readonly rounder: number;
  readonly splitter: number;
  readonly c: readonly number[];
} = {
  log2e: LOG2_E,
  rounder: ROUNDER,
  splitter: SPLITTER,
  c: [C0, C1, C2, C3, C4, C5, C6, C7, C8, C9],
};

/** What the last call left: at 0 the low part, at 1 the exponent k. */
export const PARTS: Float64Array = new Float64Array(2);

/**
 * (h + l)·2ᵏ = exp(x + low): returns h, leaves l at `PARTS[0]` and k at `PARTS[1]`.
 *
 * 0.7 < h < 1.42 and |l| ≤ 2⁻⁵³. Relative error below 2⁻⁵⁸ (derived: 2⁻⁶⁰ from the polynomial,
 * 2⁻⁵⁸·⁷ from rounding its terms of third order, which are below 2⁻⁷).
 *
 * Trusts: |x| ≤ 1100 and |low| ≤ 2⁻¹⁰. NaN gives NaN, with k NaN. x = low = 0 gives exactly 1, 0, 0.
 */
export function expParts(x: number, low: number): number {
  const k = x * LOG2_E + ROUNDER - ROUNDER;
  const high = x - k * LN2_HIGH; // exact
  const rest = low - k * LN2_LOW;
  const r = high + rest;
  const rError = high - r + rest;

  const lead = r + SPLITTER - SPLITTER;
  const square = 0.5 * (lead * lead); // exact: lead has at most 25 bits
  const z = r * r;
  const odd = C0 + z * (C2 + z * (C4 + z * (C6 + z * C8)));
  const even = C1 + z * (C3 + z * (C5 + z * (C7 + z * C9)));
  const cubic = z * (r * odd + z * even);

  const first = 1 + r;
  const firstError = r - (first - 1); // exact
  const second = first + square;
  const secondError = square - (second - first); // exact: square < first
  const small =
    0.5 * ((r - lead) * (r + lead)) + cubic + (rError * first + firstError + secondError);
  const h = second + small;
  PARTS[0] = second - h + small;
  PARTS[1] = k;
  return h;
}

/**
 * (h + l)·2ᵏ = exp(x) − 1: returns h, leaves l at `PARTS[0]` and k at `PARTS[1]`.
 *
 * The same sum as in `expParts`, with 1 − 2⁻ᵏ in place of 1; relative error below 2⁻⁵⁶, because
 * the sum may be as small as 0.2 when k is not 0, and has no leading 1 when it is.
 *
 * Trusts: −60 ≤ x ≤ 1100. NaN gives NaN, with k NaN. For |x| ≤ ln 2/2, k is 0.
 */
export function expm1Parts(x: number): number {
  const k = x * LOG2_E + ROUNDER - ROUNDER;
  const high = x - k * LN2_HIGH; // exact
  const rest = k * LN2_LOW;
  const r = high - rest;
  const rError = high - r - rest;

  const lead = r + SPLITTER - SPLITTER;
  const square = 0.5 * (lead * lead); // exact
  const z = r * r;
  const odd = C0 + z * (C2 + z * (C4 + z * (C6 + z * C8)));
  const even = C1 + z * (C3 + z * (C5 + z * (C7 + z * C9)));
  const cubic = z * (r * odd + z * even);

  const power = smallPower(-k); // 2⁻ᵏ; from k = 54 on it is less than an ulp of 1 anyway
  const start = 1 - power;
  const startError = power > 1 ? 1 - (start + power) : 1 - start - power; // exact
  const first = start + r;
  const firstError = r - (first - start); // exact: |start| is 0 or at least 1/2
  const second = first + square;
  const secondError = square - (second - first); // exact: square < |first|
  const small =
    0.5 * ((r - lead) * (r + lead)) +
    cubic +
    (rError * (1 + r) + (firstError + secondError) + startError);
  const h = second + small;
  PARTS[0] = second - h + small;
  PARTS[1] = k;
  return h;
}

/**
 * y·2ᵏ for an integer |k| ≤ 2046, in two steps: exact unless the result is subnormal, and then
 * rounded once if 1/4 < |y| < 2 or so. NaN counts as k = 0.
 */
export function scaled(y: number, k: number): number {
  const whole = k | 0;
  const half = whole >> 1;
  return y * POWERS_OF_TWO[half + POWER_ZERO] * POWERS_OF_TWO[whole - half + POWER_ZERO];
}

/** 2ᵏ for an integer k ≤ 1023, and 2⁻¹⁰⁰⁰ for what is below: nothing next to 1. NaN counts as 0. */
export function smallPower(k: number): number {
  const whole = k | 0;
  return POWERS_OF_TWO[(whole < -1000 ? -1000 : whole) + POWER_ZERO];
}
