/**
 * What rounding may do to a path of rank-one steps.
 *
 * The stored numbers define exact matrices Ŵ_i = W_0 + Σ_{k≤i} p̂_k·v̂_kᵀ; r_i is what they miss. All
 * bounds follow from the stored numbers, barring underflow; |·| is entrywise and
 * E_i(x) = `factoredBound` for the product of Ŵ_i and x.
 *
 * @module
 */
import { gamma, type Matrix, type RankOne, subtract, UNIT_ROUNDOFF } from '../linalg/index.ts';
import type { ChangingBaseStep } from './changing-base.ts';
import { absoluteFactored, factoredBound } from './factored-sum.ts';
import type { ImplicitDescent } from './implicit-descent.ts';
import { absoluteProduct, enlarge } from './rounding-bounds.ts';

/**
 * |fl(Ŵ_i·a) − W_0·A_i| for i = 1 … n, where Ŵ_i = W_0 − h·(Δ_0 + … + Δ_{i−1}) is kept as the updates of
 * `gradientUpdates`, W_0·A_i meant exactly. What every step of Proposition 3.1 misses, and they add up:
 *
 *   Σ_{k<i} (γ_{d+1}·|W_0||A_{k+1} − A_k| + γ_{3d+3}·|p̂_k|) + E_i(a),  p̂_k = fl(W_0·(A_k − A_{k+1}))
 *
 * since h = 1/‖a‖² is computed as ⟨3d + 2⟩. The closed form W_i = W_0 + ΔW (`steps[i].update`) is as exact
 * as Theorem 1, whatever i: `patchedProductBound`.
 *
 * Shapes: W m×d; n + 1 prefixes of d entries; n bounds of m entries.
 */
export function fixedBaseBound(
  W: Matrix,
  prefixes: readonly Float64Array[],
  descent: ImplicitDescent,
): Float64Array[] {
  const d = W.cols;
  const all = gradientUpdates(descent);
  const missed = new Float64Array(W.rows);
  return descent.steps.map(({ gradient }, k) => {
    const moved = absoluteProduct(W, subtract(prefixes[k + 1], prefixes[k]));
    missed.forEach((entry, i) => {
      const own = gamma(d + 1) * moved[i] + gamma(3 * d + 3) * Math.abs(gradient.p[i]);
      missed[i] = enlarge(entry + own, d);
    });
    const evaluation = factoredBound(W, all.slice(0, k + 1), prefixes[0]);
    return missed.map((entry, i) => enlarge(entry + evaluation[i], 1));
  });
}

/** −h·Δ_i for each step of `implicitDescent`: the path itself, W_{i+1} = W_i − h·∇L_i. */
export const gradientUpdates = ({ stepSize, steps }: ImplicitDescent): RankOne[] =>
  steps.map(({ gradient: { p, v } }) => ({ p: p.map((entry) => -stepSize * entry), v: v.slice() }));

/**
 * |fl(Ŵ_i·a_i) − W_0·a_0| for each step of `changingBase`, W_0·a_0 meant exactly.
 *
 * With r_i = Ŵ_i·a_i − W_0·a_0, r_0 = 0, δ̂_i = fl(a_{i−1} − a_i), p̂_i = fl(Ŵ_{i−1}·δ̂_i) and
 * v̂_i·a_i = 1 + θ_{2d+1}:
 *
 *   r_i = r_{i−1} + Ŵ_{i−1}·(δ̂_i − δ_i) + (p̂_i − Ŵ_{i−1}·δ̂_i) + p̂_i·θ_{2d+1}
 *   |r_i| ≤ |r_{i−1}| + u·|Ŵ_{i−1}||δ̂_i| + E_{i−1}(δ̂_i) + γ_{2d+1}·|p̂_i|
 *
 * and evaluating adds E_i(a_i). So errors add up; they are not multiplied. The product of the condition
 * factors enters through the size of Ŵ_{i−1} alone.
 *
 * Shapes: W m×d; m entries a step.
 */
export function changingBaseBound(
  W: Matrix,
  suffixes: readonly Float64Array[],
  steps: readonly ChangingBaseStep[],
): Float64Array[] {
  const updates: RankOne[] = [];
  const missed = new Float64Array(W.rows);
  let before = suffixes[0];
  return steps.map(({ base, update }) => {
    const delta = subtract(before, base);
    const product = factoredBound(W, updates, delta);
    const size = absoluteFactored(W, updates, delta);
    missed.forEach((entry, i) => {
      const own = gamma(2 * W.cols + 1) * Math.abs(update.p[i]);
      missed[i] = enlarge(entry + UNIT_ROUNDOFF * size[i] + product[i] + own, 4);
    });
    updates.push(update);
    before = base;
    const evaluation = factoredBound(W, updates, base);
    return missed.map((entry, i) => enlarge(entry + evaluation[i], 1));
  });
}

/**
 * |fl(Ŵ_i·x_i) − t_i| for each step of `leastSquaresDescent`, t_i meant as given.
 *
 * p̂_i = (t_i − ŷ_i)·(1 + θ_1) with ŷ_i = fl(Ŵ_{i−1}·x_i), so
 *
 *   Ŵ_i·x_i − t_i = (Ŵ_{i−1}·x_i − ŷ_i) + p̂_i·θ_{2d+2},  at most E_{i−1}(x_i) + γ_{2d+2}·|p̂_i|
 *
 * whatever the steps before have missed. Evaluating adds E_i(x_i).
 */
export function leastSquaresBound(
  W: Matrix,
  inputs: readonly Float64Array[],
  steps: readonly { readonly update: RankOne }[],
): Float64Array[] {
  const updates: RankOne[] = [];
  return steps.map(({ update }, i) => {
    const before = factoredBound(W, updates, inputs[i]);
    updates.push(update);
    const after = factoredBound(W, updates, inputs[i]);
    return before.map((entry, k) =>
      enlarge(entry + after[k] + gamma(2 * W.cols + 2) * Math.abs(update.p[k]), 4),
    );
  });
}

/** γ_d·|W||x|: what a target computed as fl(W·x) may be off. */
export const productBound = (W: Matrix, x: Float64Array): Float64Array =>
  absoluteProduct(W, x).map((entry) => enlarge(gamma(W.cols) * entry, W.cols));
