/**
 * The angle between updates of one matrix: of two, and of each with each.
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
  requireFinite,
  scaleToUnit,
} from '../linalg/index.ts';

/**
 * cos(p·vᵀ, X) = ⟨p·vᵀ, X⟩_F/(‖p·vᵀ‖_F·‖X‖_F); null where one of them is 0. Scaled, so that neither
 * tiny nor huge updates lose their angle.
 *
 * @throws ShapeError if the shapes differ. @throws NonFiniteError if an entry is NaN or infinite.
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
 * Shapes: m and d, both times. Error: γ_{3(m+d)+16}.
 *
 * @throws ShapeError if the shapes differ. @throws NonFiniteError if an entry is NaN or infinite.
 */
export function alignmentOfRankOnes(x: RankOne, y: RankOne): number | null {
  const [p, v, q, w] = [x.p, x.v, y.p, y.v].map(unit);
  const size = norm(p) * norm(v) * norm(q) * norm(w);
  return size > 0 ? (dot(p, q) * dot(v, w)) / size : null;
}

/** cosines[i][j], symmetric in every bit; null where one of the two is 0. */
export type Alignments = readonly (readonly (number | null)[])[];

/**
 * The alignment of each update with each: of the tokens at one site, or of the blocks at sites of one shape.
 *
 * Shapes: updates m×d. Error of an entry: as `alignmentOfRankOnes`.
 *
 * @throws ShapeError if the shapes differ. @throws NonFiniteError if an entry is NaN or infinite.
 */
export const alignmentMatrix = (updates: readonly RankOne[]): Alignments =>
  eachWithEach(updates, alignmentOfRankOnes);

/**
 * The same for updates that share their right factor, from the left ones alone: in the cross-position form
 * (2.5) every v is z/‖z‖² of the one base z, so cos(ΔW_i, ΔW_j) = cos(W·δ_i, W·δ_j).
 *
 * Shapes: vectors of m entries. Error of an entry: γ_{3m+8}.
 *
 * @throws ShapeError if the lengths differ. @throws NonFiniteError if an entry is NaN or infinite.
 */
export const shiftAlignments = (shifts: readonly Float64Array[]): Alignments =>
  eachWithEach(shifts, (x, y) => {
    const [p, q] = [unit(x), unit(y)];
    const size = norm(p) * norm(q);
    const inner = dot(p, q);
    return size > 0 ? inner / size : null;
  });

function eachWithEach<T>(
  things: readonly T[],
  cosine: (x: T, y: T) => number | null,
): (number | null)[][] {
  const all = things.map((): (number | null)[] => []);
  things.forEach((x, i) => {
    for (let j = 0; j <= i; j++) all[i][j] = all[j][i] = cosine(x, things[j]);
  });
  return all;
}

/** A multiple by a power of two with its largest entry in [1, 2); zeros stay zeros. */
function unit(x: Float64Array): Float64Array {
  requireFinite('alignment', 'an update', x);
  return scaleToUnit(x).scaled;
}
