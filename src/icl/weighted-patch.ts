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
  scaleToUnit,
  subtract,
  timesPowerOfTwo,
} from '../linalg/index.ts';
import { representable, requireSite } from './patch-weight.ts';

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
 * Error: |v·a − 1| ≤ γ_{2d+2}·κ with κ = Σ|a_j·y_j|/(aᵀy), y = S⁻¹a; for the product (W + ΔW)·a see the
 * bound in `experiments/verify/other-updates.ts`.
 *
 * @throws DegenerateBase if a = 0 or the patch overflows. @throws NotPositiveDefinite naming the pivot of S that is not.
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
  // Scales of a and of S by powers of two change no digit, and keep aᵀS⁻¹a in range.
  const { scaled: a, exponent } = scaleToUnit(base);
  const unitS = matrix(S.rows, S.cols, scaleToUnit(S.data).scaled);
  const y = choleskySolve(cholesky(unitS), matrix(a.length, 1, a)).data;
  const weight = dot(a, y);
  if (!(weight > 0 && weight < Infinity)) {
    throw new DegenerateBase(
      `patchWeightedBy: aᵀS⁻¹a must be positive and finite, got ${weight} (scaled)`,
    );
  }
  const v = y.map((entry) => timesPowerOfTwo(entry / weight, -exponent));
  return representable('patchWeightedBy', {
    p: matrixVector(W, subtract(contextual, base)),
    v,
  });
}
