/**
 * The loss of a classifier, and the log-sum-exp it is made of.
 *
 * @module
 */
import { DomainError, type Matrix, matrix, NonFiniteError } from '../../linalg/index.ts';
import * as kernels from '../../linalg/kernels.ts';
import { resultArray, resultMatrix } from '../../linalg/wasm/workspace.ts';
import { type Op, probeMatrix, requireShapes } from '../op.ts';

interface Saved {
  /** The softmax of each row that counts; 0 in the others. */
  readonly p: Matrix;
  /** How many rows count. */
  readonly count: number;
}

/**
 * y = (Σ_i −log softmax(x_i)_{t_i})/n over the n rows whose target is not `ignore`.
 *
 *   forward    −log softmax(x)_t = log Σ_k exp(x_k − m) − (x_t − m),  m = max_k x_k
 *   backward   dx_ik = (softmax(x_i)_k − [k = t_i])·(dy/n), and 0 in rows that do not count
 *
 * Both sums have the two-lane order, the outer one over the rows that count. Shapes: logits r×V with
 * r = targets.length, y 1×1. The absolute error of a row is a few units of u·(1 + |x_t − m|).
 *
 * @throws DomainError if a target that counts is not an integer from 0 to V − 1, or none counts.
 * @throws ShapeError if there is not one row of logits for each target.
 * @throws NonFiniteError naming a row without a finite loss.
 */
export function crossEntropy(
  targets: ArrayLike<number>,
  { ignore }: { readonly ignore?: number } = {},
): Op<Saved> {
  const wanted = Float64Array.from(targets);
  const counted = Array.from(wanted.keys()).filter((i) => wanted[i] !== ignore);
  const ignored = Array.from(wanted.keys()).filter((i) => wanted[i] === ignore);
  const count = counted.length;
  if (count === 0)
    throw new DomainError('crossEntropy: a target that counts is required, got none');
  return {
    name: `crossEntropy(${count} of ${wanted.length} targets)`,
    forward(args) {
      const [x] = args;
      const needs = `logits with ${wanted.length} rows are required`;
      requireShapes('crossEntropy', needs, args, 1, () => x.rows === wanted.length);
      const V = x.cols;
      const p = resultMatrix(x.rows, V);
      clearRows(p, ignored);
      const losses = resultArray(count);
      counted.forEach((i, at) => {
        const target = wanted[i];
        if (!(Number.isInteger(target) && target >= 0 && target < V)) {
          throw new DomainError(
            `crossEntropy: targets must be integers from 0 to ${V - 1}, got ${target} in row ${i}`,
          );
        }
        const loss = kernels.crossEntropy(x.data, p.data, i * V, V, target);
        if (!Number.isFinite(loss)) {
          throw new NonFiniteError(
            `crossEntropy: the loss of a row must be finite, got ${loss} in row ${i}`,
          );
        }
        losses[at] = loss;
      });
      const average = kernels.sum(losses, 0, count) / count;
      return { value: matrix(1, 1, Float64Array.of(average)), saved: { p, count } };
    },
    backward(dy, { p }) {
      const dx = resultMatrix(p.rows, p.cols);
      clearRows(dx, ignored);
      const factor = dy.data[0] / count;
      for (const i of counted) {
        kernels.crossEntropyBackward(p.data, dx.data, i * p.cols, p.cols, wanted[i], factor);
      }
      return [dx];
    },
    /** Wide enough for the largest target, and one more. */
    probe(random) {
      const largest = counted.reduce((max, i) => Math.max(max, wanted[i]), 0);
      return [probeMatrix(wanted.length, largest + 2, random)];
    },
  };
}

/** Writes 0 to these rows. */
function clearRows({ cols, data }: Matrix, rows: readonly number[]): void {
  for (const i of rows) data.fill(0, i * cols, (i + 1) * cols);
}

/**
 * y_i = log Σ_k exp(x_ik), without overflow.
 *
 *   backward   dx_ik = softmax(x_i)_k·dy_i
 *
 * Shapes: x r×c with c > 0, y r×1.
 *
 * @throws ShapeError if x has no columns.
 * @throws NonFiniteError naming the row whose largest entry is not finite.
 */
export const logSumExpRows: Op<Matrix> = {
  name: 'logSumExpRows',
  forward(args) {
    const [x] = args;
    requireShapes(
      'logSumExpRows',
      'one matrix with columns is required',
      args,
      1,
      () => x.cols > 0,
    );
    const y = resultMatrix(x.rows, 1);
    const p = resultMatrix(x.rows, x.cols);
    for (let i = 0; i < x.rows; i++) {
      y.data[i] = kernels.logSumExp(x.data, p.data, i * x.cols, x.cols);
      if (!Number.isFinite(y.data[i])) {
        throw new NonFiniteError(
          `logSumExpRows: the largest entry of a row must be finite, got another in row ${i}`,
        );
      }
    }
    return { value: y, saved: p };
  },
  backward(dy, p) {
    const dx = resultMatrix(p.rows, p.cols);
    kernels.weightRows(dy.data, p.data, dx.data, p.cols);
    return [dx];
  },
  probe: (random) => [probeMatrix(3, 4, random)],
};
