/**
 * Plain twins of the matrix products.
 *
 * One order of rounding for all three: c[i,j] starts at +0 and takes its k products in ascending
 * p, one multiplication and one addition at a time, no fused multiply-add. The order of the loops
 * around that is free, and chosen so that memory is walked forwards. Hence
 * |ĉ − c| ≤ γ_k·|a|·|b| entrywise, γ_k = k·u/(1 − k·u), u = 2⁻⁵³, if no product is subnormal
 * (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., eq. 3.13).
 *
 * All matrices are row-major. `c` is overwritten and never read, so it may hold anything; it must
 * not overlap `a` or `b`. Sizes are trusted.
 *
 * @module
 */

/** c = a·b with a m×k, b k×n, c m×n. */
export function matmul(
  a: Float64Array,
  b: Float64Array,
  c: Float64Array,
  m: number,
  k: number,
  n: number,
): void {
  c.fill(0, 0, m * n);
  for (let i = 0; i < m; i++) {
    for (let p = 0; p < k; p++) {
      const aip = a[i * k + p];
      for (let j = 0; j < n; j++) c[i * n + j] += aip * b[p * n + j];
    }
  }
}

/** c = a·bᵀ with a m×k, b n×k, c m×n: the rows of b are the columns of the factor. */
export function matmulNT(
  a: Float64Array,
  b: Float64Array,
  c: Float64Array,
  m: number,
  k: number,
  n: number,
): void {
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let p = 0; p < k; p++) sum += a[i * k + p] * b[j * k + p];
      c[i * n + j] = sum;
    }
  }
}

/** c = aᵀ·b with a k×m, b k×n, c m×n: the running sums live in c. */
export function matmulTN(
  a: Float64Array,
  b: Float64Array,
  c: Float64Array,
  m: number,
  k: number,
  n: number,
): void {
  c.fill(0, 0, m * n);
  for (let p = 0; p < k; p++) {
    for (let i = 0; i < m; i++) {
      const api = a[p * m + i];
      for (let j = 0; j < n; j++) c[i * n + j] += api * b[p * n + j];
    }
  }
}
