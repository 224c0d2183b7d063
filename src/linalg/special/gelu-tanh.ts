/**
 * The tanh form of GELU, ½·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))), and its derivative.
 *
 * It is x·sigmoid(v) with v = 2·√(2/π)·(x + 0.044715·x³), which does not cancel for a negative x.
 * It differs from GELU by up to 4.74e-4.
 *
 * Source: D. Hendrycks, K. Gimpel, Gaussian Error Linear Units, arXiv:1606.08415.
 *
 * @module
 */
import { expParts, PARTS, scaled, smallPower } from './exp-parts.ts';
import { sigmoidParts } from './sigmoid.ts';

/** v(±24) = ±1024: sigmoid of it is 0 or 1. */
const FURTHEST = 24;

/** 2·√(2/π) in two doubles. */
const LINEAR = 1.5957691216057308;
const LINEAR_LOW = -9.96930880911092e-17;

/** 2·√(2/π)·0.044715, rounded. */
const CUBIC = 0.07135481627260025;

/** 3·CUBIC, rounded. */
const CUBIC_SLOPE = 0.21406444881780073;

/** 2²⁷ + 1: multiplying by it splits a double into two halves of 26 bits. */
const VELTKAMP = 134217729;

/** 1.5·2³²: adding and subtracting it rounds to a multiple of 2⁻²⁰: 26 bits below 64. */
const SPLITTER = 6442450944;

/** The constants above, for the kernel that computes pairs: it has none of its own. */
export const GELU_TANH_CONSTANTS: {
  readonly furthest: number;
  readonly linear: number;
  readonly linearLow: number;
  readonly cubic: number;
  readonly cubicSlope: number;
  readonly veltkamp: number;
  readonly splitter: number;
} = {
  furthest: FURTHEST,
  linear: LINEAR,
  linearLow: LINEAR_LOW,
  cubic: CUBIC,
  cubicSlope: CUBIC_SLOPE,
  veltkamp: VELTKAMP,
  splitter: SPLITTER,
};

/**
 * x·sigmoid(v), v = 2·√(2/π)·(x + 0.044715·x³).
 *
 * Error: within 2u·(|y| + |x·y′|) + 2|x|·2⁻¹⁰⁷⁴ (1.50 measured on 3·10⁷ arguments): the rounding of v is magnified by |v|, and |x·v′| is between |v| and 3|v|.
 *
 * Any double: ±0 at ±0, −0 at −Infinity, Infinity at Infinity, NaN for NaN.
 */
export function geluTanh(x: number): number {
  const bounded = x < -FURTHEST ? -FURTHEST : x; // NaN stays NaN
  const size = x > FURTHEST ? FURTHEST : bounded;
  const v = cubic(size, CUBIC);
  const h = sigmoidParts(v, LOW[0]);
  return scaled(bounded * h, PARTS[1]);
}

/**
 * The derivative of geluTanh: s + x·v′·s·(1 − s), s = sigmoid(v).
 *
 * With e = exp(−|v|), d = 1 + e and w = |x|·v′ it is (d + w·e)/d² for x ≥ 0 and e·(1 − w + e)/d² below 0,
 * where 1 − w + e has the zero of the function, x = −0.7524….
 *
 * Error: within 5.5u·(|y| + |x·y′|) + 2|x|·2⁻¹⁰⁷⁴ (4.88 measured on 2·10⁷ arguments, where y′ is 0).
 *
 * Any double: 1/2 at ±0, −0 at −Infinity, 1 at Infinity, NaN for NaN.
 */
export function geluTanhDerivative(x: number): number {
  const size = Math.abs(x);
  const bounded = size > FURTHEST ? FURTHEST : size; // NaN stays NaN
  const w = cubic(bounded, CUBIC_SLOPE);
  const wLow = LOW[0];
  const v = cubic(bounded, CUBIC);
  const h = expParts(-v, -LOW[0]);
  const k = PARTS[1];
  const e = h * smallPower(k);
  const d = 1 + e;
  const positive = d + w * e;
  const negative = h * (1 - w + (e - wLow)); // 2ᵏ, which may be subnormal, comes last
  return scaled((x < 0 ? negative : positive) / (d * d), x < 0 ? k : 0);
}

/** What the last call of `cubic` left: the low part of its result. */
const LOW: Float64Array = new Float64Array(1);

/**
 * x·(LINEAR + coefficient·x²) for |x| ≤ 24, in two doubles of which the second is at `LOW[0]`: v for
 * CUBIC, x·v′ for CUBIC_SLOPE.
 *
 * Only the cubic term is rounded before it is added, so where it is small, the two doubles hold more
 * than one of them would.
 */
function cubic(x: number, coefficient: number): number {
  const term = coefficient * (x * x);
  const c = LINEAR + term;
  const part = c - LINEAR;
  const cLow = LINEAR - (c - part) + (term - part) + LINEAR_LOW;
  const xBig = x * VELTKAMP;
  const xLead = xBig - (xBig - x);
  const xRest = x - xLead;
  const cLead = c + SPLITTER - SPLITTER;
  const cRest = c - cLead;
  const v = x * c;
  LOW[0] = xLead * cLead - v + xLead * cRest + xRest * c + x * cLow;
  return v;
}
