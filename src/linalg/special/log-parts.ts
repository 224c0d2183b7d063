/**
 * The natural logarithm to a few bits more than a double holds: the core of log, log1p, softplus
 * and log-sum-exp.
 *
 * It has no branch and one division, and its polynomial is two interleaved Horner chains, so that a
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

/** 1.5·2²⁶: adding and subtracting it rounds a number below 1 to a multiple of 2⁻²⁶. */
const SPLITTER = 100663296;

/** The upper word of √½. Subtracting it from x's upper word leaves, in the exponent field, k. */
const SQRT_HALF_WORD = 0x3fe6a09e;

/** The constants above, for the kernel that computes pairs: it has none of its own. */
export const LOG_PARTS_CONSTANTS: {
  readonly p: readonly number[];
  readonly splitter: number;
  readonly sqrtHalfWord: number;
} = { p: [P0, P1, P2, P3, P4, P5, P6, P7], splitter: SPLITTER, sqrtHalfWord: SQRT_HALF_WORD };

// One double and the two words it is made of; which word is the upper one depends on the machine.
const DOUBLE: Float64Array = new Float64Array([1]);
const WORDS: Int32Array = new Int32Array(DOUBLE.buffer);
const UPPER: number = WORDS[1] === 0 ? 0 : 1;

/** What the last call left: the part to be added to the leading one. */
export const REST: Float64Array = new Float64Array(1);

/**
 * log(x·(1 + ratio)·2ᵉ), e = `extra`: returns the leading part and leaves the rest at `REST[0]`.
 *
 * With x = 2ᵏ·(1 + f), √½ ≤ 1 + f < √2 (to 20 bits), and s = f / (2 + f):
 * log x = k·ln 2 + f − f²/2 + s·(f²/2 + z·P(z)), z = s². The leading part is k·ln 2 + f − f²/2, summed
 * with its rounding errors kept (f²/2 is split, as its leading half has an exact square); the rest
 * is what remains, at most a tenth of the whole.
 *
 * Error of the two parts together: below 0.16 ulp of their sum (measured).
 *
 * Trusts: x is positive, finite and normal; |ratio| ≤ 2⁻⁵², which stands for log(1 + ratio).
 */
export function logParts(x: number, ratio: number, extra: number): number {
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
  REST[0] = s * (square + (squareRest + z * (even + z * odd))) + (errors + ratio);
  return second;
}
