/**
 * Plain twins of the products that a weight update is made of: W·x and W + p·vᵀ.
 *
 * Sizes are trusted, outputs are overwritten and never read.
 *
 * @module
 */
import { dot } from './reductions.ts';

/**
 * y = W·x with W m×n: one dot product a row, in the two-lane order of `reductions.ts`.
 * |ŷ − y| ≤ γ_n·|W|·|x| entrywise.
 */
export function matrixVector(
  W: Float64Array,
  x: Float64Array,
  y: Float64Array,
  m: number,
  n: number,
): void {
  for (let i = 0; i < m; i++) y[i] = dot(W, i * n, x, 0, n);
}

/**
 * out = W + p·vᵀ with W m×n: the product is rounded, then the sum. Where the product is 0 the entry
 * of W stays as it is, also a −0. `out` may be `W`.
 */
export function rankOneUpdate(
  W: Float64Array,
  p: Float64Array,
  v: Float64Array,
  out: Float64Array,
  m: number,
  n: number,
): void {
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      const product = p[i] * v[j];
      out[i * n + j] = product === 0 ? W[i * n + j] : W[i * n + j] + product;
    }
  }
}
