/**
 * Sums and scalings, entry by entry.
 *
 * @module
 */
import * as kernels from '../../linalg/kernels.ts';
import { resultMatrix } from '../../linalg/wasm/workspace.ts';
import { type Op, probeMatrix, requireShapes } from '../op.ts';

/**
 * y = a + b. Backward: da = db = dy. Shapes: all r×c.
 *
 * @throws ShapeError if the shapes differ.
 */
export const add: Op<null> = {
  name: 'add',
  forward(args) {
    const [a, b] = args;
    requireShapes('add', 'two matrices of one shape are required', args, 2, () => {
      return a.rows === b.rows && a.cols === b.cols;
    });
    const y = resultMatrix(a.rows, a.cols);
    kernels.add(a.data, b.data, y.data);
    return { value: y, saved: null };
  },
  backward: (dy) => [dy, dy],
  probe: (random) => [probeMatrix(3, 4, random), probeMatrix(3, 4, random)],
};

/**
 * y = a − b. Backward: da = dy, db = −dy. Shapes: all r×c.
 *
 * @throws ShapeError if the shapes differ.
 */
export const subtract: Op<null> = {
  name: 'subtract',
  forward(args) {
    const [a, b] = args;
    requireShapes('subtract', 'two matrices of one shape are required', args, 2, () => {
      return a.rows === b.rows && a.cols === b.cols;
    });
    const y = resultMatrix(a.rows, a.cols);
    kernels.subtract(a.data, b.data, y.data);
    return { value: y, saved: null };
  },
  backward(dy, _saved, needed) {
    if (!needed[1]) return [dy, null];
    const db = resultMatrix(dy.rows, dy.cols);
    kernels.scale(-1, dy.data, db.data);
    return [dy, db];
  },
  probe: (random) => [probeMatrix(3, 4, random), probeMatrix(3, 4, random)],
};

/**
 * y = x + 1·b: the row b added to each row of x, after the sum it belongs to.
 *
 *   backward   dx = dy,  db_j = Σ_i dy_ij, i ascending
 *
 * Shapes: x and y are r×c, b is 1×c.
 *
 * @throws ShapeError if b is not one row of x's width.
 */
export const addBias: Op<null> = {
  name: 'addBias',
  forward(args) {
    const [x, b] = args;
    requireShapes('addBias', 'x r×c and b 1×c are required', args, 2, () => {
      return b.rows === 1 && x.cols === b.cols;
    });
    const y = resultMatrix(x.rows, x.cols);
    kernels.addToRows(x.data, b.data, y.data, x.rows);
    return { value: y, saved: null };
  },
  backward(dy, _saved, needed) {
    if (!needed[1]) return [dy, null];
    const db = resultMatrix(1, dy.cols);
    kernels.sumOfRows(dy.data, db.data, dy.rows);
    return [dy, db];
  },
  probe: (random) => [probeMatrix(3, 4, random), probeMatrix(1, 4, random)],
};

/** y = factor·x. Backward: dx = factor·dy. Shapes: both r×c. */
export function scale(factor: number): Op<null> {
  return {
    name: `scale(${factor})`,
    attributes: { factor },
    forward(args) {
      const [x] = args;
      requireShapes('scale', 'one matrix is required', args, 1, () => true);
      const y = resultMatrix(x.rows, x.cols);
      kernels.scale(factor, x.data, y.data);
      return { value: y, saved: null };
    },
    backward(dy) {
      const dx = resultMatrix(dy.rows, dy.cols);
      kernels.scale(factor, dy.data, dx.data);
      return [dx];
    },
    probe: (random) => [probeMatrix(3, 4, random)],
  };
}
