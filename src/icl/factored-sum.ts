/**
 * W + Σ_k p_k·v_kᵀ, kept as W and its updates.
 *
 * A path of K rank-one steps takes K·(m + d) numbers and K·(m + d) products a vector; the dense matrix
 * is formed only by `factoredToMatrix`.
 *
 * @module
 */
import {
  addRankOne,
  dot,
  gamma,
  type Matrix,
  matrixVector,
  type RankOne,
} from '../linalg/index.ts';
import { absoluteProduct, enlarge } from './rounding-bounds.ts';

/**
 * (W + Σ_k p_k·v_kᵀ)·x = W·x + Σ_k p_k·(v_k·x), k ascending.
 *
 * Shapes: W m×d, K updates of m and d entries, x d. Error: `factoredBound`.
 *
 * @throws ShapeError if x or a v_k has another length than W has columns.
 */
export function applyFactored(
  W: Matrix,
  updates: readonly RankOne[],
  x: Float64Array,
): Float64Array {
  const y = matrixVector(W, x);
  for (const { p, v } of updates) {
    const onto = dot(v, x);
    for (let i = 0; i < y.length; i++) y[i] += p[i] * onto;
  }
  return y;
}

/** The matrix W + Σ_k p_k·v_kᵀ, updates added in order: 2K roundings an entry. */
export const factoredToMatrix = (W: Matrix, updates: readonly RankOne[]): Matrix =>
  updates.reduce(addRankOne, W);

/**
 * |fl((W + Σ_k p_k·v_kᵀ)·x) − (W + Σ_k p_k·v_kᵀ)·x| for `applyFactored`, the stored numbers meant exactly:
 *
 *   γ_{d+K}·|W||x| + Σ_k γ_{d+2+K−k}·|p_k|·(|v_k|·|x|),  k = 1 … K
 *
 * W·x carries θ_d and one rounding an addition; p_k·(v_k·x) carries θ_{d+1} and those from addition k on.
 *
 * Shapes: as `applyFactored`; m entries.
 */
export function factoredBound(
  W: Matrix,
  updates: readonly RankOne[],
  x: Float64Array,
): Float64Array {
  const K = updates.length;
  const d = W.cols;
  const bound = absoluteProduct(W, x).map((entry) => gamma(d + K) * entry);
  updates.forEach((update, k) => {
    addTerm(bound, update, x, gamma(d + 1 + K - k));
  });
  return bound.map((entry) => enlarge(entry, d + K));
}

/** |W||x| + Σ_k |p_k|·(|v_k|·|x|), an upper bound of |(W + Σ_k p_k·v_kᵀ)·x|. */
export function absoluteFactored(
  W: Matrix,
  updates: readonly RankOne[],
  x: Float64Array,
): Float64Array {
  const sum = absoluteProduct(W, x);
  for (const update of updates) addTerm(sum, update, x, 1);
  return sum.map((entry) => enlarge(entry, W.cols + updates.length));
}

/** sum += factor·|p|·(|v|·|x|). */
function addTerm(sum: Float64Array, { p, v }: RankOne, x: Float64Array, factor: number): void {
  const onto = factor * dot(v.map(Math.abs), x.map(Math.abs));
  for (let i = 0; i < sum.length; i++) sum[i] += Math.abs(p[i]) * onto;
}
