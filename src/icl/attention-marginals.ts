/**
 * What one more context token changes in softmax attention: an identity, and why it fades like 1/i.
 *
 *   paper      here          meaning
 *   A_i        prefixes[i]   A(C_i, x), the layer on the first i context tokens, i = 0 … n
 *   α_h        weights[h]    what query x pays to c_{i+1} in head h, among C_{i+1} and x
 *   v_{c,h}    –             the value of c_{i+1} in head h
 *   o_h(C_i)   –             the output of head h without c_{i+1}
 *
 * For attention without positions, window, cap or norm. Source: own.
 *
 * @module
 */
import { exp, gamma, type Matrix, matrixVector, subtract, UNIT_ROUNDOFF } from '../linalg/index.ts';
import { type Parameters, softmaxAttention } from '../model/index.ts';
import { type AttentionHead, headsOf, type PlainAttentionOptions } from './attention-heads.ts';
import { prefixVectors } from './implicit-descent.ts';
import { enlarge } from './rounding-bounds.ts';

/** Both sides for token c_{i+1}. */
export interface AttentionMarginal {
  /** A_{i+1} − A_i, from two runs of the layer. */
  readonly observed: Float64Array;
  /** Σ_h Wo_h·α_h·(v_{c,h} − o_h(C_i)). */
  readonly predicted: Float64Array;
  /** α_h of each head. */
  readonly weights: Float64Array;
  /** Σ_h ‖Wo_h‖·2V_h·e^{2B_h}/(i + 2) ≥ ‖A_{i+1} − A_i‖. */
  readonly limit: number;
  /** What rounding may put between the two sides, entry by entry. */
  readonly bound: Float64Array;
}

/**
 * The marginals of every context token, i = 0 … n−1.
 *
 *   A_{i+1} − A_i = Σ_h Wo_h·α_h·(v_{c,h} − o_h(C_i)),  α_h = e^{s_c}/(Σ_{j≤i} e^{s_j} + e^{s_x} + e^{s_c})
 *
 * since o_h(C_{i+1}) = (1 − α_h)·o_h(C_i) + α_h·v_{c,h}. With |s_j| ≤ B_h and ‖v_j‖ ≤ V_h over the
 * whole prompt, α_h ≤ e^{2B_h}/(i + 2) and ‖v − o‖ ≤ 2V_h, which is `limit`: marginals of an average fade
 * like 1/i. That is no law of contextual layers: unnormalised linear attention has v·(k·q), at any i.
 *
 * Shapes: context n×tokenWidth; n marginals of `width` numbers, weights of `heads`. Error: `bound`, see
 * `marginalBound`; `limit` is enlarged by a relative 1e-10, more than its rounding for heads up to width 64,
 * and is Infinity where e^{2B} overflows.
 *
 * @throws as `softmaxAttention` and `evaluateLayer`.
 */
export function attentionMarginals(
  options: PlainAttentionOptions,
  parameters: Parameters,
  context: Matrix,
  query: Float64Array,
): AttentionMarginal[] {
  const layer = softmaxAttention(options);
  const prefixes = prefixVectors(layer, parameters, context, query);
  const heads = headsOf(options, parameters, context, query);
  const bound = marginalBound(heads, parameters.bo?.data);
  return prefixes.slice(1).map((next, i): AttentionMarginal => {
    const predicted = new Float64Array(layer.width);
    const weights = new Float64Array(heads.length);
    let limit = 0;
    heads.forEach((head, h) => {
      const { weight, change } = marginalOfHead(head, i);
      weights[h] = weight;
      matrixVector(head.Wo, change).forEach((entry, r) => {
        predicted[r] += entry;
      });
      limit += (head.sizeOfWo * 2 * head.sizeOfValues * exp(2 * head.sizeOfScores)) / (i + 2);
    });
    const observed = subtract(next, prefixes[i]);
    return { observed, predicted, weights, limit: limit * (1 + 1e-10), bound: bound.slice() };
  });
}

/** α_h and α_h·(v_{c,h} − o_h(C_i)). */
function marginalOfHead(
  { scores, values }: AttentionHead,
  i: number,
): { weight: number; change: Float64Array } {
  const seen = [...Array.from({ length: i }, (_, j) => j), scores.length - 1]; // C_i, and the query
  const softmaxOf = (positions: readonly number[]): number[] => {
    const top = positions.reduce((most, j) => Math.max(most, scores[j]), -Infinity);
    const masses = positions.map((j) => exp(scores[j] - top));
    const total = masses.reduce((sum, mass) => sum + mass, 0);
    return masses.map((mass) => mass / total);
  };
  const shares = softmaxOf(seen);
  const weight = softmaxOf([...seen, i])[seen.length];
  const change = values[i].map((v, c) => {
    const o = seen.reduce((sum, j, k) => sum + shares[k] * values[j][c], 0);
    return weight * (v - o);
  });
  return { weight, change };
}

/**
 * |observed − predicted| ≤ Σ_hc |Wo_h|·max_j |v_jc|·(6τ + 4γ_{T+1} + 5γ_{He+4}) + 4u·|bo|, entry by entry, for
 * T = n + 1 tokens, H heads of width e and projections of equal bits on both sides.
 *
 * A score is off by at most Δ = γ_{e+4}·S, S = scale·max_j |q|·|k_j| (dot, scale, subtraction of the maximum),
 * a weight by a relative τ = 2.02Δ + γ_{T+8} (exp, sum, quotient; 2Δ < 0.01), an output o of a head by
 * 1.02(τ + γ_T)·max|v|. The observed side has two such outputs, the predicted side one, and τ of α.
 * Infinity where 2Δ is larger than that.
 */
function marginalBound(heads: readonly AttentionHead[], bo?: Float64Array): Float64Array {
  const [{ scores, Wo }] = heads;
  const [T, e] = [scores.length, Wo.cols];
  const bound = new Float64Array(Wo.rows);
  for (const { values, Wo: own, absoluteScore } of heads) {
    const delta = gamma(e + 4) * absoluteScore;
    const tau = 2.02 * delta + gamma(T + 8);
    const factor = 2 * delta < 0.01 ? 6 * tau + 4 * gamma(T + 1) : Infinity;
    for (let c = 0; c < e; c++) {
      const largest = values.reduce((most, v) => Math.max(most, Math.abs(v[c])), 0);
      for (let r = 0; r < bound.length; r++) {
        const entry = Math.abs(own.data[r * e + c]) * largest;
        if (entry > 0) bound[r] += entry * (factor + 5 * gamma(heads.length * e + 4));
      }
    }
  }
  return bound.map((entry, r) =>
    enlarge(entry + 4 * UNIT_ROUNDOFF * Math.abs(bo?.[r] ?? 0), heads.length * e),
  );
}
