/**
 * The hyperbolic tangent and its derivative.
 *
 * @module
 */
import { exp } from './exp.ts';
import { expm1Parts, PARTS, smallPower } from './exp-parts.ts';

/** 1 − tanh(20) is 8.5e-18, below half an ulp of 1 (5.6e-17). */
const FURTHEST = 20;

/** 2⁻²⁸: below it x − tanh x < x³/3 is less than 2⁻⁵⁷·x. */
const TINY = 3.725290298461914e-9;

/** 2²⁷ + 1: multiplying by it splits a double into two halves of 26 bits. */
const VELTKAMP = 134217729;

/** 1.5·2²⁷: rounding to a multiple of 2⁻²⁵. */
const SPLIT_25 = 201326592;

/** The constants above, for the kernel that computes pairs: it has none of its own. */
export const TANH_CONSTANTS: {
  readonly furthest: number;
  readonly tiny: number;
  readonly veltkamp: number;
  readonly split25: number;
} = { furthest: FURTHEST, tiny: TINY, veltkamp: VELTKAMP, split25: SPLIT_25 };

/**
 * The hyperbolic tangent of x.
 *
 * With m = exp(−2|x|) − 1, in two doubles, it is −m/(2 + m), with the sign of x. The quotient is
 * corrected by its exact residual, so that only the last addition rounds at full size.
 *
 * Error: below 0.6 ulp (derived: 1/2 from the last addition, 2⁻⁵⁷ relative, at most 2⁻⁴ ulp, from m,
 * half of that from replacing tanh x by x below 2⁻²⁸; 0.554 measured on 3·10⁷ arguments). Odd to the bit: tanh(−x) = −tanh(x), ±0 too.
 *
 * Any double: ±1 at ±Infinity and beyond ±19.06…, NaN for NaN.
 *
 * Source: the residual of a quotient after Veltkamp and Dekker (1971).
 */
export function tanh(x: number): number {
  const size = Math.abs(x);
  const bounded = size > FURTHEST ? FURTHEST : size; // NaN stays NaN
  const h = expm1Parts(-2 * bounded);
  const k = PARTS[1];
  const power = smallPower(k);
  const m = h * power;
  const mLow = PARTS[0] * power;
  const d = 2 + m;
  const dLow = m - (d - 2) + mLow; // −1 ≤ m ≤ 0: exact, but for the last addition

  const inverse = 1 / d;
  const q = m * inverse;
  const big = q * VELTKAMP;
  const qLead = big - (big - q);
  const qRest = q - qLead;
  const dLead = d + SPLIT_25 - SPLIT_25;
  const dRest = d - dLead;
  const residual = m - qLead * dLead - qLead * dRest - qRest * d;
  const y = q + (residual + (mLow - q * dLow)) * inverse;
  return size < TINY ? x : x < 0 ? y : -y;
}

/**
 * The derivative of tanh: 4e/(1 + e)², e = exp(−2|x|).
 *
 * Error: within 3u·(|y| + |x·y′|), as for `sigmoidDerivative`, and up to four units of 2⁻¹⁰⁷⁴ for a
 * subnormal result.
 *
 * Any double: 0 at ±Infinity, NaN for NaN, even to the bit.
 */
export function tanhDerivative(x: number): number {
  const e = exp(-2 * Math.abs(x));
  const d = 1 + e;
  return (4 * e) / (d * d);
}
