/**
 * Norms of matrices, and condition numbers.
 *
 * All scale by a power of two first, so that nothing overflows or underflows on the way; a norm above
 * the largest double is Infinity. The norm of a matrix without entries is 0.
 *
 * @module
 */
import { requireFiniteMatrix } from './factorisation-errors.ts';
import * as kernels from './kernels.ts';
import { type Matrix, matrix } from './matrix.ts';
import { scaleToUnit, timesPowerOfTwo } from './powers-of-two.ts';
import { maxAbs, norm } from './products.ts';
import { svd } from './svd.ts';

/**
 * max_j Σ_i |a_ij|, the norm that ‖x‖₁ induces. Each column is summed downwards from 0. Relative
 * error at most γ_{m−1} for an m×n matrix, if the result is not subnormal.
 *
 * @throws ShapeError or NonFiniteError if the data do not fit or are not finite.
 */
export function oneNorm(a: Matrix): number {
  requireFiniteMatrix('oneNorm', 'a', a);
  const { scaled, exponent } = scaleToUnit(a.data);
  const sums = new Float64Array(a.cols);
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < a.cols; j++) sums[j] += Math.abs(scaled[i * a.cols + j]);
  }
  return timesPowerOfTwo(maxAbs(sums), exponent);
}

/**
 * max_i Σ_j |a_ij|, the norm that ‖x‖_∞ induces. Each row is summed in two lanes. Relative error at
 * most γ_{n−1} for an m×n matrix, if the result is not subnormal. Throws as `oneNorm`.
 */
export function infinityNorm(a: Matrix): number {
  requireFiniteMatrix('infinityNorm', 'a', a);
  const { scaled, exponent } = scaleToUnit(a.data);
  const sizes = scaled.map(Math.abs);
  let largest = 0;
  for (let i = 0; i < a.rows; i++) {
    largest = Math.max(largest, kernels.sum(sizes, i * a.cols, a.cols));
  }
  return timesPowerOfTwo(largest, exponent);
}

/** √Σ a_ij². Relative error as `norm`: γ_{mn+2} for an m×n matrix. Throws as `oneNorm`. */
export function frobeniusNorm(a: Matrix): number {
  requireFiniteMatrix('frobeniusNorm', 'a', a);
  return norm(a.data);
}

/**
 * The largest singular value, the norm that ‖x‖₂ induces. Error as `svd`; Infinity if it overflows.
 * Throws as `oneNorm`, and ConvergenceError as `svd`.
 */
export function spectralNorm(a: Matrix): number {
  requireFiniteMatrix('spectralNorm', 'a', a);
  const { scaled, exponent } = scaleToUnit(a.data);
  return timesPowerOfTwo(svd(matrix(a.rows, a.cols, scaled)).s[0] ?? 0, exponent);
}

/**
 * κ₂ = s₀/s_{k−1}, the largest singular value over the smallest of the k = min(m, n). Infinity if
 * the smallest is 0; 1 if there are none.
 *
 * Error: with δ the bound of `svd` on |ŝ_i − s_i|/s₀, the result lies in κ·[1 − 2δκ, 1 + 3δκ] as far as
 * δκ ≤ 1/3; so a result beyond 1/δ, about 1e12 for order 10, says only that κ is that large. For a
 * matrix that is ill-conditioned through the scaling of its columns it is far more accurate.
 * Throws as `spectralNorm`.
 */
export function conditionNumber(a: Matrix): number {
  requireFiniteMatrix('conditionNumber', 'a', a);
  const { s } = svd(matrix(a.rows, a.cols, scaleToUnit(a.data).scaled));
  if (s.length === 0) return 1;
  return s[s.length - 1] === 0 ? Infinity : s[0] / s[s.length - 1];
}
