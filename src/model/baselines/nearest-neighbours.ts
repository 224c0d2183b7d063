/**
 * The mean label of the nearest pairs.
 *
 * Source: Garg et al., arXiv:2208.01066, section 3: k = 3, uniform weights.
 *
 * @module
 */
import { DomainError, type Matrix, norm, rowOf, subtract } from '../../linalg/index.ts';
import { type Baseline, baselineOf } from './baseline.ts';

/**
 * The indices of the min(k, i) rows of X nearest to x in ‖·‖₂, nearest first. Of rows at the same
 * computed distance the one with the smaller index comes first.
 */
export function nearestRows(X: Matrix, x: Float64Array, k: number): number[] {
  const distances = Array.from({ length: X.rows }, (_, j) => norm(subtract(rowOf(X, j), x)));
  return distances
    .map((_, j) => j)
    .sort((a, b) => distances[a] - distances[b] || a - b)
    .slice(0, k);
}

/**
 * (1/m)·Σ y_j over the m = min(k, i) nearest pairs, summed nearest first.
 *
 * Error: γ_m·(1/m)·Σ|y_j|, unless two distances agree to rounding.
 *
 * @throws DomainError unless k ≥ 1 is an integer.
 */
export function nearestNeighboursBaseline(k = 3): Baseline {
  if (!(Number.isSafeInteger(k) && k >= 1)) {
    throw new DomainError(`nearestNeighboursBaseline: an integer k ≥ 1 is required, got ${k}`);
  }
  return baselineOf(`${k} nearest neighbours`, (X, y, x) => {
    const nearest = nearestRows(X, x, k);
    let sum = 0;
    for (const j of nearest) sum += y[j];
    return sum / nearest.length;
  });
}
