/**
 * Linear least squares: of full rank, rank-deficient, and with a ridge.
 *
 * @module
 */
import { largestOf, scaledColumns, scaleTo, transpose, unscaledMatrix } from './columns.ts';
import { DomainError } from './errors.ts';
import { requireFiniteMatrix, requireRows } from './factorisation-errors.ts';
import { type Matrix, matrix } from './matrix.ts';
import { type PivotedQR, pivotedQR } from './pivoted-qr.ts';
import { exponentOf } from './powers-of-two.ts';
import { applyQ, applyQTransposed, leadingRows, padded, qr } from './qr.ts';
import { solveUpper, solveUpperTransposed } from './triangular.ts';

export interface LeastSquaresOptions {
  /** ρ ≥ 0 of the penalty ρ·‖X‖_F²; 0 if left out. */
  readonly ridge?: number;
  /** Relative tolerance of the rank decision; max(rows, columns)·2⁻⁵³ if left out. */
  readonly relativeTolerance?: number;
}

export interface LeastSquares {
  /** n×k: one solution a right-hand side. */
  readonly X: Matrix;
  /** The numerical rank that was used, of A or of [A; √ρ·I]. n means that X is unique. */
  readonly rank: number;
}

/**
 * X that minimises ‖A·X − B‖_F² + ρ·‖X‖_F²; of all such X, if the rank is below n, the one with the
 * least norm.
 *
 *   [A; √ρ·I]·Π = Q·R;   full rank: R·(Πᵀ·X) = leading rows of Qᵀ·[B; 0]
 *   rank r < n: the leading r rows of R, transposed, are Z·T; Πᵀ·X = Z·[T⁻ᵀ·leading rows; 0]
 *
 * Shapes: A m×n of any shape, B m×k gives X n×k; no rows give X = 0. A and B are scaled by powers of
 * two (A as a whole, with √ρ; B by columns), so only X itself may overflow.
 *
 * Rank: as `pivotedQR` decides, on the stacked matrix. So where √ρ is below rounding, the answer is
 * that of ρ → 0: the least norm again.
 *
 * Error at full rank: each x̂ is the exact solution for A + ΔA, b + Δb with, for each column,
 * ‖ΔA_j‖ ≤ γ_{n(3m+39)}·‖A_j‖ and ‖Δb‖ ≤ γ_{n(3m+37)}·‖b‖ (Higham, Accuracy and Stability of Numerical
 * Algorithms, 2nd ed., Theorem 20.3; m counts the n rows of a ridge). At rank r < n, for a matrix
 * of rank r with ‖ΔA‖_F ≤ (γ_{n(3m+37) + r(3n+39)})·‖A‖_F + ‖R₂₂‖_F, R₂₂ being what was dropped (Theorem
 * 21.4 for the least norm).
 *
 * @throws ShapeError, NonFiniteError (also where X overflows); DomainError unless ρ ≥ 0 is finite.
 *
 * Source: Golub and Van Loan, Matrix Computations, 4th ed., section 5.5 (complete orthogonal
 * decomposition); the ridge as rows √ρ·I below A.
 */
export function leastSquares(
  A: Matrix,
  B: Matrix,
  { ridge = 0, relativeTolerance }: LeastSquaresOptions = {},
): LeastSquares {
  requireFiniteMatrix('leastSquares', 'A', A);
  requireRows('leastSquares', B, A.rows);
  if (!(ridge >= 0 && ridge < Infinity)) {
    throw new DomainError(`leastSquares: the ridge must be finite and at least 0, got ${ridge}`);
  }
  const { stacked, exponent } = scaledStack(A, Math.sqrt(ridge));
  const factors = pivotedQR(stacked, relativeTolerance);
  const { data, exponents } = scaledColumns(B);
  const b = padded(transpose(matrix(B.cols, B.rows, data)), stacked.rows);
  const y = transpose(solveFactored(factors, applyQTransposed(factors.Q, b)));
  const X = unscaledMatrix('leastSquares', 'X', A.cols, B.cols, {
    data: y.data,
    exponents: exponents.map((e) => e - exponent),
  });
  return { X, rank: factors.rank };
}

/** [A; root·I]·2^−exponent with its largest entry in [1, 2); A alone if the root is 0. */
function scaledStack(A: Matrix, root: number): { stacked: Matrix; exponent: number } {
  const { rows: m, cols: n } = A;
  const stacked = padded(A, root > 0 ? m + n : m);
  if (root > 0) for (let j = 0; j < n; j++) stacked.data[(m + j) * n + j] = root;
  const { data } = stacked;
  const exponent = exponentOf(largestOf(data, 0, data.length));
  scaleTo(data, 0, data.length, -exponent, data, 0);
  return { stacked, exponent };
}

/** The least-norm X with R·Πᵀ·X = c in the leading rows, as many as the rank. */
function solveFactored({ R, columns, rank }: PivotedQR, c: Matrix): Matrix {
  const n = R.cols;
  const top = leadingRows(R, rank);
  const right = leadingRows(c, rank);
  let permuted: Matrix;
  if (rank === n) {
    permuted = solveUpper(top, right);
  } else {
    const { Q: Z, R: T } = qr(transpose(top));
    permuted = applyQ(Z, padded(solveUpperTransposed(T, right), n));
  }
  const X = matrix(n, c.cols);
  columns.forEach((to, i) => {
    X.data.set(permuted.data.subarray(i * c.cols, (i + 1) * c.cols), to * c.cols);
  });
  return X;
}
