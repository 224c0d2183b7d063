/**
 * Matrices by columns: copies in which a column lies contiguous, as dot products want it, and in
 * which each column has a power of two taken out, so that squares neither overflow nor vanish.
 *
 * @module
 */
import * as kernels from './kernels.ts';
import { type Matrix, matrix, requireFinite } from './matrix.ts';
import { exponentOf, powerOfTwo, timesPowerOfTwo } from './powers-of-two.ts';

/** The entries of `a`, column after column: entry (i, j) is at j·rows + i. */
export function columnsOf(a: Matrix): Float64Array {
  const { rows, cols, data } = a;
  const columns = new Float64Array(data.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) columns[j * rows + i] = data[i * cols + j];
  }
  return columns;
}

/** The transpose of `a`: n×m for an m×n matrix. */
export const transpose = (a: Matrix): Matrix => matrix(a.cols, a.rows, columnsOf(a));

/** The rows×cols matrix with the given columns, one after the other; the inverse of `columnsOf`. */
export const fromColumns = (rows: number, cols: number, columns: Float64Array): Matrix =>
  transpose(matrix(cols, rows, columns));

/**
 * x[from + i]·2^e, i < n, written to `out` from `fromOut` on; `out` may be `x`. Exact unless the
 * result overflows or is subnormal. −4088 ≤ e ≤ 4092.
 */
export function scaleTo(
  x: Float64Array,
  from: number,
  n: number,
  e: number,
  out: Float64Array,
  fromOut: number,
): void {
  const half = Math.trunc(e / 2);
  if (e > 2046 || e < -2044) {
    scaleTo(x, from, n, half, out, fromOut);
    scaleTo(out, fromOut, n, e - half, out, fromOut);
    return;
  }
  const [first, second] = [powerOfTwo(half), powerOfTwo(e - half)];
  for (let i = 0; i < n; i++) out[fromOut + i] = x[from + i] * first * second;
}

/** max_i |x[from + i]|, i < n; 0 for n = 0. */
export function largestOf(x: Float64Array, from: number, n: number): number {
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, Math.abs(x[from + i]));
  return largest;
}

/** 2⁻⁹⁰⁰: in a sum of squares above it, what underflowed does not count. */
const SAFE = 1.1830521861667747e-271;

/**
 * √Σ x[from + i]², i < n, in two lanes; ‖x‖⟨N/2 + 1⟩ with N = ⌊n/2⌋ + 2. Scaled by a power of two,
 * which changes no bit, where the squares would overflow or underflow.
 */
export function lengthOf(x: Float64Array, from: number, n: number): number {
  const square = kernels.dot(x, from, x, from, n);
  if (square >= SAFE && square < Infinity) return Math.sqrt(square);
  const exponent = exponentOf(largestOf(x, from, n));
  const scaled = new Float64Array(n);
  scaleTo(x, from, n, -exponent, scaled, 0);
  return timesPowerOfTwo(Math.sqrt(kernels.dot(scaled, 0, scaled, 0, n)), exponent);
}

/** Columns, each divided by a power of two. */
export interface ScaledColumns {
  /** Column j from j·rows on; its largest entry lies in [1, 2) or is 0. */
  readonly data: Float64Array;
  /** Column j of the matrix is column j of `data` times 2^exponents[j]. */
  readonly exponents: Int32Array;
}

/**
 * The columns of `a`, scaled. Exact, but for entries more than 2^1022 below the largest of their
 * column, which may lose digits or vanish.
 */
export function scaledColumns(a: Matrix): ScaledColumns {
  const data = columnsOf(a);
  const exponents = new Int32Array(a.cols);
  for (let j = 0; j < a.cols; j++) {
    exponents[j] = exponentOf(largestOf(data, j * a.rows, a.rows));
    scaleTo(data, j * a.rows, a.rows, -exponents[j], data, j * a.rows);
  }
  return { data, exponents };
}

/**
 * The rows×cols matrix whose columns were scaled, scaled back.
 *
 * @throws NonFiniteError, in the name of the caller, if an entry overflows.
 */
export function unscaledMatrix(
  caller: string,
  result: string,
  rows: number,
  cols: number,
  { data, exponents }: ScaledColumns,
): Matrix {
  const back = new Float64Array(rows * cols);
  for (let j = 0; j < cols; j++) scaleTo(data, j * rows, rows, exponents[j], back, j * rows);
  requireFinite(caller, result, back);
  return fromColumns(rows, cols, back);
}
