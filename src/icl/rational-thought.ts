/**
 * The thought matrix in fractions: that Δ(I) = W·D*, without any residual.
 *
 * @module
 */
import { DegenerateBase, type Matrix, Rational, rationalDot } from '../linalg/index.ts';
import {
  type FractionMatrix,
  fractionOuterSum,
  fractionProduct,
  fractionResidual,
  fractionRows,
} from './fractions.ts';
import { requireCalibration } from './thought-matrix.ts';

export interface RationalThought {
  /** Δ(I) = (Σ W·δ_i·a_iᵀ)·(Σ a_i·a_iᵀ + ρ·I)⁻¹, m×d. */
  readonly map: FractionMatrix;
  /** D* = (Σ δ_i·a_iᵀ)·(Σ a_i·a_iᵀ + ρ·I)⁻¹, d×d. */
  readonly transform: FractionMatrix;
  /** Of Δ(I) − W·D*: '0', or the first entry that is not. */
  readonly residual: string;
}

/**
 * Δ(I) and D*, each solved for on its own, and their difference: doubles in, fractions throughout.
 *
 * Shapes: W m×d, inputs and differences K×d. Precondition: Z + ρ·I is invertible; ρ ≥ 0.
 *
 * @throws DegenerateBase if Z + ρ·I is singular; ShapeError or NonFiniteError if sizes do not fit.
 */
export function proveThoughtMatrix(
  W: Matrix,
  inputs: Matrix,
  differences: Matrix,
  ridge: number,
): RationalThought {
  requireCalibration('proveThoughtMatrix', inputs, differences, W);
  const [weights, A, D] = [W, inputs, differences].map(fractionRows);
  const { rows: m, cols: d } = W;
  const rho = Rational.of(ridge);
  const Z = fractionOuterSum(A, A, d, d).map((row, i) =>
    row.map((entry, j) => (i === j ? entry.plus(rho) : entry)),
  );
  const targets = D.map((delta) => fractionProduct(weights, delta));
  const map = solveRight(fractionOuterSum(targets, A, m, d), Z);
  const transform = solveRight(fractionOuterSum(D, A, d, d), Z);
  const columns = transform[0].map((_, j) => transform.map((row) => row[j]));
  const product = weights.map((row) => columns.map((column) => rationalDot(row, column)));
  return { map, transform, residual: fractionResidual(map.flat(), product.flat()) };
}

/** The X with X·Z = S for a symmetric Z, by elimination: Z·Xᵀ = Sᵀ. */
function solveRight(S: FractionMatrix, Z: FractionMatrix): Rational[][] {
  const n = Z.length;
  // Row i is row i of [Z, Sᵀ].
  const rows = Z.map((row, i) => [...row, ...S.map((each) => each[i])]);
  for (let k = 0; k < n; k++) {
    const pivot = rows.findIndex((row, i) => i >= k && row[k].sign() !== 0);
    if (pivot < 0) {
      throw new DegenerateBase(
        `proveThoughtMatrix: Z + ρ·I must be invertible, got the rank ${k} of ${n}`,
      );
    }
    [rows[k], rows[pivot]] = [rows[pivot], rows[k]];
    const leading = rows[k][k];
    rows[k] = rows[k].map((entry) => entry.over(leading));
    for (let i = 0; i < n; i++) {
      const factor = rows[i][k];
      if (i === k || factor.sign() === 0) continue;
      rows[i] = rows[i].map((entry, j) => entry.minus(factor.times(rows[k][j])));
    }
  }
  return S.map((_, r) => rows.map((row) => row[n + r]));
}
