/**
 * The QR factorisation with column pivoting, and the numerical rank.
 *
 * @module
 */
import { lengthOf, type ScaledColumns } from './columns.ts';
import { DomainError } from './errors.ts';
import { requireFiniteMatrix } from './factorisation-errors.ts';
import { type Reflections, triangularise } from './householder.ts';
import type { Matrix } from './matrix.ts';
import { exponentOf, timesPowerOfTwo } from './powers-of-two.ts';
import { UNIT_ROUNDOFF } from './unit-roundoff.ts';

/** A·Π = Q·R. */
export interface PivotedQR {
  readonly Q: Reflections;
  /** r×n, r = min(m, n), upper trapezoidal; |r_kk| does not increase, up to rounding. */
  readonly R: Matrix;
  /** Column j of A·Π is column columns[j] of A. */
  readonly columns: Int32Array;
  /** How many leading k have |r_kk| > tolerance. */
  readonly rank: number;
  /** max(m, n)·u·|r₀₀|, u = 2⁻⁵³, unless another relative tolerance was asked for. */
  readonly tolerance: number;
}

/**
 * The factors of a·Π = Q·[R; 0], where at step k the column with the largest remaining norm comes
 * next (the first of equal ones), and the numerical rank.
 *
 * Shapes: a is m×n of any shape, empty ones too; R is r×n, r = min(m, n).
 *
 * The rank counts the leading k with |r_kk| > relativeTolerance·|r₀₀|; the default max(m, n)·u is of
 * the size of the rounding errors, so it tells rank deficiency from them only if the data are exact.
 * What lies beyond it has ‖R₂₂‖_F ≤ √((r − rank)·(n − rank))·tolerance, up to rounding. A column that
 * is merely small counts as missing; scale columns first where that is not meant.
 *
 * Error: as for `qr`, ‖a_columns[j] − Q·r̂_j‖₂ ≤ γ_{r(3m+37)}·‖a_columns[j]‖₂ for each j. The remaining norms are
 * computed anew at every step (half as much work again), not updated, so nothing cancels in them.
 *
 * @throws NonFiniteError if an entry of `a` is not finite, or one of R overflows.
 * @throws DomainError unless 0 ≤ relativeTolerance < 1.
 *
 * Source: Businger and Golub, Numer. Math. 7 (1965); Golub and Van Loan, Matrix Computations, 4th
 * ed., section 5.4; Higham (2002), Theorem 19.4.
 */
export function pivotedQR(
  a: Matrix,
  relativeTolerance: number = Math.max(a.rows, a.cols) * UNIT_ROUNDOFF,
): PivotedQR {
  requireFiniteMatrix('pivotedQR', 'a', a);
  if (!(relativeTolerance >= 0 && relativeTolerance < 1)) {
    throw new DomainError(
      `pivotedQR: the relative tolerance must be from 0 up to below 1, got ${relativeTolerance}`,
    );
  }
  const { rows: m, cols: n } = a;
  const { Q, R, columns } = triangularise('pivotedQR', a, (k, work) => largest(k, m, n, work));
  const diagonal = Array.from({ length: R.rows }, (_, k) => Math.abs(R.data[k * n + k]));
  const tolerance = (diagonal[0] ?? 0) * relativeTolerance;
  const small = diagonal.findIndex((entry) => !(entry > tolerance));
  return { Q, R, columns, rank: small < 0 ? R.rows : small, tolerance };
}

/** The column j ≥ k with the largest norm of its rows k … m − 1. */
function largest(k: number, m: number, n: number, { data, exponents }: ScaledColumns): number {
  let best = k;
  let bestExponent = -Infinity; // norm = bestPart·2^bestExponent, bestPart in [1, 2) or 0
  let bestPart = 0;
  for (let j = k; j < n; j++) {
    const length = lengthOf(data, j * m + k, m - k);
    if (length === 0) continue;
    const e = exponentOf(length);
    const part = timesPowerOfTwo(length, -e);
    const exponent = e + exponents[j];
    if (exponent > bestExponent || (exponent === bestExponent && part > bestPart)) {
      [best, bestExponent, bestPart] = [j, exponent, part];
    }
  }
  return best;
}
