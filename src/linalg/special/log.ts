/**
 * The natural logarithm, from + − × ÷ and the bits of its argument.
 *
 * `Math.log` may differ from engine to engine in the last bit; this function may not. The
 * core has no branch and one division, and its polynomial is two interleaved Horner chains, so that a
 * version on two SIMD lanes can do the same operations in the same order and return the same bits.
 *
 * The coefficients are printed by `scripts/derive-special-coefficients.py`.
 *
 * @module
 */
import { LN2_HIGH, LN2_LOW, POWER_ZERO, POWERS_OF_TWO } from './exp.ts';

// P(z) of 2·atanh(s) = 2s + s·z·P(z), z = s². Minimax on 0 ≤ z ≤ 0.029437296 for the relative error
// of atanh(s): max error 2.9e-19 = 2⁻⁶¹·⁶, coefficients rounded to doubles.
const P0 = 0.6666666666666666;
const P1 = 0.4000000000000624;
const P2 = 0.28571428569087337;
const P3 = 0.22222222646574086;
const P4 = 0.18181775683569476;
const P5 = 0.15387089958646427;
const P6 = 0.1325013633522833;
const P7 = 0.1325116200949946;

/** 2⁻¹⁰²²; what is smaller is subnormal, its exponent field says nothing about its size. */
const SMALLEST_NORMAL = 2.2250738585072014e-308;

/** 2⁵⁴ makes every positive subnormal number normal, exactly. */
const TWO_TO_54 = 18014398509481984;

/** 1.5·2²⁶: adding and subtracting it rounds a number below 1 to a multiple of 2⁻²⁶. */
const SPLITTER = 100663296;

/** The upper word of √½. Subtracting it from x's upper word leaves, in the exponent field, k. */
const SQRT_HALF_WORD = 0x3fe6a09e;

// One double and the two words it is made of; which word is the upper one depends on the machine.
const DOUBLE: Float64Array = new Float64Array([1]);
const WORDS: Int32Array = new Int32Array(DOUBLE.buffer);
const UPPER: number = WORDS[1] === 0 ? 0 : 1;

/**
 * The natural logarithm of x.
 *
 * With x = 2ᵏ·(1 + f), √½ ≤ 1 + f < √2 (to 20 bits), and s = f / (2 + f):
 * log x = k·ln 2 + f − f²/2 + s·(f²/2 + z·P(z)), z = s². The part k·ln 2 + f − f²/2 is summed with
 * its rounding errors kept (f²/2 is split, as its leading half has an exact square), so that only
 * the last addition rounds at full size.
 *
 * Error: below 0.7 ulp (0.657 measured on 1.5·10⁷ arguments). The worst place is just below √½, where
 * log x is half of ln 2: 1/2 from the last addition, 0.11 from s, z and the factor of s, 0.07 from
 * the product with s and the sum after it. log(1) is exactly +0.
 *
 * Any double, subnormal ones too: log(±0) = −Infinity, log(Infinity) = Infinity; NaN for a
 * negative number and for NaN.
 *
 * Source: the identity log(1 + f) = f − f²/2 + s·(f²/2 + R(z)), as in K. C. Ng's log of fdlibm
 * (Sun Microsystems, 1993); the sum of two after Dekker (1971).
 */
export function log(x: number): number {
  if (x >= SMALLEST_NORMAL && x < Infinity) return logOfNormal(x, 0);
  if (x > 0) return x < Infinity ? logOfNormal(x * TWO_TO_54, -54) : x;
  return x === 0 ? -Infinity : NaN;
}

/** log(x·2ᵉ) for e = `extra` and a positive, finite, normal x. */
function logOfNormal(x: number, extra: number): number {
  DOUBLE[0] = x;
  const exponent = (WORDS[UPPER] - SQRT_HALF_WORD) >> 20;
  const k = exponent + extra;
  const f = x * POWERS_OF_TWO[POWER_ZERO - exponent] - 1; // exact
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = P0 + w * (P2 + w * (P4 + w * P6));
  const odd = P1 + w * (P3 + w * (P5 + w * P7));

  const lead = f + SPLITTER - SPLITTER;
  const square = 0.5 * (lead * lead); // exact: lead has at most 25 bits
  const squareRest = 0.5 * ((f - lead) * (f + lead)); // square + squareRest = f²/2
  const high = k * LN2_HIGH; // exact
  const first = high + f;
  const firstError = f - (first - high); // exact: high is 0 or larger than f
  const second = first - square;
  const secondError = first - second - square; // exact: |square| < |first|
  const errors = firstError + secondError + k * LN2_LOW - squareRest;
  return second + (s * (square + (squareRest + z * (even + z * odd))) + errors);
}
