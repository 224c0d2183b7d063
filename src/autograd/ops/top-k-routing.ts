/**
 * The weights of a mixture of experts.
 *
 * @module
 */
import { type Matrix, matrix, requireFinite } from '../../linalg/index.ts';
import * as kernels from '../../linalg/kernels.ts';
import { type Op, requireShapes } from '../op.ts';
import { requirePositiveIntegers } from '../options.ts';

/**
 * y_i = softmax over the k largest entries of row i, and 0 elsewhere. Of equal entries the one of
 * smaller index is the larger.
 *
 *   backward   dx_ij = y_ij·(dy_ij − Σ_k dy_ik·y_ik), the selection being constant
 *
 * Shapes: logits and y r×E with E ≥ k. Where the k-th and the next logit are equal the value jumps and
 * there is no derivative; `routing` tells the margin.
 *
 * @throws DomainError if k is not a positive integer; ShapeError if there are fewer than k columns.
 * @throws NonFiniteError if a logit is not finite.
 */
export function topKRouting(k: number): Op<Matrix> {
  requirePositiveIntegers('topKRouting', { k });
  return {
    name: `topKRouting(${k})`,
    attributes: { k },
    forward(args) {
      const [x] = args;
      requireShapes(
        'topKRouting',
        `logits with at least ${k} columns are required`,
        args,
        1,
        () => {
          return x.cols >= k;
        },
      );
      requireFinite('topKRouting', 'logits', x.data);
      const y = matrix(x.rows, x.cols);
      for (let i = 0; i < x.rows; i++) {
        kernels.keepLargest(x.data, y.data, i * x.cols, x.cols, k);
        kernels.softmax(y.data, y.data, i * x.cols, x.cols);
      }
      return { value: y, saved: y };
    },
    backward(dy, y) {
      const dx = matrix(y.rows, y.cols);
      for (let i = 0; i < y.rows; i++) {
        kernels.softmaxBackward(y.data, i * y.cols, dy.data, dx.data, i * y.cols, y.cols);
      }
      return [dx];
    },
    /** Entries of a row are at least 0.3 apart: no difference quotient changes the selection. */
    probe(random) {
      const experts = k + 3;
      const x = matrix(3, experts);
      for (let i = 0; i < x.rows; i++) {
        const order = Array.from({ length: experts }, (_, j) => j);
        for (let j = 0; j < experts; j++) {
          const [level] = order.splice(random.integer(order.length), 1);
          x.data[i * experts + j] = 0.5 * level - 1 + random.between(-0.1, 0.1);
        }
      }
      return [x];
    },
  };
}
