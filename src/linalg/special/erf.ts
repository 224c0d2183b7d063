/**
 * The error function and its complement.
 *
 * Two pieces each, both without branches: lanes compute both and select.
 *
 * @module
 */
import { erfcx, REST } from './erfcx.ts';
import { expParts, PARTS, scaled, smallPower } from './exp-parts.ts';

// E(z) of erf(x) = x + x·E(x²). Minimax on |x| ≤ 1 for the relative error of erf(x): max error
// 1.1e-17 = 2⁻⁵⁶·³, coefficients rounded to doubles.
const E0 = 0.1283791670955126;
const E1 = -0.3761263890318375;
const E2 = 0.11283791670954857;
const E3 = -0.026866170645072893;
const E4 = 0.005223977624780861;
const E5 = -0.0008548326978741851;
const E6 = 0.00012055331036886255;
const E7 = -1.4925593506559153e-5;
const E8 = 1.6460972811595287e-6;
const E9 = -1.6350025164313995e-7;
const E10 = 1.4657879447669644e-8;
const E11 = -1.1365664438622841e-9;
const E12 = 5.945259189501492e-11;

/** Below, the polynomial; from here on exp(−x²)·erfcx(x), since 1 − erf magnifies the rounding of erf. */
const SEAM = 0.75;

/** erfc(28) is far below the smallest double, and erfc(27.2) is 0 as a double. */
const FURTHEST = 28;

/** 1.5·2³¹: adding and subtracting it rounds to a multiple of 2⁻²¹: 26 bits below 32. */
const SPLITTER = 3221225472;

/**
 * erf(x) = 2/√π·∫₀ˣ exp(−t²) dt.
 *
 * |x| < 3/4: x + x·E(x²). Otherwise 1 − erfc(|x|), with the sign of x.
 *
 * Error: below 0.95 ulp (derived where the pieces meet: erfc to 1 ulp before its last addition is
 * 0.4 ulp of erf there, and the last subtraction rounds half an ulp; 0.896 measured on 3·10⁷ arguments). Odd to the bit.
 *
 * Any double: ±0 at ±0, ±1 at ±Infinity and from ±5.9216 on, NaN for NaN; subnormal results
 * within 0.6 units of 2⁻¹⁰⁷⁴.
 */
export function erf(x: number): number {
  const size = Math.abs(x);
  if (size < SEAM) return x + smallPart(x);
  const h = tail(size);
  const power = smallPower(PARTS[1]);
  const upper = h * power;
  const lead = 1 - upper;
  const y = lead + (1 - lead - upper - TAIL[0] * power);
  return x < 0 ? -y : y;
}

/**
 * erfc(x) = 1 − erf(x), without cancellation for large x.
 *
 * |x| < 3/4: (1 − x) − x·E(x²), with the rounding error of 1 − x kept. Beyond: exp(−x²)·erfcx(x) for
 * a positive and 2 − erfc(−x) for a negative x. x² is split so that its rounding error is kept.
 *
 * Error: below 1.5 ulp (1/2 each from the product and the last addition, the rest from erfcx; 1.35
 * measured on 3·10⁷ arguments); at most half a unit of 2⁻¹⁰⁷⁴ more for a subnormal result.
 *
 * Any double: erfc(−Infinity) = 2, erfc(Infinity) = 0, erfc(NaN) = NaN; subnormal from 26.5432… on,
 * 0 from 27.2260… on.
 */
export function erfc(x: number): number {
  const size = Math.abs(x);
  if (size < SEAM) {
    const lead = 1 - x;
    return lead + (1 - lead - x - smallPart(x)); // exact but for the last two
  }
  const y = tail(size) + TAIL[0];
  return x < 0 ? 2 - y * smallPower(PARTS[1]) : scaled(y, PARTS[1]);
}

/** erf(x) − x for |x| ≤ 1: two interleaved Horner chains. */
function smallPart(x: number): number {
  const z = x * x;
  const w = z * z;
  const even = E2 + w * (E4 + w * (E6 + w * (E8 + w * (E10 + w * E12))));
  const odd = E1 + w * (E3 + w * (E5 + w * (E7 + w * (E9 + w * E11))));
  return x * (E0 + (z * odd + w * even));
}

/** What the last call of `tail` left: the part to be added to its result. */
const TAIL: Float64Array = new Float64Array(1);

/** (h + l)·2ᵏ = erfc(x) for x ≥ 3/4: returns h, leaves l at `TAIL[0]` and k at `PARTS[1]`. */
function tail(x: number): number {
  const bounded = x > FURTHEST ? FURTHEST : x; // NaN stays NaN
  const lead = bounded + SPLITTER - SPLITTER;
  const h = expParts(-lead * lead, (lead - bounded) * (lead + bounded)); // −x², in two parts
  const smooth = erfcx(bounded);
  TAIL[0] = PARTS[0] * smooth + h * REST[0];
  return h * smooth;
}
