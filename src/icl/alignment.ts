/**
 * The angle between two updates of one matrix.
 *
 * @module
 */
import {
  dot,
  innerWithMatrix,
  type Matrix,
  matrix,
  norm,
  type RankOne,
  scaleToUnit,
} from '../linalg/index.ts';

/**
 * cos(p·vᵀ, X) = ⟨p·vᵀ, X⟩_F/(‖p·vᵀ‖_F·‖X‖_F); null where one of them is 0. Scaled, so that neither
 * tiny nor huge updates lose their angle.
 *
 * @throws ShapeError if the shapes differ.
 */
export function alignment({ p, v }: RankOne, X: Matrix): number | null {
  const [unitP, unitV, unitX] = [unit(p), unit(v), unit(X.data)];
  const inner = innerWithMatrix({ p: unitP, v: unitV }, matrix(X.rows, X.cols, unitX));
  const size = norm(unitP) * norm(unitV) * norm(unitX);
  return size > 0 ? inner / size : null;
}

/**
 * cos(p·vᵀ, q·wᵀ) = cos(p, q)·cos(v, w); null where one of them is 0.
 *
 * @throws ShapeError if the shapes differ.
 */
export function alignmentOfRankOnes(x: RankOne, y: RankOne): number | null {
  const [p, v, q, w] = [x.p, x.v, y.p, y.v].map(unit);
  const size = norm(p) * norm(v) * norm(q) * norm(w);
  return size > 0 ? (dot(p, q) * dot(v, w)) / size : null;
}

/** A multiple by a power of two with its largest entry in [1, 2); zeros stay zeros. */
const unit = (x: Float64Array): Float64Array => scaleToUnit(x).scaled;
