/**
 * Parts of a matrix: every n-th row, and single columns.
 *
 * @module
 */
import { resultMatrix } from '../../linalg/wasm/workspace.ts';
import { type Op, probeMatrix, requireShapes } from '../op.ts';

/**
 * The last row of each group of `length` rows: the query tokens of a batch of sequences.
 *
 *   forward    y_i = x_{i·length + length − 1}
 *   backward   dx is dy in those rows and 0 elsewhere
 *
 * Shapes: x is (g·length)×c, y is g×c.
 *
 * @throws ShapeError if the rows of x do not divide into groups, or `length` is no count.
 */
export function lastRows(length: number): Op<number> {
  const name = `lastRows(${length})`;
  return {
    name,
    forward(args) {
      const [x] = args;
      requireShapes(name, `rows in groups of ${length} are required`, args, 1, () => {
        return Number.isInteger(length) && length > 0 && x.rows % length === 0;
      });
      const y = resultMatrix(x.rows / length, x.cols);
      for (let i = 0; i < y.rows; i++) {
        const from = ((i + 1) * length - 1) * x.cols;
        y.data.set(x.data.subarray(from, from + x.cols), i * x.cols);
      }
      return { value: y, saved: x.rows };
    },
    backward(dy, rows) {
      const dx = resultMatrix(rows, dy.cols);
      dx.data.fill(0);
      for (let i = 0; i < dy.rows; i++) {
        const row = dy.data.subarray(i * dy.cols, (i + 1) * dy.cols);
        dx.data.set(row, ((i + 1) * length - 1) * dy.cols);
      }
      return [dx];
    },
    probe: (random) => [probeMatrix(3 * length, 4, random)],
  };
}

/**
 * Column `which` of a matrix.
 *
 * Shapes: x is r×c, y is r×1. Backward: dx is dy in that column and 0 elsewhere.
 *
 * @throws ShapeError if x has no such column.
 */
export function column(which: number): Op<{ rows: number; cols: number }> {
  const name = `column(${which})`;
  return {
    name,
    attributes: { which },
    forward(args) {
      const [x] = args;
      requireShapes(name, `a matrix with a column ${which} is required`, args, 1, () => {
        return Number.isInteger(which) && which >= 0 && which < x.cols;
      });
      const y = resultMatrix(x.rows, 1);
      for (let i = 0; i < x.rows; i++) y.data[i] = x.data[i * x.cols + which];
      return { value: y, saved: { rows: x.rows, cols: x.cols } };
    },
    backward(dy, { rows, cols }) {
      const dx = resultMatrix(rows, cols);
      dx.data.fill(0);
      for (let i = 0; i < rows; i++) dx.data[i * cols + which] = dy.data[i];
      return [dx];
    },
    probe: (random) => [probeMatrix(5, 3, random)],
  };
}
