/**
 * Products of two matrices.
 *
 * @module
 */
import { type Matrix, multiply, multiplyNT, multiplyTN } from '../../linalg/index.ts';
import { type Op, probeMatrix, requireShapes } from '../op.ts';

/**
 * y = a·b.
 *
 *   backward   da = dy·bᵀ,  db = aᵀ·dy
 *
 * Shapes: a is m×k, b is k×n, y is m×n.
 *
 * @throws ShapeError if the inner sizes differ.
 */
export const matmul: Op<readonly Matrix[]> = {
  name: 'matmul',
  forward(args) {
    const [a, b] = args;
    requireShapes('matmul', 'm×k and k×n are required', args, 2, () => a.cols === b.rows);
    return { value: multiply(a, b), saved: args };
  },
  backward: (dy, [a, b], needed) => [
    needed[0] ? multiplyNT(dy, b) : null,
    needed[1] ? multiplyTN(a, dy) : null,
  ],
  probe: (random) => [probeMatrix(3, 5, random), probeMatrix(5, 2, random)],
};

/**
 * y = x·Wᵀ: the linear map W applied to each row of x.
 *
 *   backward   dx = dy·W,  dW = dyᵀ·x
 *
 * Shapes: x is r×k, W is n×k (stored [out, in]), y is r×n.
 *
 * @throws ShapeError if x and W have different numbers of columns.
 */
export const linear: Op<readonly Matrix[]> = {
  name: 'linear',
  forward(args) {
    const [x, W] = args;
    requireShapes('linear', 'x r×k and W n×k are required', args, 2, () => x.cols === W.cols);
    return { value: multiplyNT(x, W), saved: args };
  },
  backward: (dy, [x, W], needed) => [
    needed[0] ? multiply(dy, W) : null,
    needed[1] ? multiplyTN(dy, x) : null,
  ],
  probe: (random) => [probeMatrix(3, 5, random), probeMatrix(2, 5, random)],
};
