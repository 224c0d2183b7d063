/**
 * baselines: what prediction a prompt allows without a trained model.
 *
 *   baseline.ts             the record; predictions from every prefix of the pairs
 *   linear-rules.ts         least squares, ridge, averaging
 *   nearest-neighbours.ts   the mean label of the nearest pairs
 *   lasso.ts                sparse weights, by coordinate descent, with their KKT residual
 *   lasso-support.ts        its exact steps on the support
 *
 * @module
 */
import type { Baseline } from './baseline.ts';
import { lassoBaseline } from './lasso.ts';
import { averagingBaseline, leastSquaresBaseline, ridgeBaseline } from './linear-rules.ts';
import { nearestNeighboursBaseline } from './nearest-neighbours.ts';

export { type Baseline, baselineOf, predictPrefixes, predictQuery, type Rule } from './baseline.ts';
export { type Lasso, type LassoOptions, lasso, lassoBaseline } from './lasso.ts';
export {
  averagedWeights,
  averagingBaseline,
  leastSquaresBaseline,
  ridgeBaseline,
} from './linear-rules.ts';
export { nearestNeighboursBaseline, nearestRows } from './nearest-neighbours.ts';

/** One of each, with the settings of the golden file: ridge 1/2, k = 3, α = 0.1. */
export const BASELINES: readonly Baseline[] = [
  leastSquaresBaseline,
  averagingBaseline,
  nearestNeighboursBaseline(3),
  ridgeBaseline(0.5),
  lassoBaseline({ alpha: 0.1 }),
];
