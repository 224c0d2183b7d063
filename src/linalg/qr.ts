/**
 * The QR factorisation by Householder reflections.
 *
 * Q is kept as the reflections it is a product of, and applied, not formed; `thinQ` forms its
 * leading columns where somebody asks. u and γ are those of `unit-roundoff.ts`.
 *
 * @module
 */
import { type ScaledColumns, scaledColumns, unscaledMatrix } from './columns.ts';
import { requireFiniteMatrix, requireRows } from './factorisation-errors.ts';
import { type Reflections, reflect, triangularise } from './householder.ts';
import { type Matrix, matrix } from './matrix.ts';

/** A = Q·R with Q m×m orthogonal and R r×n upper trapezoidal, r = min(m, n), rows below R zero. */
export interface QR {
  readonly Q: Reflections;
  readonly R: Matrix;
}

/**
 * The factors Q and R of a = Q·[R; 0].
 *
 * Shapes: a is m×n of any shape, empty ones too; R is r×n, r = min(m, n). The diagonal of R may have
 * either sign. An upper trapezoidal matrix is its own R, bit for bit.
 *
 * Error, column by column: for an exactly orthogonal Q, ‖a_j − Q·r̂_j‖₂ ≤ γ_{r(3m+37)}·‖a_j‖₂. Each
 * column is scaled by its own power of two, so no column is too large, too small or too graded.
 *
 * @throws NonFiniteError if an entry of `a` is not finite, or one of R overflows.
 *
 * Source: Higham (2002), section 19.2 and Theorem 19.4; the constants are derived in `householder.ts`.
 */
export function qr(a: Matrix): QR {
  requireFiniteMatrix('qr', 'a', a);
  const { Q, R } = triangularise('qr', a, (k) => k);
  return { Q, R };
}

/**
 * Q·b. Shapes: Q m×m, b m×k gives m×k. Error: column by column ‖ŷ − Q·b‖₂ ≤ γ_{r(3m+37)}·‖b‖₂ for
 * the r reflections of Q and an exactly orthogonal Q.
 *
 * @throws ShapeError if b has not m rows; NonFiniteError if an entry of b or Q·b is not finite.
 */
export function applyQ(Q: Reflections, b: Matrix): Matrix {
  return applyEach('applyQ', Q, b, (work, column) => {
    for (let k = Q.betas.length - 1; k >= 0; k--) reflect(Q, k, work.data, column * Q.size);
  });
}

/** Qᵀ·b, with the shapes, the bound and the errors of `applyQ`. */
export function applyQTransposed(Q: Reflections, b: Matrix): Matrix {
  return applyEach('applyQTransposed', Q, b, (work, column) => {
    for (let k = 0; k < Q.betas.length; k++) reflect(Q, k, work.data, column * Q.size);
  });
}

function applyEach(
  caller: string,
  Q: Reflections,
  b: Matrix,
  apply: (work: ScaledColumns, column: number) => void,
): Matrix {
  requireRows(caller, b, Q.size);
  const work = scaledColumns(b);
  for (let column = 0; column < b.cols; column++) apply(work, column);
  return unscaledMatrix(caller, 'the result', b.rows, b.cols, work);
}

/**
 * The leading r columns of Q as a matrix, r = number of reflections: Q₁ of a = Q₁·R.
 *
 * Shapes: m×r. Error: each column is within γ_{r(3m+37)} of the one of an exactly orthogonal Q, so
 * ‖Q̂₁ᵀ·Q̂₁ − I‖_F ≤ √r·(2 + γ)·γ, γ = γ_{r(3m+37)}.
 */
export function thinQ(Q: Reflections): Matrix {
  return applyQ(Q, padded(identity(Q.betas.length), Q.size));
}

/**
 * Q·[R; 0], which is `a` again.
 *
 * Shapes: m×n. Error: with that of the factorisation, ‖a_j − computed‖₂ ≤ γ_{2r(3m+37)}·‖a_j‖₂.
 *
 * @throws ShapeError if R has more rows than Q.
 */
export function reconstructFromQR({ Q, R }: QR): Matrix {
  return applyQ(Q, padded(R, Q.size));
}

/** The identity of order n. */
export function identity(n: number): Matrix {
  const one = matrix(n, n);
  for (let i = 0; i < n; i++) one.data[i * n + i] = 1;
  return one;
}

/** `a` with zero rows added at the end, up to `rows`; `a` itself may not have more. */
export function padded(a: Matrix, rows: number): Matrix {
  if (a.rows > rows) requireRows('padded', a, rows);
  const result = matrix(rows, a.cols);
  result.data.set(a.data);
  return result;
}

/** The leading `rows` rows of `a`, copied; trusts that there are as many. */
export const leadingRows = (a: Matrix, rows: number): Matrix =>
  matrix(rows, a.cols, a.data.slice(0, rows * a.cols));
