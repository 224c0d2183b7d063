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

/**
 * |W|·|x|, an entry a row, rounded (relative error at most γ_d).
 *
 * Four sums go side by side, because one alone waits for its additions; each is summed as it would be alone.
 */
export function absoluteProduct(W: Matrix, x: Float64Array): Float64Array {
  const { rows, cols, data } = W;
  const size = x.map(Math.abs);
  const out = new Float64Array(rows);
  const fours = rows - (rows % 4);
  for (let i = 0; i < fours; i += 4) {
    const [r0, r1, r2, r3] = [i * cols, (i + 1) * cols, (i + 2) * cols, (i + 3) * cols];
    let [s0, s1, s2, s3] = [0, 0, 0, 0];
    for (let j = 0; j < cols; j++) {
      const xj = size[j];
      s0 += Math.abs(data[r0 + j]) * xj;
      s1 += Math.abs(data[r1 + j]) * xj;
      s2 += Math.abs(data[r2 + j]) * xj;
      s3 += Math.abs(data[r3 + j]) * xj;
    }
    out[i] = s0;
    out[i + 1] = s1;
    out[i + 2] = s2;
    out[i + 3] = s3;
  }
  for (let i = fours; i < rows; i++) {
    for (let j = 0; j < cols; j++) out[i] += Math.abs(data[i * cols + j]) * size[j];
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
