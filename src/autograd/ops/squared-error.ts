/**
 * The squared distance of two matrices, as a scalar: the loss of regression.
 *
 * @module
 */
import { type Matrix, matrix, subtractMatrices } from '../../linalg/index.ts';
import * as kernels from '../../linalg/kernels.ts';
import { type Op, probeMatrix, requireShapes } from '../op.ts';

/**
 * y = Σ (prediction − target)².
 *
 *   backward   dprediction = 2·dy·(prediction − target),  dtarget = −dprediction
 *
 * The sum has the two-lane order. Shapes: prediction and target r×c, y 1×1.
 *
 * @throws ShapeError if the shapes differ.
 */
export const squaredError: Op<Matrix> = {
  name: 'squaredError',
  forward(args) {
    const [prediction, target] = args;
    requireShapes('squaredError', 'two matrices of one shape are required', args, 2, () => {
      return prediction.rows === target.rows && prediction.cols === target.cols;
    });
    const difference = subtractMatrices(prediction, target);
    const { data } = difference;
    const total = kernels.dot(data, 0, data, 0, data.length);
    return { value: matrix(1, 1, Float64Array.of(total)), saved: difference };
  },
  backward(dy, difference, needed) {
    const { rows, cols, data } = difference;
    const scaled = (factor: number): Matrix => {
      const result = matrix(rows, cols);
      kernels.scale(factor, data, result.data);
      return result;
    };
    const twice = 2 * dy.data[0];
    return [needed[0] ? scaled(twice) : null, needed[1] ? scaled(-twice) : null];
  },
  probe: (random) => [probeMatrix(3, 2, random), probeMatrix(3, 2, random)],
};
