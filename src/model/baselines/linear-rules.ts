/**
 * Baselines that fit a weight vector in one go: least squares, ridge, averaging.
 *
 * Letters as in `baseline.ts`. Predictions are w·x in the two-lane order.
 *
 * Source: Garg et al., arXiv:2208.01066, section 3.
 *
 * @module
 */
import { DomainError, dot, leastSquares, type Matrix, matrix } from '../../linalg/index.ts';
import { type Baseline, baselineOf, requirePairs } from './baseline.ts';

/**
 * w that minimises ‖X·w − y‖², of least norm where it is not unique: for i < d always.
 *
 * Error: the backward error of `leastSquares`, γ_{d(3i+39)}, times the condition of X.
 */
export const leastSquaresBaseline: Baseline = baselineOf('least squares', (X, y, x) =>
  dot(leastSquares(X, matrix(y.length, 1, y)).X.data, x),
);

/**
 * w that minimises ‖X·w − y‖² + ρ·‖w‖²: no factor 1/i in front.
 *
 * @throws DomainError unless ρ ≥ 0 is finite; ρ = 0 is least squares.
 */
export function ridgeBaseline(ridge: number): Baseline {
  if (!(ridge >= 0 && ridge < Infinity)) {
    throw new DomainError(`ridgeBaseline: a finite ridge ≥ 0 is required, got ${ridge}`);
  }
  return baselineOf(`ridge ${ridge}`, (X, y, x) =>
    dot(leastSquares(X, matrix(y.length, 1, y), { ridge }).X.data, x),
  );
}

/** w = (1/i)·Σ_j y_j·x_j: one gradient step of the squared error from 0. */
export const averagingBaseline: Baseline = baselineOf('averaging', (X, y, x) =>
  dot(averagedWeights(X, y), x),
);

/**
 * (1/i)·Σ_j y_j·x_j, j ascending, divided last. Zero for no pairs.
 *
 * Error: γ_{i+1}·(1/i)·Σ_j |y_j·x_j| entrywise.
 *
 * @throws ShapeError, TypeError, NonFiniteError.
 */
export function averagedWeights(X: Matrix, y: Float64Array): Float64Array {
  requirePairs('averagedWeights', X, y);
  const [i, d] = [X.rows, X.cols];
  const w = new Float64Array(d);
  for (let j = 0; j < i; j++) {
    for (let k = 0; k < d; k++) w[k] += y[j] * X.data[j * d + k];
  }
  return i === 0 ? w : w.map((entry) => entry / i);
}
