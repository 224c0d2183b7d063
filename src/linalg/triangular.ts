/**
 * Triangular systems, for several right-hand sides at once.
 *
 * Substitution row by row: x_i = (b_i − Σ_j t_ij·x_j)/t_ii, the sum in the two-lane order of
 * `reference/reductions.ts`. Only the named triangle is read; the other may hold anything finite.
 *
 * Error, for all four functions: the computed x̂ solves (T + ΔT)·x̂ = b exactly with
 * |ΔT| ≤ γ_n·|T| entrywise (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., Theorem
 * 8.5), if no product is subnormal. There is no scaling here: where an intermediate result
 * overflows, NonFiniteError is thrown, though the solution may be representable.
 *
 * @module
 */
import { columnsOf, fromColumns, transpose } from './columns.ts';
import { requireRows, requireSquare, SingularMatrix } from './factorisation-errors.ts';
import * as kernels from './kernels.ts';
import { type Matrix, requireFinite } from './matrix.ts';

/**
 * X with L·X = B for the lower triangle L of `l`. Shapes: n×n, n×k gives n×k.
 *
 * @throws ShapeError if the shapes do not fit; NonFiniteError if an entry of `l`, `b` or X is not
 * finite; SingularMatrix naming the first zero on the diagonal.
 */
export function solveLower(l: Matrix, b: Matrix): Matrix {
  return substitute('solveLower', l, false, b, lowerSubstitution);
}

/** X with U·X = B for the upper triangle U of `u`; shapes and errors as `solveLower`. */
export function solveUpper(u: Matrix, b: Matrix): Matrix {
  return substitute('solveUpper', u, false, b, upperSubstitution);
}

/** X with Lᵀ·X = B for the lower triangle L of `l`; shapes and errors as `solveLower`. */
export function solveLowerTransposed(l: Matrix, b: Matrix): Matrix {
  return substitute('solveLowerTransposed', l, true, b, upperSubstitution);
}

/** X with Uᵀ·X = B for the upper triangle U of `u`; shapes and errors as `solveLower`. */
export function solveUpperTransposed(u: Matrix, b: Matrix): Matrix {
  return substitute('solveUpperTransposed', u, true, b, lowerSubstitution);
}

type Substitution = (t: Matrix, x: Float64Array, from: number) => void;

function substitute(
  caller: string,
  t: Matrix,
  transposed: boolean,
  b: Matrix,
  overwrite: Substitution,
): Matrix {
  requireSquare(caller, 'the triangular matrix', t);
  requireRows(caller, b, t.rows);
  const n = t.rows;
  for (let i = 0; i < n; i++) {
    if (t.data[i * n + i] === 0) throw new SingularMatrix(caller, i);
  }
  const system = transposed ? transpose(t) : t;
  const x = columnsOf(b);
  for (let j = 0; j < b.cols; j++) overwrite(system, x, j * n);
  requireFinite(caller, 'the solution', x);
  return fromColumns(n, b.cols, x);
}

/** x ← T⁻¹·x, first row first, for the n numbers of x from `from` on. */
function lowerSubstitution({ rows: n, data }: Matrix, x: Float64Array, from: number): void {
  for (let i = 0; i < n; i++) {
    x[from + i] = (x[from + i] - kernels.dot(data, i * n, x, from, i)) / data[i * n + i];
  }
}

/** x ← T⁻¹·x, last row first. The sum runs over j = i + 1 … n − 1, upwards. */
function upperSubstitution({ rows: n, data }: Matrix, x: Float64Array, from: number): void {
  for (let i = n - 1; i >= 0; i--) {
    const sum = kernels.dot(data, i * n + i + 1, x, from + i + 1, n - i - 1);
    x[from + i] = (x[from + i] - sum) / data[i * n + i];
  }
}
