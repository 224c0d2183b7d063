/**
 * Thought vectors and thought matrices: one change of a weight for many tokens.
 *
 * The exact patch of one token serves that token alone. Where K calibration tokens have base inputs a_i and
 * contextual inputs a'_i = a_i + δ_i, the change that serves them best on average is a linear regression.
 *
 *   paper      here
 *   a_i, δ_i   rows of `inputs` and `differences`, K×d
 *   δ(I)       `thoughtVector`: the mean of the δ_i
 *   Δ(I)       `thoughtMatrix`: argmin_M Σ ‖M·a_i − W·δ_i‖² + ρ·‖M‖_F², m×d
 *   D*         `thoughtTransform`: argmin_D Σ ‖D·a_i − δ_i‖² + ρ·‖D‖_F², d×d; Δ(I) = W·D*
 *
 * Source: arXiv:2510.08734; arXiv:2507.16003v3, section 3.4; the factorisation is our own.
 *
 * @module
 */
import {
  type Matrix,
  matrix,
  multiplyNT,
  requireFinite,
  requireMatrix,
  rowOf,
  ShapeError,
} from '../linalg/index.ts';
import { finiteProduct, patchToTarget } from './patch-weight.ts';
import { type RidgeMap, type RidgeOptions, requirePairs, ridgeMap } from './ridge-map.ts';

/**
 * The thought vector δ(I) = (1/K)·Σ δ_i: what the context adds on average.
 *
 * Shapes: differences K×d, K ≥ 1. Error: γ_K·(1/K)·Σ|δ_i| entrywise.
 *
 * @throws ShapeError if there are none; NonFiniteError.
 */
export function thoughtVector(differences: Matrix): Float64Array {
  requirePairs('thoughtVector', differences, differences);
  const { rows: K, cols: d, data } = differences;
  const sum = new Float64Array(d);
  for (let i = 0; i < K; i++) {
    for (let j = 0; j < d; j++) sum[j] += data[i * d + j];
  }
  return sum.map((entry) => entry / K);
}

/**
 * The thought matrix Δ(I) of W: of all M the one with the least Σ ‖M·a_i − W·δ_i‖² + ρ·‖M‖_F².
 *
 *   Δ(I) = (Σ W·δ_i·a_iᵀ)·(Σ a_i·a_iᵀ + ρ·I)⁻¹;   of least norm where that is singular
 *
 * Shapes: W m×d, inputs and differences K×d, K ≥ 1; the map is m×d. At ρ = 0 and linearly independent a_i it
 * meets all K tokens; at K = 1 it is the rank-one patch of Theorem 1.
 *
 * Error: that of `ridgeMap`, with γ_d·|W|·|δ_i| on the targets.
 *
 * @throws ShapeError, NonFiniteError or DomainError, as `ridgeMap`.
 */
export function thoughtMatrix(
  W: Matrix,
  inputs: Matrix,
  differences: Matrix,
  options: RidgeOptions = {},
): RidgeMap {
  requireCalibration('thoughtMatrix', inputs, differences, W);
  return ridgeMap(inputs, multiplyNT(differences, W), options);
}

/**
 * D* with Δ(I) = W·D* for every W that reads the same input: one d×d regression for gate, up and router
 * alike. W + Δ(I) = W·(I + D*).
 *
 * That both are the same holds for every ρ ≥ 0, also where the least norm decides: each is (Σ … a_iᵀ) times one
 * and the same matrix (`rational-thought.ts` proves it in fractions).
 *
 * Shapes: inputs and differences K×d, K ≥ 1; the map is d×d. Error: that of `ridgeMap`.
 *
 * @throws ShapeError, NonFiniteError or DomainError, as `ridgeMap`.
 */
export function thoughtTransform(
  inputs: Matrix,
  differences: Matrix,
  options: RidgeOptions = {},
): RidgeMap {
  requireCalibration('thoughtTransform', inputs, differences);
  return ridgeMap(inputs, differences, options);
}

/**
 * The mean of the rank-one patches, (1/K)·Σ W·δ_i·a_iᵀ/‖a_i‖². It is NOT the thought matrix: if δ = D·a and the
 * directions of the a_i are isotropic it tends to W·D/d, too small by the factor d.
 *
 * Shapes: as `thoughtMatrix`. Precondition: no a_i is 0. Error: γ_{3d+K+2} of the mean of absolute values.
 *
 * @throws DegenerateBase where an a_i is 0, or too small; ShapeError, NonFiniteError.
 */
export function meanRankOnePatch(W: Matrix, inputs: Matrix, differences: Matrix): Matrix {
  requireCalibration('meanRankOnePatch', inputs, differences, W);
  const sum = matrix(W.rows, W.cols);
  for (let i = 0; i < inputs.rows; i++) {
    const target = finiteProduct('meanRankOnePatch', W, rowOf(differences, i));
    const { p, v } = patchToTarget(target, rowOf(inputs, i));
    for (let r = 0; r < W.rows; r++) {
      for (let j = 0; j < W.cols; j++) sum.data[r * W.cols + j] += p[r] * v[j];
    }
  }
  return matrix(
    W.rows,
    W.cols,
    sum.data.map((entry) => entry / inputs.rows),
  );
}

/** @throws ShapeError or NonFiniteError unless there is a difference of d entries for each input of d. */
export function requireCalibration(
  caller: string,
  inputs: Matrix,
  differences: Matrix,
  W?: Matrix,
): void {
  requirePairs(caller, inputs, differences);
  if (inputs.cols !== differences.cols) {
    throw new ShapeError(
      `${caller}: differences of ${inputs.cols} entries are required, as many as the inputs have, got ` +
        `${differences.cols}`,
    );
  }
  if (W === undefined) return;
  requireMatrix(caller, 'W', W);
  if (W.cols !== inputs.cols) {
    throw new ShapeError(
      `${caller}: W is ${W.rows}x${W.cols}, so inputs of ${W.cols} entries are required, got ${inputs.cols}`,
    );
  }
  requireFinite(caller, 'W', W.data);
}
