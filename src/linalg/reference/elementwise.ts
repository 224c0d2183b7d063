/**
 * Plain twins of the maps that act on each entry by itself.
 *
 * Each entry is rounded once an operation, in the order the formula is written. Lengths are
 * trusted; `out` may be one of the inputs, except in `sumOfRows`.
 *
 * @module
 */
import { exp } from '../special/exp.ts';

/** out = x + y. */
export function add(x: Float64Array, y: Float64Array, out: Float64Array): void {
  for (let i = 0; i < out.length; i++) out[i] = x[i] + y[i];
}

/** out = x − y. */
export function subtract(x: Float64Array, y: Float64Array, out: Float64Array): void {
  for (let i = 0; i < out.length; i++) out[i] = x[i] - y[i];
}

/** out = x·y, entry by entry. */
export function multiply(x: Float64Array, y: Float64Array, out: Float64Array): void {
  for (let i = 0; i < out.length; i++) out[i] = x[i] * y[i];
}

/** out = factor·x. */
export function scale(factor: number, x: Float64Array, out: Float64Array): void {
  for (let i = 0; i < out.length; i++) out[i] = factor * x[i];
}

/** out = eˣ, entry by entry. */
export function exponential(x: Float64Array, out: Float64Array): void {
  for (let i = 0; i < out.length; i++) out[i] = exp(x[i]);
}

/** out = x + 1·bᵀ with x of `rows` rows, b added to each: a bias, after the sum it belongs to. */
export function addToRows(x: Float64Array, b: Float64Array, out: Float64Array, rows: number): void {
  const n = b.length;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < n; j++) out[i * n + j] = x[i * n + j] + b[j];
  }
}

/** out_j = Σ_i x[i,j], i ascending from +0: what `addToRows` transposes to. */
export function sumOfRows(x: Float64Array, out: Float64Array, rows: number): void {
  const n = out.length;
  out.fill(0);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < n; j++) out[j] += x[i * n + j];
  }
}

/** out = x where x > 0, else +0; a NaN stays NaN. */
export function relu(x: Float64Array, out: Float64Array): void {
  for (let i = 0; i < out.length; i++) out[i] = x[i] <= 0 ? 0 : x[i];
}

/** out = dy where y > 0, else +0. */
export function reluBackward(y: Float64Array, dy: Float64Array, out: Float64Array): void {
  for (let i = 0; i < out.length; i++) out[i] = y[i] > 0 ? dy[i] : 0;
}
