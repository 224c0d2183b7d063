/**
 * Plain twins of multi-head softmax attention and its transpose, for a batch of sequences.
 *
 * Letters: B sequences of T tokens; Q query rows a sequence (T of them, or only the last); H heads
 * and G key-value heads of width e; query head h reads key-value head g = ⌊h·G/H⌋.
 * Shapes, row-major: q, o, dq, do (B·Q)×(H·e); k, v, dk, dv (B·T)×(G·e); the weights p hold
 * B·H·Q rows of T numbers.
 *
 *   s_j = (Σ_c q_c·k_jc)·scale     c ascending          p = softmax(s) over the visible j
 *   o_c = Σ_j p_j·v_jc             j ascending from +0
 *
 * Query row i of a causal layer stands at token T − Q + i and sees the tokens up to itself;
 * otherwise all T are visible. `AttentionRules` bend scores and visibility further:
 * s_j ← κ·tanh(s_j/κ) with a soft cap κ, then s_j ← s_j − m_h·|d_j| with slopes m, where d_j is the
 * distance of positions between the query's token and j; |d_j| ≥ window is not visible.
 * Weights of tokens that are not visible are +0 and enter no sum.
 * Sizes are trusted, outputs are overwritten.
 *
 * @module
 */
import { tanh, tanhDerivative } from '../special/tanh.ts';
import { softmax, softmaxBackward } from './softmax.ts';

/** The sizes above. */
export interface AttentionSizes {
  readonly batch: number;
  readonly tokens: number;
  readonly queries: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly width: number;
  readonly causal: boolean;
}

/** What is not plain attention; each rule may be absent. Queries stand at tokens: Q ≤ T. */
export interface AttentionRules {
  /** Tokens seen to each side, the own one included: distances below it. */
  readonly window?: number;
  /** κ, of which no score exceeds the size. */
  readonly softCap?: number;
  /** m, one number a head (ALiBi, arXiv:2108.12409). */
  readonly slopes?: Float64Array;
  /** Positions of the T tokens, strictly ascending. Absent: 0 … T − 1. */
  readonly positions?: Float64Array;
}

const NO_RULES: AttentionRules = {};

/** The token at which query row i stands. */
const ownToken = ({ tokens, queries }: AttentionSizes, i: number): number => tokens - queries + i;

/** |position of token a − position of token b|. */
function distance({ positions }: AttentionRules, a: number, b: number): number {
  return Math.abs(positions ? positions[a] - positions[b] : a - b);
}

/** The first token that query row i sees. Positions ascend, so the visible tokens are neighbours. */
function firstVisible(sizes: AttentionSizes, rules: AttentionRules, i: number): number {
  if (rules.window === undefined) return 0;
  const own = ownToken(sizes, i);
  let first = own;
  while (first > 0 && distance(rules, own, first - 1) < rules.window) first--;
  return first;
}

/** One past the last token that query row i sees. */
function endVisible(sizes: AttentionSizes, rules: AttentionRules, i: number): number {
  const own = ownToken(sizes, i);
  if (sizes.causal) return own + 1;
  if (rules.window === undefined) return sizes.tokens;
  let end = own + 1;
  while (end < sizes.tokens && distance(rules, own, end) < rules.window) end++;
  return end;
}

/** The score of token j for the query at token `own` in head h, from the scaled product s. */
function ruled(rules: AttentionRules, h: number, own: number, j: number, s: number): number {
  const { softCap, slopes } = rules;
  const capped = softCap === undefined ? s : softCap * tanh(s / softCap);
  return slopes ? capped - slopes[h] * distance(rules, own, j) : capped;
}

/** o and p from q, k and v. Returns false, p and o half done, if a visible score is not finite. */
export function attention(
  sizes: AttentionSizes,
  scale: number,
  q: Float64Array,
  k: Float64Array,
  v: Float64Array,
  p: Float64Array,
  o: Float64Array,
  rules: AttentionRules = NO_RULES,
): boolean {
  const { batch, tokens: T, queries: Q, heads: H, kvHeads: G, width: e } = sizes;
  p.fill(0);
  o.fill(0);
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < H; h++) {
      const g = Math.floor((h * G) / H);
      for (let i = 0; i < Q; i++) {
        const [first, end] = [firstVisible(sizes, rules, i), endVisible(sizes, rules, i)];
        const row = ((b * H + h) * Q + i) * T; // of p
        const qAt = ((b * Q + i) * H + h) * e; // of q and o
        for (let j = first; j < end; j++) {
          const kAt = ((b * T + j) * G + g) * e;
          let s = 0;
          for (let c = 0; c < e; c++) s += q[qAt + c] * k[kAt + c];
          const score = ruled(rules, h, ownToken(sizes, i), j, s * scale);
          if (!Number.isFinite(score)) return false; // an overflow must not pass for a mask
          p[row + j] = score;
        }
        softmax(p, p, row + first, end - first);
        for (let j = first; j < end; j++) {
          const vAt = ((b * T + j) * G + g) * e;
          const weight = p[row + j];
          for (let c = 0; c < e; c++) o[qAt + c] += weight * v[vAt + c];
        }
      }
    }
  }
  return true;
}

/**
 * dq, dk and dv from do.
 *
 *   dp_j  = Σ_c do_c·v_jc              c ascending
 *   ds    = softmax'(p)ᵀ dp            two-lane order; with a soft cap times tanh′(s_j/κ), s_j being
 *                                      computed again; then times scale
 *   dq_c  = Σ_j ds_j·k_jc              j ascending from +0
 *   dk_jc = Σ ds_j·q_c, dv_jc = Σ p_j·do_c   heads of the group ascending, in each query rows ascending
 */
export function attentionBackward(
  sizes: AttentionSizes,
  scale: number,
  inputs: { q: Float64Array; k: Float64Array; v: Float64Array; p: Float64Array; dO: Float64Array },
  outputs: { dq: Float64Array; dk: Float64Array; dv: Float64Array },
  rules: AttentionRules = NO_RULES,
): void {
  const { batch, tokens: T, queries: Q, heads: H, kvHeads: G, width: e } = sizes;
  const { q, k, v, p, dO } = inputs;
  const { dq, dk, dv } = outputs;
  const ds = new Float64Array(T);
  dq.fill(0);
  dk.fill(0);
  dv.fill(0);
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < H; h++) {
      const g = Math.floor((h * G) / H);
      for (let i = 0; i < Q; i++) {
        const [first, end] = [firstVisible(sizes, rules, i), endVisible(sizes, rules, i)];
        const row = ((b * H + h) * Q + i) * T;
        const qAt = ((b * Q + i) * H + h) * e;
        for (let j = first; j < end; j++) {
          const vAt = ((b * T + j) * G + g) * e;
          let dp = 0;
          for (let c = 0; c < e; c++) {
            dp += dO[qAt + c] * v[vAt + c];
            dv[vAt + c] += p[row + j] * dO[qAt + c];
          }
          ds[j] = dp;
        }
        softmaxBackward(p, row + first, ds, ds, first, end - first);
        for (let j = first; j < end; j++) {
          const kAt = ((b * T + j) * G + g) * e;
          if (rules.softCap !== undefined) {
            let s = 0;
            for (let c = 0; c < e; c++) s += q[qAt + c] * k[kAt + c];
            ds[j] *= tanhDerivative((s * scale) / rules.softCap);
          }
          const dsj = ds[j] * scale;
          for (let c = 0; c < e; c++) {
            dq[qAt + c] += dsj * k[kAt + c];
            dk[kAt + c] += dsj * q[qAt + c];
          }
        }
      }
    }
  }
}
