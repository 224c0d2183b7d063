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
 * otherwise all T are visible. Weights of tokens that are not visible are +0 and enter no sum.
 * Sizes are trusted, outputs are overwritten.
 *
 * @module
 */
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

/** How many tokens query row i sees. */
const visible = ({ tokens, queries, causal }: AttentionSizes, i: number): number =>
  causal ? tokens - queries + i + 1 : tokens;

/** o and p from q, k and v. Returns false if a row of scores has no finite maximum. */
export function attention(
  sizes: AttentionSizes,
  scale: number,
  q: Float64Array,
  k: Float64Array,
  v: Float64Array,
  p: Float64Array,
  o: Float64Array,
): boolean {
  const { batch, tokens: T, queries: Q, heads: H, kvHeads: G, width: e } = sizes;
  p.fill(0);
  o.fill(0);
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < H; h++) {
      const g = Math.floor((h * G) / H);
      for (let i = 0; i < Q; i++) {
        const n = visible(sizes, i);
        const row = ((b * H + h) * Q + i) * T; // of p
        const qAt = ((b * Q + i) * H + h) * e; // of q and o
        for (let j = 0; j < n; j++) {
          const kAt = ((b * T + j) * G + g) * e;
          let s = 0;
          for (let c = 0; c < e; c++) s += q[qAt + c] * k[kAt + c];
          p[row + j] = s * scale;
        }
        if (!Number.isFinite(softmax(p, p, row, n))) return false;
        for (let j = 0; j < n; j++) {
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
 *   ds    = softmax'(p)ᵀ dp            two-lane order, then times scale
 *   dq_c  = Σ_j ds_j·k_jc              j ascending from +0
 *   dk_jc = Σ ds_j·q_c, dv_jc = Σ p_j·do_c   heads of the group ascending, in each query rows ascending
 */
export function attentionBackward(
  sizes: AttentionSizes,
  scale: number,
  inputs: { q: Float64Array; k: Float64Array; v: Float64Array; p: Float64Array; dO: Float64Array },
  outputs: { dq: Float64Array; dk: Float64Array; dv: Float64Array },
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
        const n = visible(sizes, i);
        const row = ((b * H + h) * Q + i) * T;
        const qAt = ((b * Q + i) * H + h) * e;
        for (let j = 0; j < n; j++) {
          const vAt = ((b * T + j) * G + g) * e;
          let dp = 0;
          for (let c = 0; c < e; c++) {
            dp += dO[qAt + c] * v[vAt + c];
            dv[vAt + c] += p[row + j] * dO[qAt + c];
          }
          ds[j] = dp;
        }
        softmaxBackward(p, row, ds, ds, 0, n);
        for (let j = 0; j < n; j++) {
          const kAt = ((b * T + j) * G + g) * e;
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
