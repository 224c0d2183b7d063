/**
 * What rounding may do at one linear map, for the updates beside that of Theorem 1: joint with a bias, to a
 * given target, and seen from a base that is not quite the one it was made for.
 *
 * As `rounding-bounds.ts`: γ_k with k counting roundings, |·| entrywise, barring underflow, enlarged for the
 * rounding of the bound itself. In Stewart's counters W·δ carries ⟨d + 1⟩, a_j/‖a‖² ⟨d + 1⟩.
 *
 * @module
 */
import { gamma, type Matrix, norm, subtract, UNIT_ROUNDOFF } from '../linalg/index.ts';
import { requireSite } from './patch-weight.ts';
import { absoluteProduct, enlarge } from './rounding-bounds.ts';

/**
 * |fl((W + ΔW)·a + (b + Δb)) − (W·a′ + b)| for `patchJointly`, whatever λ, the target meant exactly:
 *
 *   γ_{d+3}·|W||a| + γ_{4d+8}·|W||δ| + γ_2·|b|
 *
 * Bound 9.2 with d + 1 for d, as λ is one more input, and one rounding more where b is added after the sum.
 * For factored and dense evaluation, Δb added last or to b: the shares a_j²/(‖a‖² + λ²) and λ²/(‖a‖² + λ²)
 * carry ⟨3d + 7⟩ and ⟨2d + 6⟩ and add up to 1.
 *
 * Shapes: W m×d, b m, vectors d; m entries.
 *
 * @throws ShapeError or NonFiniteError as `patchWeight`.
 */
export function jointProductBound(
  W: Matrix,
  bias: Float64Array,
  base: Float64Array,
  contextual: Float64Array,
): Float64Array {
  requireSite('jointProductBound', W, base, contextual);
  const d = W.cols;
  const atDelta = absoluteProduct(W, subtract(contextual, base));
  return absoluteProduct(W, base).map((wa, i) =>
    enlarge(
      gamma(d + 3) * wa + gamma(4 * d + 8) * atDelta[i] + gamma(2) * Math.abs(bias[i]),
      d + 1,
    ),
  );
}

/**
 * |fl((W + ΔW)·s) − (W·s + D)| for `patchToTarget`, D meant exactly and given rounded once at most:
 *
 *   γ_{f+1}·|W||s| + γ_{3f+4}·|D|
 *
 * What w1w2 and w2only (2.6) add at the last map, D = r′ − r or out′ − out, s = h′ or h. The error that
 * w1w2 brings along in h′ comes on top (`block-bounds.ts`).
 *
 * Shapes: W m×f, s f, D m; m entries. For factored and dense evaluation: D·(v·s) carries ⟨2f + 4⟩.
 */
export function targetProductBound(
  W: Matrix,
  input: Float64Array,
  difference: Float64Array,
): Float64Array {
  const f = W.cols;
  return absoluteProduct(W, input).map((ws, i) =>
    enlarge(gamma(f + 1) * ws + gamma(3 * f + 4) * Math.abs(difference[i]), f),
  );
}

/**
 * |fl((W + ΔW)·ã) − W·a′| for the patch of Theorem 1 made for a, where the patched run sees ã = a + e (9.4):
 *
 *   (W + ΔW)·ã − W·a′ = W·e + W·δ·(a·e)/‖a‖²
 *   |W||e| + |W·δ|·‖e‖/‖a‖ + γ_{d+1}·|W||ã| + (γ_{3d+4}·‖ã‖ + 2γ_{d+1}·‖e‖)/‖a‖·|W||δ|
 *
 * e is 0 in every bit where the same code computes a again; it is not where batch, cache or order of
 * summation differ. The second term is the robustness number ‖δ‖/‖a‖ at work: large for a small base.
 *
 * Shapes: W m×d, vectors d; m entries. For factored and dense evaluation.
 *
 * @throws ShapeError or NonFiniteError as `patchWeight`.
 */
export function perturbedBaseBound(
  W: Matrix,
  base: Float64Array,
  contextual: Float64Array,
  seen: Float64Array,
): Float64Array {
  requireSite('perturbedBaseBound', W, base, contextual);
  requireSite('perturbedBaseBound', W, seen, contextual);
  const d = W.cols;
  const delta = subtract(contextual, base);
  const moved = subtract(seen, base);
  const size = norm(base);
  const [ofMoved, ofSeen] = [norm(moved) / size, norm(seen) / size];
  const [atMoved, atSeen, atDelta] = [moved, seen, delta].map((x) => absoluteProduct(W, x));
  const product = absoluteOfProduct(W, delta);
  // δ, e and their norms are rounded themselves: relative γ_{2d+16}, taken up by the last factor.
  const margin = 1 + gamma(2 * d + 16);
  return atMoved.map((we, i) => {
    const first = we + product[i] * ofMoved + gamma(d + 1) * atSeen[i];
    const rounded = (gamma(3 * d + 4) * ofSeen + 2 * gamma(d + 1) * ofMoved) * atDelta[i];
    return enlarge((first + rounded) * margin, d);
  });
}

/**
 * |fl(r + fl(y + fl(r′ − r))) − fl(r′ + y)|: what an output bias D = r′ − r leaves where the network's output
 * y has the same bits in both runs, as in parallel blocks (6.4), whose network does not see the attention:
 *
 *   u·(2|r′ − r| + |y| + 2|r′ + y|)
 *
 * Shapes: all one length.
 */
export const shiftedSumBound = (
  r: Float64Array,
  contextual: Float64Array,
  y: Float64Array,
): Float64Array =>
  subtract(contextual, r).map((moved, i) => {
    const terms = 2 * Math.abs(moved) + Math.abs(y[i]) + 2 * Math.abs(contextual[i] + y[i]);
    return enlarge(UNIT_ROUNDOFF * terms, 8);
  });

/** |W·x|, rounded: entry i off by γ_d·(|W||x|)_i. */
function absoluteOfProduct(W: Matrix, x: Float64Array): Float64Array {
  const out = new Float64Array(W.rows);
  for (let i = 0; i < W.rows; i++) {
    let sum = 0;
    for (let j = 0; j < W.cols; j++) sum += W.data[i * W.cols + j] * x[j];
    out[i] = Math.abs(sum);
  }
  return out;
}
