/**
 * Plain twins of the reductions to one number.
 *
 * They share one order of rounding, which two SIMD lanes can follow: s0 adds the even terms, s1
 * the odd ones, both from +0 upwards; the result is s0 + s1, and if the number of terms is odd
 * the last term is added at the end. For n terms |ŝ − s| ≤ γ_n·Σ|term|, γ_n = n·u/(1 − n·u),
 * u = 2⁻⁵³, if no product is subnormal (Higham, Accuracy and Stability of Numerical Algorithms, 2nd
 * ed., section 4.2).
 *
 * These functions trust their callers: `n` numbers must be there from each offset on.
 *
 * @module
 */

/** Σ_i x[from + i], i < n. */
export function sum(x: Float64Array, from: number, n: number): number {
  let s0 = 0;
  let s1 = 0;
  const even = n - (n % 2);
  for (let i = 0; i < even; i += 2) {
    s0 += x[from + i];
    s1 += x[from + i + 1];
  }
  const s = s0 + s1;
  return n === even ? s : s + x[from + even];
}

/** Σ_i x[fromX + i]·y[fromY + i], i < n. Each product is rounded, then added. */
export function dot(
  x: Float64Array,
  fromX: number,
  y: Float64Array,
  fromY: number,
  n: number,
): number {
  let s0 = 0;
  let s1 = 0;
  const even = n - (n % 2);
  for (let i = 0; i < even; i += 2) {
    s0 += x[fromX + i] * y[fromY + i];
    s1 += x[fromX + i + 1] * y[fromY + i + 1];
  }
  const s = s0 + s1;
  return n === even ? s : s + x[fromX + even] * y[fromY + even];
}

/** max_i x[from + i], i < n; −∞ when n = 0; NaN if one of them is NaN. */
export function maximum(x: Float64Array, from: number, n: number): number {
  let largest = -Infinity;
  for (let i = 0; i < n; i++) largest = Math.max(largest, x[from + i]);
  return largest;
}
