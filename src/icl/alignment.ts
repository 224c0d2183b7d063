/**
 * The angle between two updates of one matrix.
 *
 * @module
 */
import {
  dot,
  innerWithMatrix,
  type Matrix,
  norm,
  type RankOne,
  rankOneNorm,
} from '../linalg/index.ts';

/**
 * cos(p·vᵀ, X) = ⟨p·vᵀ, X⟩_F/(‖p·vᵀ‖_F·‖X‖_F); null where one of them is 0.
 *
 * @throws ShapeError if the shapes differ.
 */
export function alignment(update: RankOne, X: Matrix): number | null {
  const inner = innerWithMatrix(update, X);
  const size = rankOneNorm(update) * norm(X.data);
  return size > 0 ? inner / size : null;
}

/**
 * cos(p·vᵀ, q·wᵀ) = cos(p, q)·cos(v, w); null where one of them is 0.
 *
 * @throws ShapeError if the shapes differ.
 */
export function alignmentOfRankOnes(x: RankOne, y: RankOne): number | null {
  const size = rankOneNorm(x) * rankOneNorm(y);
  return size > 0 ? (dot(x.p, y.p) * dot(x.v, y.v)) / size : null;
}
