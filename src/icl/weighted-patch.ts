/**
 * An update that disturbs other inputs least.
 *
 * @module
 */
import {
  cholesky,
  choleskySolve,
  DegenerateBase,
  dot,
  type Matrix,
  matrix,
  matrixVector,
  type RankOne,
  ShapeError,
  subtract,
} from '../linalg/index.ts';
import { requireSite } from './patch-weight.ts';

/**
 * ΔW = W·δ·(S⁻¹a)ᵀ/(aᵀS⁻¹a), exact like `patchWeight`, and of all exact updates the one that
 * minimises E‖ΔW·x‖² = tr(ΔW·S·ΔWᵀ) over inputs x with second moment S = E[x·xᵀ].
 *
 * With S = I it is `patchWeight`. The form is that of rank-one model editing (Meng et al.,
 * arXiv:2202.05262), here with an exact constraint.
 *
 * Shapes: W m×d, vectors d, S d×d symmetric positive definite.
 *
 * Preconditions: a ≠ 0, S positive definite.
 *
 * @throws DegenerateBase if a = 0. @throws NotPositiveDefinite naming the pivot of S that is not.
 * @throws ShapeError or NonFiniteError as `patchWeight`.
 */
export function patchWeightedBy(
  S: Matrix,
  W: Matrix,
  base: Float64Array,
  contextual: Float64Array,
): RankOne {
  requireSite('patchWeightedBy', W, base, contextual);
  if (S.rows !== W.cols || S.cols !== W.cols) {
    throw new ShapeError(
      `patchWeightedBy: the second moment must be ${W.cols}x${W.cols}, got ${S.rows}x${S.cols}`,
    );
  }
  const column = matrix(base.length, 1, base.slice());
  const y = choleskySolve(cholesky(S), column).data;
  const weight = dot(base, y);
  if (!(weight > 0 && weight < Infinity)) {
    throw new DegenerateBase(`patchWeightedBy: aᵀS⁻¹a must be positive and finite, got ${weight}`);
  }
  return { p: matrixVector(W, subtract(contextual, base)), v: y.map((entry) => entry / weight) };
}
