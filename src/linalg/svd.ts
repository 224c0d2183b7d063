/**
 * The singular value decomposition, by pivoted QR and one-sided Jacobi.
 *
 * @module
 */
import { fromColumns, transpose } from './columns.ts';
import { NonFiniteError } from './errors.ts';
import { requireFiniteMatrix } from './factorisation-errors.ts';
import { type Matrix, matrix } from './matrix.ts';
import { orthogonalise } from './one-sided-jacobi.ts';
import { pivotedQR } from './pivoted-qr.ts';
import { scaleToUnit, timesPowerOfTwo } from './powers-of-two.ts';
import { applyQ, identity, padded, qr } from './qr.ts';

/** A = U·diag(s)·Vᵀ, the thin form. */
export interface SVD {
  /** m×k, k = min(m, n), orthonormal columns. */
  readonly U: Matrix;
  /** k singular values, s₀ ≥ s₁ ≥ … ≥ 0. */
  readonly s: Float64Array;
  /** n×k, orthonormal columns. */
  readonly V: Matrix;
  /** How many sweeps of Jacobi rotations it took, the last one without a rotation. */
  readonly sweeps: number;
}

/**
 * The singular values of `a`, largest first, and the singular vectors.
 *
 *   a·Π = Q·R,  Rᵀ·J = W·diag(s),  U = Q·J,  V = Π·W        (of aᵀ where m < n)
 *
 * Shapes: a is m×n of any shape and any rank, empty ones too; k = min(m, n). Vectors of singular
 * values that are 0 complete an orthonormal set.
 *
 * Error, in ‖·‖_F and with S = `sweeps`, m ≥ n, g = γ_{n(3m+37)} + γ_{9(2n−3)S}:
 *   ‖a − Û·diag(ŝ)·V̂ᵀ‖ ≤ (1 + √n)·(1 + g)·g·‖a‖ + u·‖a‖,   ‖ÛᵀÛ − I‖ ≤ √n·(2 + g)·g,
 *   ‖V̂ᵀV̂ − I‖ ≤ n·γ_{2n+20} where every ŝ > 0, plus √n·(2 + h)·h, h = γ_{n(3n+37)}, where not.
 * Hence |ŝ_i − s_i| ≤ about (1 + √n)·g·s₀. Small singular values are better than that: if
 * a = B·D with D diagonal, however graded, then |ŝ_i − s_i| ≲ κ(B)·g·s_i, as long as s_i ≥ 2⁻⁹⁶⁹·s₀;
 * below it s_i is returned as 0 (one-sided Jacobi after pivoted QR preserves column grading).
 *
 * @throws NonFiniteError if an entry of `a` is not finite, or the largest singular value overflows.
 * @throws ConvergenceError after 40 sweeps in which two columns still have a cosine above
 * (n + 16)·u.
 *
 * Source: Drmač and Veselić, New fast and accurate Jacobi SVD algorithm, SIAM J. Matrix Anal. Appl. 29
 * (2008); Demmel and Veselić (1992); bounds from the lemmas named in `householder.ts` and
 * `one-sided-jacobi.ts`.
 */
export function svd(a: Matrix): SVD {
  requireFiniteMatrix('svd', 'a', a);
  if (a.rows < a.cols) {
    const { U, s, V, sweeps } = svd(transpose(a));
    return { U: V, s, V: U, sweeps };
  }
  const { rows: m, cols: n } = a;
  const { scaled, exponent } = scaleToUnit(a.data);
  const { Q, R, columns } = pivotedQR(matrix(m, n, scaled));
  // The columns of Rᵀ, one after another, are the rows of R.
  const jacobi = orthogonalise('svd', R.data, n);
  const W = unitColumns(jacobi.columns, jacobi.lengths, n);
  const V = matrix(n, n);
  columns.forEach((to, i) => {
    V.data.set(W.data.subarray(i * n, (i + 1) * n), to * n);
  });
  const s = jacobi.lengths.map((length) => timesPowerOfTwo(length, exponent));
  if (!Number.isFinite(s[0] ?? 0)) {
    throw new NonFiniteError('svd: the largest singular value must be below 2^1024, got Infinity');
  }
  const U = applyQ(Q, padded(fromColumns(n, n, jacobi.rotation), m));
  return { U, s, V, sweeps: jacobi.sweeps };
}

/** The n columns divided by their lengths; those of length 0, at the end, complete the basis. */
function unitColumns(columns: Float64Array, lengths: Float64Array, n: number): Matrix {
  const W = fromColumns(
    n,
    n,
    columns.map((entry, at) => {
      const length = lengths[Math.floor(at / n)];
      return length === 0 ? 0 : entry / length;
    }),
  );
  const rank = lengths.indexOf(0);
  if (rank < 0) return W;
  const first = matrix(n, rank);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < rank; j++) first.data[i * rank + j] = W.data[i * n + j];
  }
  const complement = applyQ(qr(first).Q, identity(n)); // its last columns are orthogonal to `first`
  for (let i = 0; i < n; i++) {
    for (let j = rank; j < n; j++) W.data[i * n + j] = complement.data[i * n + j];
  }
  return W;
}
