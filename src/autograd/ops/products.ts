/**
 * Products entry by entry: of two matrices, of rows with one row, of rows with one number each.
 *
 * @module
 */
import type { Matrix } from '../../linalg/index.ts';
import * as kernels from '../../linalg/kernels.ts';
import { resultMatrix } from '../../linalg/wasm/workspace.ts';
import { type Op, probeMatrix, requireShapes } from '../op.ts';

/**
 * y = a·b, entry by entry: a gate.
 *
 *   backward   da = dy·b,  db = dy·a
 *
 * Shapes: all r×c.
 *
 * @throws ShapeError if the shapes differ.
 */
export const multiply: Op<readonly Matrix[]> = {
  name: 'multiply',
  forward(args) {
    const [a, b] = args;
    requireShapes('multiply', 'two matrices of one shape are required', args, 2, () => {
      return a.rows === b.rows && a.cols === b.cols;
    });
    return { value: entrywise(a, b), saved: args };
  },
  backward: (dy, [a, b], needed) => [
    needed[0] ? entrywise(dy, b) : null,
    needed[1] ? entrywise(dy, a) : null,
  ],
  probe: (random) => [probeMatrix(3, 4, random), probeMatrix(3, 4, random)],
};

function entrywise(a: Matrix, b: Matrix): Matrix {
  const y = resultMatrix(a.rows, a.cols);
  kernels.multiply(a.data, b.data, y.data);
  return y;
}

/**
 * y_ij = x_ij·s_j: each row times the row s, as LayerScale does.
 *
 *   backward   dx_ij = dy_ij·s_j,  ds_j = Σ_i dy_ij·x_ij, i ascending
 *
 * Shapes: x and y r×c, s 1×c.
 *
 * @throws ShapeError if s is not one row of x's width.
 */
export const scaleRows: Op<readonly Matrix[]> = {
  name: 'scaleRows',
  forward(args) {
    const [x, s] = args;
    requireShapes('scaleRows', 'x r×c and s 1×c are required', args, 2, () => {
      return s.rows === 1 && x.cols === s.cols;
    });
    const y = resultMatrix(x.rows, x.cols);
    kernels.scaleRows(x.data, s.data, y.data, x.rows);
    return { value: y, saved: args };
  },
  backward(dy, [x, s], needed) {
    const dx = resultMatrix(dy.rows, dy.cols);
    kernels.scaleRows(dy.data, s.data, dx.data, dy.rows);
    if (!needed[1]) return [dx, null];
    const ds = resultMatrix(1, dy.cols);
    kernels.sumOfRowProducts(dy.data, x.data, ds.data, dy.rows);
    return [dx, ds];
  },
  probe: (random) => [probeMatrix(3, 4, random), probeMatrix(1, 4, random)],
};

/**
 * y_ij = w_i·x_ij: each row times a number of its own, as a router weighs the rows of an expert.
 *
 *   backward   dx_ij = w_i·dy_ij,  dw_i = Σ_j dy_ij·x_ij in the two-lane order
 *
 * Shapes: x and y r×c, w r×1.
 *
 * @throws ShapeError if w is not one number for each row of x.
 */
export const weightRows: Op<readonly Matrix[]> = {
  name: 'weightRows',
  forward(args) {
    const [x, w] = args;
    requireShapes('weightRows', 'x r×c and w r×1 are required', args, 2, () => {
      return w.cols === 1 && x.rows === w.rows;
    });
    const y = resultMatrix(x.rows, x.cols);
    kernels.weightRows(w.data, x.data, y.data, x.cols);
    return { value: y, saved: args };
  },
  backward(dy, [x, w], needed) {
    const dx = resultMatrix(dy.rows, dy.cols);
    kernels.weightRows(w.data, dy.data, dx.data, dy.cols);
    if (!needed[1]) return [dx, null];
    const dw = resultMatrix(dy.rows, 1);
    kernels.dotsOfRows(dy.data, x.data, dw.data, dy.cols);
    return [dx, dw];
  },
  probe: (random) => [probeMatrix(3, 4, random), probeMatrix(3, 1, random)],
};
