/**
 * Matrices side by side, one below the other, and a run of columns. All are copies without rounding.
 *
 * @module
 */
import type { Matrix } from '../../linalg/index.ts';
import * as kernels from '../../linalg/kernels.ts';
import { resultMatrix } from '../../linalg/wasm/workspace.ts';
import { type Op, probeMatrix, requireShapes } from '../op.ts';

/** Copies columns `from` … `from + width − 1` of x. */
function columnsOf(x: Matrix, from: number, width: number): Matrix {
  const y = resultMatrix(x.rows, width);
  kernels.copyColumns(
    { data: x.data, cols: x.cols, from },
    { data: y.data, cols: width, from: 0 },
    x.rows,
    width,
  );
  return y;
}

/** Writes x into columns `from` … of y. */
function putColumns(x: Matrix, y: Matrix, from: number): void {
  kernels.copyColumns(
    { data: x.data, cols: x.cols, from: 0 },
    { data: y.data, cols: y.cols, from },
    x.rows,
    x.cols,
  );
}

/**
 * Columns `from` (included) to `to` (excluded) of a matrix.
 *
 * Shapes: x r×c, y r×(to − from). Backward: dx is dy in those columns and 0 elsewhere.
 *
 * @throws ShapeError unless 0 ≤ from ≤ to ≤ c are integers.
 */
export function sliceColumns(from: number, to: number): Op<number> {
  const name = `sliceColumns(${from}, ${to})`;
  return {
    name,
    forward(args) {
      const [x] = args;
      requireShapes(name, `a matrix with columns ${from} to ${to} is required`, args, 1, () => {
        return (
          Number.isInteger(from) && Number.isInteger(to) && 0 <= from && from <= to && to <= x.cols
        );
      });
      return { value: columnsOf(x, from, to - from), saved: x.cols };
    },
    backward(dy, cols) {
      const dx = resultMatrix(dy.rows, cols);
      dx.data.fill(0);
      putColumns(dy, dx, from);
      return [dx];
    },
    probe: (random) => [probeMatrix(3, to + 1, random)],
  };
}

/**
 * Any number of matrices side by side.
 *
 * Shapes: arguments r×c₁, r×c₂ …; the value r×Σc. Backward: each gets its columns of dy.
 *
 * @throws ShapeError if there is no argument, or the numbers of rows differ.
 */
export const concatColumns: Op<readonly number[]> = {
  name: 'concatColumns',
  forward(args) {
    const [first] = args;
    requireShapes(
      'concatColumns',
      'matrices of as many rows are required',
      args,
      atLeastOne(args),
      () => args.every((x) => x.rows === first.rows),
    );
    const widths = args.map((x) => x.cols);
    const y = resultMatrix(
      first.rows,
      widths.reduce((total, width) => total + width, 0),
    );
    let from = 0;
    for (const x of args) {
      putColumns(x, y, from);
      from += x.cols;
    }
    return { value: y, saved: widths };
  },
  backward(dy, widths) {
    let from = 0;
    return widths.map((width) => {
      const dx = columnsOf(dy, from, width);
      from += width;
      return dx;
    });
  },
  probe: (random) => [3, 1, 2].map((width) => probeMatrix(2, width, random)),
};

/**
 * Any number of matrices one below the other.
 *
 * Shapes: arguments r₁×c, r₂×c …; the value Σr×c. Backward: each gets its rows of dy.
 *
 * @throws ShapeError if there is no argument, or the numbers of columns differ.
 */
export const concatRows: Op<readonly number[]> = {
  name: 'concatRows',
  forward(args) {
    const [first] = args;
    requireShapes(
      'concatRows',
      'matrices of as many columns are required',
      args,
      atLeastOne(args),
      () => args.every((x) => x.cols === first.cols),
    );
    const heights = args.map((x) => x.rows);
    const y = resultMatrix(
      heights.reduce((total, height) => total + height, 0),
      first.cols,
    );
    let from = 0;
    for (const { data } of args) {
      y.data.set(data, from);
      from += data.length;
    }
    return { value: y, saved: heights };
  },
  backward(dy, heights) {
    let from = 0;
    return heights.map((height) => {
      const start = from * dy.cols;
      from += height;
      const dx = resultMatrix(height, dy.cols);
      dx.data.set(dy.data.subarray(start, from * dy.cols));
      return dx;
    });
  },
  probe: (random) => [3, 1, 2].map((height) => probeMatrix(height, 2, random)),
};

/** The number of arguments to require: what came, but not none. */
const atLeastOne = (args: readonly Matrix[]): number => Math.max(args.length, 1);
