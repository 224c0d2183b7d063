/**
 * Plain twins of the softmax of one row, and of all rows of a matrix.
 *
 * @module
 */
import { exp } from '../special/exp.ts';
import { dot, maximum, sum } from './reductions.ts';

/**
 * y[from + j] = exp(x[from + j] − m) / Σ_k exp(x[from + k] − m), j < n, m = max_k x[from + k].
 *
 * The sum has the two-lane order of `reductions.ts`. An entry of −∞ weighs exactly 0. Returns m;
 * where m is not finite there is no softmax and y is left as it was, so the caller must look.
 * `y` may be `x`.
 */
export function softmax(x: Float64Array, y: Float64Array, from: number, n: number): number {
  const m = maximum(x, from, n);
  if (!Number.isFinite(m)) return m;
  for (let j = 0; j < n; j++) y[from + j] = exp(x[from + j] - m);
  const total = sum(y, from, n); // at least 1: the largest entry contributes exp(0)
  for (let j = 0; j < n; j++) y[from + j] /= total;
  return m;
}

/**
 * dx = y·(dy − Σ_k dy_k·y_k): the derivative of the softmax y, transposed and applied to dy. The
 * sum has the two-lane order. y is read from `fromY` on, dy read and dx written from `from` on;
 * `dx` may be `dy`.
 */
export function softmaxBackward(
  y: Float64Array,
  fromY: number,
  dy: Float64Array,
  dx: Float64Array,
  from: number,
  n: number,
): void {
  const mean = dot(dy, from, y, fromY, n); // of dy under the distribution y
  for (let j = 0; j < n; j++) dx[from + j] = y[fromY + j] * (dy[from + j] - mean);
}

/**
 * y = softmax(x), row by row: `rows` rows of n numbers. `y` may be `x`.
 *
 * Returns the first row whose largest entry is not finite, with nothing written from that row on, or −1
 * if there is none.
 */
export function softmaxRows(x: Float64Array, y: Float64Array, rows: number, n: number): number {
  for (let i = 0; i < rows; i++) {
    if (!Number.isFinite(softmax(x, y, i * n, n))) return i;
  }
  return -1;
}

/** dx = y·(dy − Σ_k dy_k·y_k), row by row, as `softmaxBackward`. `dx` may be `dy`. */
export function softmaxRowsBackward(
  y: Float64Array,
  dy: Float64Array,
  dx: Float64Array,
  rows: number,
  n: number,
): void {
  for (let i = 0; i < rows; i++) softmaxBackward(y, i * n, dy, dx, i * n, n);
}
