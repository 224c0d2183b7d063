/**
 * Softmax of each row.
 *
 * @module
 */
import { type Matrix, NonFiniteError } from '../../linalg/index.ts';
import * as kernels from '../../linalg/kernels.ts';
import { resultMatrix } from '../../linalg/wasm/workspace.ts';
import { type Op, probeMatrix, requireShapes } from '../op.ts';

/**
 * y = softmax(x), row by row.
 *
 *   forward    y_ij  = exp(x_ij − m_i) / Σ_k exp(x_ik − m_i)   with m_i = max_k x_ik
 *   backward   dx_ij = y_ij·(dy_ij − Σ_k dy_ik·y_ik)
 *
 * Shapes: x, y, dy and dx are all r×c.
 *
 * The largest entry of a row must be finite. Entries of −∞ are allowed and weigh exactly 0, which
 * is how a mask is expressed; a row of −∞ only has no softmax.
 *
 * @throws NonFiniteError naming the row whose largest entry is −∞, +∞ or NaN.
 */
export const softmaxRows: Op<Matrix> = {
  name: 'softmaxRows',
  forward(args) {
    const [x] = args;
    requireShapes('softmaxRows', 'one matrix with columns is required', args, 1, () => x.cols > 0);
    const y = resultMatrix(x.rows, x.cols);
    const bad = kernels.softmaxRows(x.data, y.data, x.rows, x.cols);
    if (bad >= 0) {
      const largest = kernels.maximum(x.data, bad * x.cols, x.cols);
      throw new NonFiniteError(
        `softmaxRows: the largest entry of a row must be finite, got ${largest} in row ${bad}`,
      );
    }
    return { value: y, saved: y };
  },
  backward(dy, y) {
    const dx = resultMatrix(y.rows, y.cols);
    kernels.softmaxRowsBackward(y.data, dy.data, dx.data, y.rows, y.cols);
    return [dx];
  },
  probe: (random) => [probeMatrix(3, 4, random)],
};
