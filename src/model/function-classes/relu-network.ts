/**
 * Random two-layer ReLU networks.
 *
 *   f(x) = √(2/H)·w₂·max(0, W₁·x),   W₁ H×d, w₂ of H numbers
 *
 * With Gaussian weights and inputs the variance of f(x) is d, as for w·x.
 *
 * Source: Garg et al., arXiv:2208.01066, section 5, H = 100; `Relu2nnRegression` of their code.
 *
 * @module
 */
import {
  dot,
  type Matrix,
  matrix,
  matrixVector,
  requireFinite,
  requireMatrix,
  requireVector,
  ShapeError,
} from '../../linalg/index.ts';
import {
  type FunctionClass,
  normalVector,
  requireArgument,
  requireInteger,
  type ScalarFunction,
} from './function-class.ts';

/**
 * The function above. Both factors are copied; products have the two-lane order.
 *
 * Shapes: W1 H×d, w2 of H numbers, H ≥ 1.
 *
 * @throws ShapeError, TypeError; NonFiniteError if a weight is not finite.
 */
export function reluNetwork(W1: Matrix, w2: Float64Array): ScalarFunction {
  requireMatrix('reluNetwork', 'W1', W1);
  requireVector('reluNetwork', 'w2', w2);
  if (W1.rows !== w2.length || W1.rows === 0) {
    throw new ShapeError(
      `reluNetwork: as many rows of W1 as entries of w2 are required, at least 1, ` +
        `got ${W1.rows}x${W1.cols} and ${w2.length}`,
    );
  }
  requireFinite('reluNetwork', 'W1', W1.data);
  requireFinite('reluNetwork', 'w2', w2);
  const first = matrix(W1.rows, W1.cols, W1.data.slice());
  const second = w2.slice();
  const factor = Math.sqrt(2 / W1.rows);
  return (x) => {
    requireArgument('reluNetwork', x, first.cols);
    const hidden = matrixVector(first, x).map((entry) => Math.max(0, entry));
    return dot(second, hidden) * factor;
  };
}

/**
 * Networks with W₁ (row by row, drawn first) and w₂ standard normal.
 *
 * @throws DomainError unless the hidden width H ≥ 1 is an integer.
 */
export function reluNetworkClass(hidden = 100): FunctionClass {
  requireInteger('reluNetworkClass', 'the hidden width', hidden, 1);
  return {
    name: 'relu-network',
    draw(random, dimension) {
      requireInteger('reluNetworkClass', 'the dimension', dimension, 1);
      const W1 = matrix(hidden, dimension, normalVector(random, hidden * dimension));
      return reluNetwork(W1, normalVector(random, hidden));
    },
  };
}
