/**
 * Theorem 2: every exact update is ΔW plus a matrix that a does not see, and ΔW is the smallest.
 *
 *   {X : (W + X)·a = W·a'} = {ΔW + M : M·a = 0}
 *   ‖ΔW + M‖_F² = ‖ΔW‖_F² + ‖M‖_F², because ⟨p·vᵀ, M⟩_F = pᵀ·(M·a)/‖a‖² = 0
 *
 * This is minimality for equal pre-activations. Where the activation is not injective, equal
 * outputs can be had for less.
 *
 * @module
 */
import {
  addRankOne,
  innerWithMatrix,
  type Matrix,
  matrix,
  matrixVector,
  norm,
  type RankOne,
  rankOneNorm,
  requireFinite,
  ShapeError,
  subtractMatrices,
  vectorPseudoinverse,
} from '../linalg/index.ts';

/**
 * M − (M·a)·vᵀ with v = a/‖a‖²: the part of M that a does not see. M̂·a = 0 up to
 * γ_{4d+4}·|M||a|.
 *
 * Shapes: M m×d, a d entries. @throws DegenerateBase if a = 0. @throws NonFiniteError for NaN or ±∞.
 */
export function unseenPart(M: Matrix, a: Float64Array): Matrix {
  requireFinite('unseenPart', 'M', M.data);
  const p = matrixVector(M, a).map((entry) => -entry);
  return addRankOne(M, { p, v: vectorPseudoinverse(a) });
}

/** How another update compares with the minimal one. */
export interface MinimalityReport {
  /** ‖ΔW‖_F */
  readonly norm: number;
  /** ‖X‖_F, never smaller where X is exact. */
  readonly otherNorm: number;
  /** ‖(X − ΔW)·a‖: 0 up to rounding exactly where X is as exact as ΔW. */
  readonly seenDifference: number;
  /** cos(ΔW, X), which is ‖ΔW‖_F/‖X‖_F for an exact X; null if one of them is 0. */
  readonly cosine: number | null;
  /** ⟨ΔW, X − ΔW⟩_F, which is 0 up to rounding for an exact X. */
  readonly innerWithDifference: number;
}

/**
 * Compares a claimed update X of a site with its minimal update.
 *
 * Shapes: X m×d, a d entries, `patch` m and d.
 *
 * @throws ShapeError if they do not fit each other.
 */
export function compareWithMinimal(
  patch: RankOne,
  base: Float64Array,
  X: Matrix,
): MinimalityReport {
  if (X.rows !== patch.p.length || X.cols !== patch.v.length || base.length !== X.cols) {
    throw new ShapeError(
      `compareWithMinimal: X must be ${patch.p.length}x${patch.v.length} and a have ` +
        `${patch.v.length} entries, got ${X.rows}x${X.cols} and ${base.length}`,
    );
  }
  const difference = subtractMatrices(X, addRankOne(matrix(X.rows, X.cols), patch));
  const [size, otherNorm] = [rankOneNorm(patch), norm(X.data)];
  return {
    norm: size,
    otherNorm,
    seenDifference: norm(matrixVector(difference, base)),
    cosine: size > 0 && otherNorm > 0 ? innerWithMatrix(patch, X) / (size * otherNorm) : null,
    innerWithDifference: innerWithMatrix(patch, difference),
  };
}
