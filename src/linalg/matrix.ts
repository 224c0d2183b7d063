/**
 * Dense row-major matrices of float64.
 *
 * A `Matrix` is plain data: element (i, j) is `data[i * cols + j]`. There are no strides, no
 * views and nothing to dispose.
 *
 * @module
 */
import { NonFiniteError, ShapeError } from './errors.ts';

/** A dense real matrix, row-major. `data.length === rows * cols`. */
export interface Matrix {
  readonly rows: number;
  readonly cols: number;
  readonly data: Float64Array;
}

/**
 * The matrix with the given entries; wraps `data` without copying it, or is zero when `data` is
 * left out.
 *
 * Shapes: rows×cols, `data` of rows·cols numbers. A size may be 0.
 *
 * @throws ShapeError if a size is not a non-negative integer or `data` has another length.
 * @throws TypeError if `data` is not a Float64Array.
 */
export function matrix(rows: number, cols: number, data?: Float64Array): Matrix {
  if (!isSize(rows) || !isSize(cols)) {
    throw new ShapeError(`matrix: sizes are non-negative integers, got ${rows}x${cols}`);
  }
  const entries = data ?? new Float64Array(rows * cols);
  if (!(entries instanceof Float64Array)) {
    throw new TypeError(`matrix: data must be a Float64Array, got ${describe(entries)}`);
  }
  if (entries.length !== rows * cols) {
    throw new ShapeError(
      `matrix: ${rows}x${cols} needs ${rows * cols} numbers, got ${entries.length}`,
    );
  }
  return { rows, cols, data: entries };
}

/**
 * Refuses what is not a matrix: sizes that are no sizes, data that is no Float64Array or of another
 * length than rows·cols. For the public edges, which may be handed anything.
 *
 * @throws TypeError or ShapeError naming the caller and the operand.
 */
export function requireMatrix(caller: string, operand: string, m: Matrix): void {
  if (!(m?.data instanceof Float64Array)) {
    throw new TypeError(
      `${caller}: ${operand} must be a matrix with Float64Array data, got ${describe(m)}`,
    );
  }
  if (!isSize(m.rows) || !isSize(m.cols) || m.data.length !== m.rows * m.cols) {
    throw new ShapeError(
      `${caller}: ${operand} must have rows·cols numbers, got ${m.rows}x${m.cols} with ` +
        `${m.data.length}`,
    );
  }
}

/** Refuses what is not a vector. @throws TypeError naming the caller and the operand. */
export function requireVector(caller: string, operand: string, x: Float64Array): void {
  if (!(x instanceof Float64Array)) {
    throw new TypeError(`${caller}: ${operand} must be a Float64Array, got ${describe(x)}`);
  }
}

const describe = (x: unknown): string =>
  typeof x === 'object' && x !== null ? (x.constructor?.name ?? 'an object') : String(x);

const isSize = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;

/**
 * The matrix with the given rows, copied.
 *
 * Shapes: r arrays of c numbers each give r×c; no rows give 0×`cols`, where `cols` is needed.
 *
 * @throws ShapeError naming the first row whose length differs, or if `cols` is needed and missing.
 */
export function matrixFromRows(rows: readonly ArrayLike<number>[], cols?: number): Matrix {
  const width = cols ?? rows[0]?.length;
  if (width === undefined) {
    throw new ShapeError(
      'matrixFromRows: without rows the number of columns is required, got none',
    );
  }
  const result = matrix(rows.length, width);
  rows.forEach((row, i) => {
    if (row.length !== width) {
      throw new ShapeError(
        `matrixFromRows: rows must have ${width} entries, got ${row.length} in row ${i}`,
      );
    }
    result.data.set(row, i * width);
  });
  return result;
}

/** Row i of `a`, copied. @throws ShapeError if there is no such row. */
export function rowOf(a: Matrix, i: number): Float64Array {
  if (!(Number.isInteger(i) && i >= 0 && i < a.rows)) {
    throw new ShapeError(`rowOf: the matrix is ${a.rows}x${a.cols}, so there is no row ${i}`);
  }
  return a.data.slice(i * a.cols, (i + 1) * a.cols);
}

/** `x` as a matrix of one row, copied. */
export function rowMatrix(x: Float64Array): Matrix {
  return matrix(1, x.length, x.slice());
}

/**
 * Refuses numbers that are not finite.
 *
 * @throws NonFiniteError naming the caller, the operand and the first such entry.
 */
export function requireFinite(caller: string, operand: string, data: Float64Array): void {
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i])) {
      throw new NonFiniteError(
        `${caller}: ${operand} must be finite, got ${data[i]} at entry ${i}`,
      );
    }
  }
}
