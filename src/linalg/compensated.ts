/**
 * Sums and products with their rounding errors, and sums as good as in twice the precision.
 *
 * u and γ are those of `unit-roundoff.ts`. Source of all: Ogita, Rump and Oishi, Accurate sum and dot
 * product, SIAM J. Sci. Comput. 26 (2005).
 *
 * @module
 */
import { NonFiniteError, ShapeError } from './errors.ts';
import { requireFinite } from './matrix.ts';

/** A number and what was rounded off it: their exact sum is the exact result. */
export interface WithError {
  readonly value: number;
  readonly error: number;
}

/** 2²⁷ + 1: multiplying by it splits a double into halves of 26 bits (Veltkamp). */
const SPLITTER = 134217729;

/**
 * fl(x + y) and x + y − fl(x + y), exactly, for any two doubles whose sum does not overflow.
 *
 * @throws NonFiniteError if an argument is not finite or the sum overflows.
 *
 * Source: Knuth, The Art of Computer Programming 2, 3rd ed., section 4.2.2, Theorem B.
 */
export function twoSum(x: number, y: number): WithError {
  const value = x + y;
  return finite('twoSum', value, sumError(x, y, value));
}

/**
 * fl(x·y) and x·y − fl(x·y); exact if x·y is 0 or |x·y| ≥ 2⁻⁹⁶⁹, else the error is off by at most
 * 5·2⁻¹⁰⁷⁴.
 *
 * Precondition: |x|, |y| ≤ 2⁹⁹⁶, beyond which splitting overflows, and no overflow of x·y. Scale
 * by powers of two where that may happen.
 *
 * @throws NonFiniteError if an argument is not finite, or a step overflows.
 *
 * Source: Dekker, Numer. Math. 18 (1971), with Veltkamp's splitting.
 */
export function twoProduct(x: number, y: number): WithError {
  const value = x * y;
  return finite('twoProduct', value, productError(x, y, value));
}

/** x + y − s for s = fl(x + y); NaN if s is not finite. For inner loops: checks nothing. */
export function sumError(x: number, y: number, s: number): number {
  const ofY = s - x;
  return x - (s - ofY) + (y - ofY);
}

/** x·y − p for p = fl(x·y); conditions of `twoProduct`. For inner loops: checks nothing. */
export function productError(x: number, y: number, p: number): number {
  const cx = SPLITTER * x;
  const cy = SPLITTER * y;
  const xHigh = cx - (cx - x);
  const yHigh = cy - (cy - y);
  const xLow = x - xHigh;
  const yLow = y - yHigh;
  return xLow * yLow - (p - xHigh * yHigh - xLow * yHigh - xHigh * yLow);
}

function finite(caller: string, value: number, error: number): WithError {
  if (!(Number.isFinite(value) && Number.isFinite(error))) {
    throw new NonFiniteError(
      `${caller}: finite arguments and results are required, got ${value} with error ${error}`,
    );
  }
  return { value, error };
}

/**
 * Σ x_i, as if summed in twice the precision and then rounded (Kahan–Babuška; Neumaier's variant).
 *
 * Two lanes: s0, s1 over even and odd terms, each with the sum c0, c1 of its rounding errors;
 * s = s0 + s1, c = (c0 + c1) + error; the last of an odd number likewise; the result is s + c. Error:
 * |ŝ − s| ≤ u·|s| + γ_n²·Σ|x_i| for n terms, no underflow to speak of; integers below 2⁵³ are exact.
 *
 * @throws NonFiniteError if a term is not finite or a partial sum overflows.
 */
export function compensatedSum(x: Float64Array): number {
  requireFinite('compensatedSum', 'x', x);
  return compensate('compensatedSum', x, new Float64Array(x.length));
}

/**
 * Σ x_i·y_i, as if computed in twice the precision and then rounded (`Dot2`).
 *
 * As `compensatedSum`, where the error of each product is added to that of its addition first. For
 * n terms |ŝ − s| ≤ u·|s| + γ_{n+1}²·Σ|x_i·y_i| + 5n·2⁻¹⁰⁷⁴.
 *
 * Precondition: all |x_i|, |y_i| ≤ 2⁹⁹⁶, as `twoProduct`.
 *
 * @throws ShapeError if the lengths differ; NonFiniteError if an entry is not finite or a step
 * overflows.
 */
export function compensatedDot(x: Float64Array, y: Float64Array): number {
  if (x.length !== y.length) {
    throw new ShapeError(
      `compensatedDot: x and y need as many entries, got ${x.length} and ${y.length}`,
    );
  }
  requireFinite('compensatedDot', 'x', x);
  requireFinite('compensatedDot', 'y', y);
  const products = x.map((xi, i) => xi * y[i]);
  const errors = x.map((xi, i) => productError(xi, y[i], products[i]));
  return compensate('compensatedDot', products, errors);
}

/** Σ terms + Σ extras. Two lanes of (sum, errors), joined, then the last term of an odd number. */
function compensate(caller: string, terms: Float64Array, extras: Float64Array): number {
  const n = terms.length;
  const even = n - (n % 2);
  let [s0, s1, c0, c1] = [0, 0, 0, 0];
  for (let i = 0; i < even; i += 2) {
    const t0 = s0 + terms[i];
    const t1 = s1 + terms[i + 1];
    c0 += sumError(s0, terms[i], t0) + extras[i];
    c1 += sumError(s1, terms[i + 1], t1) + extras[i + 1];
    s0 = t0;
    s1 = t1;
  }
  let s = s0 + s1;
  let c = c0 + c1 + sumError(s0, s1, s);
  if (n !== even) {
    const t = s + terms[even];
    c += sumError(s, terms[even], t) + extras[even];
    s = t;
  }
  return finite(caller, s, c).value + c;
}
