/**
 * Plain twins of linear attention in its recurrent form, for a batch of sequences.
 *
 * Letters: B sequences of T tokens, Q query rows a sequence (T of them, or only the last), H heads of
 * width e. Shapes, row-major: q, o (B·Q)×(H·e); k, v (B·T)×(H·e); the state a head starts from is
 * S0, e×e, below each other H·e×e, and n0, one row of e numbers a head, H×e. q and k are features:
 * a feature map has already acted.
 *
 *   S_ac = S0_ac + Σ_j k_ja·v_jc,  n_a = n0_a + Σ_j k_ja     over the visible j, ascending, from S0, n0
 *   o_c  = Σ_a q_a·S_ac            a ascending; divided by Σ_a q_a·n_a if normalised
 *
 * Query row i of a causal layer sees the tokens up to its own, otherwise all T; with `excludeSelf`
 * one less, its own (precondition: causal, or only the last row asks). Because a state is
 * continued, a prefix and the S, n it leaves give later rows the same bits.
 * Sizes are trusted, outputs are overwritten.
 *
 * @module
 */

/** The sizes and forms above. */
export interface LinearAttentionSizes {
  readonly batch: number;
  readonly tokens: number;
  readonly queries: number;
  readonly heads: number;
  readonly width: number;
  readonly causal: boolean;
  readonly excludeSelf: boolean;
  readonly normalised: boolean;
}

/** The operands above. */
export interface LinearAttentionInputs {
  readonly q: Float64Array;
  readonly k: Float64Array;
  readonly v: Float64Array;
  readonly S0: Float64Array;
  readonly n0: Float64Array;
}

/** How many tokens, from the first on, query row i sees. */
function seen({ tokens, queries, causal, excludeSelf }: LinearAttentionSizes, i: number): number {
  return (causal ? tokens - queries + i + 1 : tokens) - (excludeSelf ? 1 : 0);
}

/** S += k·vᵀ and n += k for one token. */
function absorb(
  { k, v }: LinearAttentionInputs,
  at: number,
  S: Float64Array,
  n: Float64Array,
): void {
  const e = n.length;
  for (let a = 0; a < e; a++) {
    for (let c = 0; c < e; c++) S[a * e + c] += k[at + a] * v[at + c];
    n[a] += k[at + a];
  }
}

/**
 * o, and the divisor of each query row and head (1 unless normalised). Returns false if a divisor is
 * not a positive finite number.
 */
export function linearAttention(
  sizes: LinearAttentionSizes,
  inputs: LinearAttentionInputs,
  divisors: Float64Array,
  o: Float64Array,
): boolean {
  const { batch, tokens: T, queries: Q, heads: H, width: e, normalised } = sizes;
  const { q, S0, n0 } = inputs;
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < H; h++) {
      const S = S0.slice(h * e * e, (h + 1) * e * e);
      const n = n0.slice(h * e, (h + 1) * e);
      let next = 0; // the first token that is not in the state
      for (let i = 0; i < Q; i++) {
        for (; next < seen(sizes, i); next++) absorb(inputs, ((b * T + next) * H + h) * e, S, n);
        const at = ((b * Q + i) * H + h) * e;
        let divisor = normalised ? 0 : 1;
        if (normalised) for (let a = 0; a < e; a++) divisor += q[at + a] * n[a];
        if (!(divisor > 0 && divisor < Infinity)) return false;
        divisors[(b * Q + i) * H + h] = divisor;
        for (let c = 0; c < e; c++) {
          let sum = 0;
          for (let a = 0; a < e; a++) sum += q[at + a] * S[a * e + c];
          o[at + c] = normalised ? sum / divisor : sum;
        }
      }
    }
  }
  return true;
}

/** Gradients of the operands. */
export interface LinearAttentionGradients {
  readonly dq: Float64Array;
  readonly dk: Float64Array;
  readonly dv: Float64Array;
  readonly dS0: Float64Array;
  readonly dn0: Float64Array;
}

/**
 * With t_c = do_c/divisor and w = −(Σ_c do_c·o_c)/divisor (t = do and w = 0 unless normalised):
 *
 *   dq_a  = Σ_c t_c·S_ac + w·n_a                 c ascending, then w·n_a
 *   R_ac  = Σ_i q_ia·t_ic,  ρ_a = Σ_i q_ia·w_i   over the rows i that see a token, i descending
 *   dk_ja = Σ_c R_ac·v_jc + ρ_a,  dv_jc = Σ_a k_ja·R_ac
 *   dS0 and dn0 sum the last R and ρ over the batch, ascending
 */
export function linearAttentionBackward(
  sizes: LinearAttentionSizes,
  inputs: LinearAttentionInputs,
  results: { readonly divisors: Float64Array; readonly o: Float64Array },
  dO: Float64Array,
  gradients: LinearAttentionGradients,
): void {
  const { batch, tokens: T, queries: Q, heads: H, width: e, normalised } = sizes;
  const { q, k, v, S0, n0 } = inputs;
  const { dq, dk, dv, dS0, dn0 } = gradients;
  const t = new Float64Array(Q * e);
  const w = new Float64Array(Q);
  dS0.fill(0);
  dn0.fill(0);
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < H; h++) {
      const S = S0.slice(h * e * e, (h + 1) * e * e);
      const n = n0.slice(h * e, (h + 1) * e);
      let next = 0;
      for (let i = 0; i < Q; i++) {
        for (; next < seen(sizes, i); next++) absorb(inputs, ((b * T + next) * H + h) * e, S, n);
        const at = ((b * Q + i) * H + h) * e;
        const divisor = results.divisors[(b * Q + i) * H + h];
        let along = 0;
        for (let c = 0; c < e; c++) {
          t[i * e + c] = dO[at + c] / divisor;
          along += dO[at + c] * results.o[at + c];
        }
        w[i] = normalised ? -(along / divisor) : 0;
        for (let a = 0; a < e; a++) {
          let sum = 0;
          for (let c = 0; c < e; c++) sum += t[i * e + c] * S[a * e + c];
          dq[at + a] = normalised ? sum + w[i] * n[a] : sum;
        }
      }
      const R = new Float64Array(e * e);
      const rho = new Float64Array(e);
      let row = Q - 1; // the last query row that is not in R
      for (let j = T - 1; j >= -1; j--) {
        for (; row >= 0 && (j < 0 || seen(sizes, row) > j); row--) {
          const at = ((b * Q + row) * H + h) * e;
          for (let a = 0; a < e; a++) {
            for (let c = 0; c < e; c++) R[a * e + c] += q[at + a] * t[row * e + c];
            rho[a] += q[at + a] * w[row];
          }
        }
        if (j < 0) break; // rows that see nothing but the state they start from
        const at = ((b * T + j) * H + h) * e;
        for (let a = 0; a < e; a++) {
          let sum = 0;
          for (let c = 0; c < e; c++) sum += R[a * e + c] * v[at + c];
          dk[at + a] = sum + rho[a];
        }
        for (let c = 0; c < e; c++) {
          let sum = 0;
          for (let a = 0; a < e; a++) sum += k[at + a] * R[a * e + c];
          dv[at + c] = sum;
        }
      }
      for (let at = 0; at < e * e; at++) dS0[h * e * e + at] += R[at];
      for (let a = 0; a < e; a++) dn0[h * e + a] += rho[a];
    }
  }
}
