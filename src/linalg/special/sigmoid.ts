/**
 * The logistic function and its derivative.
 *
 * @module
 */
import { exp } from './exp.ts';
import { expParts, PARTS, scaled, smallPower } from './exp-parts.ts';

/** sigmoid(−760)·760 is far below the smallest double. */
const FURTHEST = 760;

/** 1.5·2²⁶ and 1.5·2²⁷: rounding to multiples of 2⁻²⁶ and of 2⁻²⁵. */
const SPLIT_26 = 100663296;
const SPLIT_25 = 201326592;

/** The constants above, for the kernels that compute pairs: they have none of their own. */
export const SIGMOID_CONSTANTS: {
  readonly furthest: number;
  readonly split26: number;
  readonly split25: number;
} = { furthest: FURTHEST, split26: SPLIT_26, split25: SPLIT_25 };

/**
 * 1 / (1 + e⁻ˣ).
 *
 * With e = exp(−|x|) it is 1/(1 + e), or e/(1 + e) for a negative x: nothing overflows or cancels.
 *
 * Error: below 0.55 ulp (derived: 1/2 from the last addition, 2⁻⁵⁸ relative from exp, the rest
 * below 2⁻⁷⁰; 0.532 measured on 3·10⁷ arguments); at most 0.6 units of 2⁻¹⁰⁷⁴ more for a subnormal result. sigmoid(±0) = 1/2.
 *
 * Any double: sigmoid(−Infinity) = 0, sigmoid(Infinity) = 1, sigmoid(NaN) = NaN; 0 below
 * −745.1332191019412.
 */
export function sigmoid(x: number): number {
  const h = sigmoidParts(x, 0);
  return scaled(h, PARTS[1]);
}

/**
 * (h)·2ᵏ = sigmoid(x + low): returns h, between 0.35 and 1.42, and leaves k at `PARTS[1]`.
 *
 * The quotient q = n/d, with n = 1 or the mantissa of e and d = 1 + e, is corrected by its exact
 * residual n − q·d: q and d are split into halves whose products are exact.
 *
 * Any x; |low| ≤ 2⁻¹⁰. Beyond ±760 the value is that at ±760.
 */
export function sigmoidParts(x: number, low: number): number {
  const size = Math.abs(x);
  const bounded = size > FURTHEST ? FURTHEST : size; // NaN stays NaN
  const negative = x < 0;
  const h = expParts(-bounded, negative ? low : -low);
  const l = PARTS[0];
  const k = PARTS[1];
  const power = smallPower(k);
  const e = h * power;
  const d = 1 + e;
  const dLow = e - (d - 1) + l * power; // e ≤ 1: exact, but for the last addition
  const n = negative ? h : 1;
  const nLow = negative ? l : 0;

  const inverse = 1 / d;
  const q = n * inverse;
  const qLead = q + SPLIT_26 - SPLIT_26;
  const qRest = q - qLead;
  const dLead = d + SPLIT_25 - SPLIT_25;
  const dRest = d - dLead;
  const residual = n - qLead * dLead - qLead * dRest - qRest * d;
  PARTS[1] = negative ? k : 0;
  return q + (residual + (nLow - q * dLow)) * inverse;
}

/**
 * The derivative of sigmoid: e/(1 + e)², e = exp(−|x|).
 *
 * Error: relative, below 5.2u (derived: 1.2u from exp, u from 1 + e, twice, u from the square and from
 * the quotient); within 3u·(|y| + |x·y′|) (2.52 measured on 2·10⁷ arguments).
 *
 * Any double: 0 at ±Infinity, NaN for NaN, even to the bit: the same for x and −x.
 */
export function sigmoidDerivative(x: number): number {
  const e = exp(-Math.abs(x));
  const d = 1 + e;
  return e / (d * d);
}
