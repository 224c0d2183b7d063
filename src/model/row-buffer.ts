/**
 * Rows that are added one after another, with room for more.
 *
 * A buffer doubles when it is full, so that n rows cost 2n copies altogether. What has been handed out is a
 * view of the rows there were, and stays what it is: rows are only ever written behind it.
 *
 * @module
 */
import { type Matrix, matrix } from '../linalg/index.ts';

/** Some rows at the beginning of a buffer. */
export interface Rows {
  readonly buffer: Float64Array;
  readonly count: number;
  readonly width: number;
}

/** A copy of these rows. */
export const rowsOf = ({ rows, cols, data }: Matrix): Rows => ({
  buffer: data.slice(),
  count: rows,
  width: cols,
});

/** The rows as a matrix, without a copy. */
export const viewOf = ({ buffer, count, width }: Rows): Matrix =>
  matrix(count, width, buffer.subarray(0, count * width));

/**
 * The rows with others behind them. What is behind `before` in its buffer is overwritten: of two extensions of the same
 * rows only the later one holds.
 */
export function extended(before: Rows, { rows, data }: Matrix): Rows {
  const { width } = before;
  const count = before.count + rows;
  const used = before.count * width;
  let { buffer } = before;
  if (buffer.length < count * width) {
    buffer = new Float64Array(2 * count * width);
    buffer.set(before.buffer.subarray(0, used));
  }
  buffer.set(data, used);
  return { buffer, count, width };
}
