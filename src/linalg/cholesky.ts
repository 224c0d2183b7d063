/**
 * The Cholesky factorisation of a symmetric positive definite matrix.
 *
 * @module
 */
import { scaleTo } from './columns.ts';
import { NotPositiveDefinite, requireSquare, requireSymmetric } from './factorisation-errors.ts';
import * as kernels from './kernels.ts';
import { type Matrix, matrix } from './matrix.ts';
import { exponentOf, timesPowerOfTwo } from './powers-of-two.ts';
import { multiplyNT } from './products.ts';
import { solveLower, solveLowerTransposed } from './triangular.ts';

/**
 * The lower triangular L with a = L·Lᵀ and a positive diagonal; zeros above it.
 *
 *   l_ij = (a_ij − Σ_{k<j} l_ik·l_jk)/l_jj,   l_ii = √(a_ii − Σ_{k<i} l_ik²),   sums in two lanes
 *
 * Shapes: a is n×n, symmetric to the bit. It need not be well scaled: a is taken as D·B·D with
 * powers of two D that put the diagonal of B into [1, 4), and B is factored; that changes no bit
 * where nothing would overflow or underflow anyway.
 *
 * Error: |a − L̂·L̂ᵀ| ≤ γ_{n+1}·|L̂|·|L̂ᵀ| entrywise, if it runs to the end (Higham, Accuracy and Stability
 * of Numerical Algorithms, 2nd ed., Theorem 10.3), plus (n + 1)·2⁻¹⁰⁷⁴ in B for products that are
 * subnormal. It does if the smallest eigenvalue of a scaled to unit diagonal is above
 * n·γ_{n+1}/(1 − γ_{n+1}) (Theorem 10.7).
 *
 * @throws ShapeError if a is not square; NonFiniteError; DomainError if a is not symmetric.
 * @throws NotPositiveDefinite with the first pivot that is not positive: a is not positive
 * definite, or too near to a matrix that is not.
 */
export function cholesky(a: Matrix): Matrix {
  requireSymmetric('cholesky', 'a', a);
  const n = a.rows;
  // d_i = 2^e_i with 4^e_i ≤ a_ii < 4^(e_i + 1). A diagonal entry ≤ 0 stops the loop at that row.
  const e = Int32Array.from({ length: n }, (_, i) => Math.floor(exponentOf(a.data[i * n + i]) / 2));
  const L = matrix(n, n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const b = timesPowerOfTwo(a.data[i * n + j], -e[i] - e[j]);
      L.data[i * n + j] = (b - kernels.dot(L.data, i * n, L.data, j * n, j)) / L.data[j * n + j];
    }
    const b = timesPowerOfTwo(a.data[i * n + i], -2 * e[i]);
    const pivot = b - kernels.dot(L.data, i * n, L.data, i * n, i);
    if (!(pivot > 0)) {
      // What overflows does so because |a_ij|² > a_ii·a_jj by far; then the pivot is far below 0.
      const value = Number.isNaN(pivot) ? -Infinity : timesPowerOfTwo(pivot, 2 * e[i]);
      throw new NotPositiveDefinite('cholesky', i, value);
    }
    L.data[i * n + i] = Math.sqrt(pivot);
  }
  for (let i = 0; i < n; i++) scaleTo(L.data, i * n, i + 1, e[i], L.data, i * n);
  return L;
}

/**
 * X with (L·Lᵀ)·X = B, by two triangular solves.
 *
 * Shapes: L n×n lower triangular, B n×k gives n×k. Only the lower triangle of `l` is read.
 *
 * Error: with L̂ from `cholesky(a)`, (a + Δa)·x̂ = b exactly with |Δa| ≤ γ_{3n+1}·|L̂|·|L̂ᵀ| entrywise,
 * for each column (Higham, Theorem 10.4), if no product is subnormal. The solves are not scaled.
 *
 * @throws ShapeError, NonFiniteError and SingularMatrix as `solveLower`.
 */
export function choleskySolve(l: Matrix, b: Matrix): Matrix {
  return solveLowerTransposed(l, solveLower(l, b));
}

/**
 * L·Lᵀ, which is the factored matrix again. Shapes: n×n. Error: γ_n·|L|·|Lᵀ| entrywise on top of that
 * of L. The part of `l` above the diagonal is not read.
 *
 * @throws ShapeError if `l` is not square; NonFiniteError if an entry of `l` is not finite.
 */
export function choleskyReconstruct(l: Matrix): Matrix {
  requireSquare('choleskyReconstruct', 'L', l);
  const lower = matrix(l.rows, l.cols);
  for (let i = 0; i < l.rows; i++) {
    for (let j = 0; j <= i; j++) lower.data[i * l.cols + j] = l.data[i * l.cols + j];
  }
  return multiplyNT(lower, lower);
}
