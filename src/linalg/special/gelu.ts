/**
 * GELU, x·Φ(x) with the distribution function Φ of the normal distribution, and its derivative.
 *
 * No branch in either: both are sums of 0, 1 or x and one term that decays on both sides of 0.
 *
 * Source: D. Hendrycks, K. Gimpel, Gaussian Error Linear Units, arXiv:1606.08415.
 *
 * @module
 */
import { erfcx, REST } from './erfcx.ts';
import { expParts, PARTS, scaled } from './exp-parts.ts';

/** gelu(−40) and its derivative are far below the smallest double (e⁻⁸⁰⁰). */
const FURTHEST = 40;

/** √½, rounded; erfcx feels its error less than relatively. */
const SQRT_HALF: number = Math.SQRT1_2;

/** 1/√(2π), rounded. */
const DENSITY = 0.3989422804014327;

/** 1.5·2³²: adding and subtracting it rounds to a multiple of 2⁻²⁰: 26 bits below 64. */
const SPLITTER = 6442450944;

/** The constants above, for the kernel that computes pairs: it has none of its own. */
export const GELU_CONSTANTS: {
  readonly furthest: number;
  readonly sqrtHalf: number;
  readonly density: number;
  readonly splitter: number;
} = { furthest: FURTHEST, sqrtHalf: SQRT_HALF, density: DENSITY, splitter: SPLITTER };

/**
 * x·Φ(x) = x/2·erfc(−x/√2).
 *
 * With a = |x| and g = a/2·exp(−a²/2)·erfcx(a/√2) it is −g for a negative x and x − g for a positive one.
 * a² is split so that its rounding error is kept; the argument of erfcx may be rounded, because
 * that function is smooth.
 *
 * Error: within 3u·(|y| + |x·y′|) (2.73 measured on 3·10⁷ arguments) and below 5 ulp, also in the tail, where the composite bound
 * 8u·(|y| + |x·y′|) allows 16·x² ulp; at most one unit of 2⁻¹⁰⁷⁴ more for a subnormal result.
 *
 * Any double: gelu(±0) = ±0, gelu(−Infinity) = −0, gelu(Infinity) = Infinity, gelu(NaN) = NaN; −0
 * from −38.5… down.
 */
export function gelu(x: number): number {
  const size = Math.abs(x);
  const bounded = size > FURTHEST ? FURTHEST : size; // NaN stays NaN
  const h = gaussian(bounded);
  const smooth = erfcx(bounded * SQRT_HALF);
  const upper = h * smooth + (PARTS[0] * smooth + h * REST[0]); // 2·Φ(−a), mantissa
  const g = scaled(0.5 * bounded * upper, PARTS[1]);
  return x < 0 ? -g : x - g;
}

/**
 * The derivative of gelu: Φ(x) + x·φ(x), φ(x) = exp(−x²/2)/√(2π).
 *
 * With a = |x| and g = exp(−a²/2)·(erfcx(a/√2)/2 − a/√(2π)) it is g for a negative x and 1 − g for
 * a positive one. g is 0 at a = 0.7517915…, where the two terms cancel.
 *
 * Error: within 5.5u·(|y| + |x·y′|) + 2|x|·2⁻¹⁰⁷⁴ (4.83 measured on 2·10⁷ arguments, where y′ is 0); 8u
 * is the bound of all composites, 8u·(|y| + |x·y'|) (README.md beside this file).
 *
 * Any double: 1/2 at ±0, −0 at −Infinity, 1 at Infinity, NaN for NaN.
 */
export function geluDerivative(x: number): number {
  const size = Math.abs(x);
  const bounded = size > FURTHEST ? FURTHEST : size; // NaN stays NaN
  const h = gaussian(bounded);
  const smooth = erfcx(bounded * SQRT_HALF);
  const factor = 0.5 * smooth - bounded * DENSITY + 0.5 * REST[0];
  const g = scaled(h * factor + PARTS[0] * factor, PARTS[1]);
  return x < 0 ? g : 1 - g;
}

/** exp(−a²/2) as `expParts` returns it, for 0 ≤ a ≤ 40. */
function gaussian(a: number): number {
  const lead = a + SPLITTER - SPLITTER;
  return expParts(-0.5 * (lead * lead), 0.5 * ((lead - a) * (lead + a)));
}
