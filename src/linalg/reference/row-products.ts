/**
 * Plain twins of products of the rows of a matrix with one row, one column, or the rows of another.
 *
 * Sizes are trusted, outputs are overwritten; `out` may be x where both have the same shape.
 *
 * @module
 */
import { dot } from './reductions.ts';

/** out[i,j] = x[i,j]·s[j]: every row times the row s, entry by entry. */
export function scaleRows(x: Float64Array, s: Float64Array, out: Float64Array, rows: number): void {
  const n = s.length;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < n; j++) out[i * n + j] = x[i * n + j] * s[j];
  }
}

/** out_j = Σ_i x[i,j]·y[i,j], i ascending from +0: the columns of x times those of y. */
export function sumOfRowProducts(
  x: Float64Array,
  y: Float64Array,
  out: Float64Array,
  rows: number,
): void {
  const n = out.length;
  out.fill(0);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < n; j++) out[j] += x[i * n + j] * y[i * n + j];
  }
}

/** out[i,j] = w[i]·x[i,j]: row i times the number w_i. */
export function weightRows(
  w: Float64Array,
  x: Float64Array,
  out: Float64Array,
  cols: number,
): void {
  for (let i = 0; i < w.length; i++) {
    for (let j = 0; j < cols; j++) out[i * cols + j] = w[i] * x[i * cols + j];
  }
}

/** out_i = Σ_j x[i,j]·y[i,j], in the two-lane order of `reductions.ts`. */
export function dotsOfRows(
  x: Float64Array,
  y: Float64Array,
  out: Float64Array,
  cols: number,
): void {
  for (let i = 0; i < out.length; i++) out[i] = dot(x, i * cols, y, i * cols, cols);
}
