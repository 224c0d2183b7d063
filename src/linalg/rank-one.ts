/**
 * Matrices of rank one, kept as their two factors.
 *
 * An m×d matrix p·vᵀ takes m + d numbers, and so does everything asked of it here; the dense
 * matrix is formed only by `rankOneToMatrix` and `addRankOne`.
 *
 * @module
 */
import { ShapeError } from './errors.ts';
import * as kernels from './kernels.ts';
import { type Matrix, matrix, requireFinite } from './matrix.ts';
import { dot, matrixVector, norm } from './products.ts';

/** The matrix p·vᵀ: p has one entry a row, v one a column. */
export interface RankOne {
  readonly p: Float64Array;
  readonly v: Float64Array;
}

/** The pair (p, v), copied. @throws NonFiniteError if a factor has a NaN or an infinity. */
export function rankOne(p: Float64Array, v: Float64Array): RankOne {
  requireFinite('rankOne', 'p', p);
  requireFinite('rankOne', 'v', v);
  return { p: p.slice(), v: v.slice() };
}

/**
 * p·vᵀ as a dense matrix; each entry is correctly rounded, and a zero is +0. Shapes: m and d give
 * m×d.
 */
export function rankOneToMatrix({ p, v }: RankOne): Matrix {
  return addRankOne(matrix(p.length, v.length), { p, v });
}

/**
 * fl(W + fl(p·vᵀ)): two roundings an entry. Shapes: W is m×d. Where p is 0 the result has W's
 * bits.
 *
 * @throws ShapeError if the factors do not fit W.
 */
export function addRankOne(W: Matrix, { p, v }: RankOne): Matrix {
  if (p.length !== W.rows || v.length !== W.cols) {
    throw new ShapeError(
      `addRankOne: W is ${W.rows}x${W.cols}, so p needs ${W.rows} entries and v ${W.cols}, ` +
        `got ${p.length} and ${v.length}`,
    );
  }
  const out = matrix(W.rows, W.cols);
  kernels.rankOneUpdate(W.data, p, v, out.data, W.rows, W.cols);
  return out;
}

/** (p·vᵀ)·x = p·(v·x), evaluated factored. @throws ShapeError if x has another length than v. */
export function applyRankOne({ p, v }: RankOne, x: Float64Array): Float64Array {
  const onto = dot(v, x);
  return p.map((entry) => entry * onto);
}

/** ‖p·vᵀ‖ = ‖p‖·‖v‖, the Frobenius and the spectral norm at once. */
export function rankOneNorm({ p, v }: RankOne): number {
  return norm(p) * norm(v);
}

/** ⟨p·vᵀ, X⟩_F = pᵀ·X·v. @throws ShapeError if the shapes differ. */
export function innerWithMatrix({ p, v }: RankOne, X: Matrix): number {
  if (p.length !== X.rows || v.length !== X.cols) {
    throw new ShapeError(
      `innerWithMatrix: X must be ${p.length}x${v.length}, got ${X.rows}x${X.cols}`,
    );
  }
  return dot(p, matrixVector(X, v));
}
