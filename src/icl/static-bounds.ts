/**
 * What a static change may miss at each of its tokens: u·cond(A), u·cond(H′), with their constants.
 *
 * The change is M = X̂ᵀ with X̂ = `leastSquares`(A, D), the conditions M·a_i = d_i for the rows a_i of A and d_i
 * of D. Each column x̂_j is the least-norm solution for A + ΔA and d_j + Δd_j, with ‖ΔA‖_F ≤ γ_K·‖A‖_F and
 * ‖Δd_j‖ ≤ γ_K·‖d_j‖, K = d(3n + 37) + n(3d + 39) for n tokens. So
 *
 *   ‖x̂_j‖ ≤ X_j = (1 + γ_K)·‖d_j‖/(σ_min(A) − γ_K·‖A‖_F)
 *   |M·a_i − d_i|_j ≤ O_j = γ_K·(‖A‖_F·X_j + ‖d_j‖)
 *
 * @module
 */
import {
  frobeniusNorm,
  gamma,
  type Matrix,
  matrix,
  norm,
  rowOf,
  svd,
  UNIT_ROUNDOFF,
} from '../linalg/index.ts';
import { absoluteProduct, enlarge } from './rounding-bounds.ts';
import { spectrumError } from './update-rank.ts';

/**
 * |fl((W + ΔW)·a_i) − W·a′_i| for every site that reads z, ΔW = fl(W·M), D = [a′_i − a_i]:
 *
 *   |W|·(O + u·|d_i| + γ_{2d+1}·X·‖a_i‖) + γ_{d+1}·|W||a_i|
 *
 * Shapes: W m×d; A and D n×d, a row a token; n×m. Infinity where A is not of full row rank, or so nearly not
 * that σ_min(A) ≤ γ_K·‖A‖_F.
 */
export function staticInputBound(W: Matrix, A: Matrix, D: Matrix): Matrix {
  const d = A.cols;
  const { X, O } = solution(A, D);
  return rowByRow(A.rows, W.rows, (i) => {
    const [a, change] = [rowOf(A, i), rowOf(D, i)];
    const size = norm(a);
    const off = O.map(
      (entry, j) => entry + UNIT_ROUNDOFF * Math.abs(change[j]) + gamma(2 * d + 1) * X[j] * size,
    );
    if (off.includes(Infinity)) return new Float64Array(W.rows).fill(Infinity);
    const carried = absoluteProduct(W, off);
    return absoluteProduct(W, a).map((wa, k) =>
      enlarge(carried[k] + gamma(d + 1) * wa, 2 * d + A.rows),
    );
  });
}

/**
 * |fl((W + M)·h_i) − (W·h_i + r_i)| for a site that is summed up to y, R = [r_i] rounded once at most:
 *
 *   O + u·|r_i| + γ_{f+1}·(X·‖h_i‖ + |W||h_i|)
 *
 * Shapes: W m×f; H n×f and R n×m, a row a token; n×m. Infinity as above, for H.
 */
export function staticOutputBound(W: Matrix, H: Matrix, R: Matrix): Matrix {
  const f = H.cols;
  const { X, O } = solution(H, R);
  return rowByRow(H.rows, W.rows, (i) => {
    const [h, change] = [rowOf(H, i), rowOf(R, i)];
    const size = norm(h);
    return absoluteProduct(W, h).map((wh, k) =>
      enlarge(
        O[k] + UNIT_ROUNDOFF * Math.abs(change[k]) + gamma(f + 1) * (X[k] * size + wh),
        2 * f + H.rows,
      ),
    );
  });
}

/** X_j and O_j for every column of D. */
function solution(A: Matrix, D: Matrix): { X: Float64Array; O: Float64Array } {
  const { rows: n, cols: d } = A;
  const relative = gamma(d * (3 * n + 37) + n * (3 * d + 39));
  const size = frobeniusNorm(A);
  const { s, sweeps } = svd(A);
  const least = n > d || n === 0 ? 0 : s[n - 1] - spectrumError(A, sweeps);
  const gap = least - relative * size;
  const lengths = Float64Array.from({ length: D.cols }, (_, j) =>
    norm(Float64Array.from({ length: n }, (_, i) => D.data[i * D.cols + j])),
  );
  const X = lengths.map((length) => (gap > 0 ? ((1 + relative) * length) / gap : Infinity));
  return { X, O: lengths.map((length, j) => relative * (size * X[j] + length)) };
}

function rowByRow(rows: number, cols: number, row: (i: number) => Float64Array): Matrix {
  const result = matrix(rows, cols);
  for (let i = 0; i < rows; i++) result.data.set(row(i), i * cols);
  return result;
}
