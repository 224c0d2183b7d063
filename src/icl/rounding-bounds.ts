/**
 * A-priori bounds on the rounding error of a patched linear map.
 *
 * u = 2⁻⁵³, γ_k = k·u/(1 − k·u); |·| is entrywise. The bounds hold barring underflow and for any
 * order of summation. Each is itself computed in doubles and then enlarged by a factor that covers
 * the rounding of its own evaluation.
 *
 * Source: the rounding model of Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed.,
 * chapters 2 and 3, followed through the formulas of `patch-weight.ts`.
 *
 * @module
 */
import { gamma, type Matrix, subtract, UNIT_ROUNDOFF } from '../linalg/index.ts';

/** Covers the rounding of a bound that was summed from n non-negative terms. */
export const enlarge = (bound: number, n: number): number =>
  bound * (1 + (n + 16) * 2 * UNIT_ROUNDOFF);

/** |W|·|x|, an entry a row, rounded (relative error at most γ_d). */
export function absoluteProduct(W: Matrix, x: Float64Array): Float64Array {
  const out = new Float64Array(W.rows);
  for (let i = 0; i < W.rows; i++) {
    let sum = 0;
    for (let j = 0; j < W.cols; j++) sum += Math.abs(W.data[i * W.cols + j]) * Math.abs(x[j]);
    out[i] = sum;
  }
  return out;
}

/**
 * Theorem 5: |fl(M·a) − W·a'| ≤ γ_{d+1}·|W||a| + γ_{4d+4}·|W||δ| for M = fl(W + fl(p·vᵀ)), and for
 * the factored evaluation fl(W·a) + p·(v·a). W·a' is meant exactly.
 *
 * Shapes: W m×d; a and δ = a' − a have d entries (δ rounded once: relative u, covered). The
 * result has m.
 */
export function patchedProductBound(
  W: Matrix,
  base: Float64Array,
  contextual: Float64Array,
): Float64Array {
  const d = W.cols;
  const delta = subtract(contextual, base);
  const atBase = absoluteProduct(W, base);
  const atDelta = absoluteProduct(W, delta);
  return atBase.map((wa, i) => enlarge(gamma(d + 1) * wa + gamma(4 * d + 4) * atDelta[i], d));
}

/**
 * E_z: the same between two computed pre-activations, biases added after the sums:
 *
 *   |fl((W+ΔW)a + b) − fl(W·a' + b)|
 *     ≤ γ_{d+2}·|W||a| + γ_{4d+5}·|W||δ| + γ_{d+1}·|W||a'| + 2u·|b|
 *
 * Where the patch also changes the bias (`withBias`), d + 1 stands for d, since the bias is one more
 * input, and b is rounded once more.
 *
 * Shapes: as above, b has m entries.
 */
export function preActivationBound(
  W: Matrix,
  bias: Float64Array,
  base: Float64Array,
  contextual: Float64Array,
  withBias = false,
): Float64Array {
  const d = W.cols + (withBias ? 1 : 0);
  const delta = subtract(contextual, base);
  const atBase = absoluteProduct(W, base);
  const atDelta = absoluteProduct(W, delta);
  const atContextual = absoluteProduct(W, contextual);
  return atBase.map((wa, i) =>
    enlarge(
      gamma(d + 2) * wa +
        gamma(4 * d + 5) * atDelta[i] +
        gamma(d + 1) * atContextual[i] +
        (withBias ? 3 : 2) * UNIT_ROUNDOFF * Math.abs(bias[i]),
      d,
    ),
  );
}
