/**
 * Plain twins of the selective state space recurrence (Mamba) and its transpose.
 *
 * Letters: B sequences of T tokens, c channels with N states each; R = B·T. Shapes, row-major:
 * inputs x, steps δ and outputs y R×c; input and output weights of each token β, γ R×N;
 * logarithmic rates λ c×N; skip D c numbers; states s R×c·N. Sizes are trusted, outputs are overwritten.
 * Source: Gu & Dao, Mamba, arXiv:2312.00752, algorithm 2, with the simplified input step δ·β.
 *
 * @module
 */
import { exp } from '../special/exp.ts';

/** The sizes above. */
export interface SelectiveSizes {
  readonly batch: number;
  readonly tokens: number;
  readonly channels: number;
  readonly states: number;
}

/** The operands above. */
export interface SelectiveInputs {
  readonly x: Float64Array;
  readonly delta: Float64Array;
  readonly beta: Float64Array;
  readonly gamma: Float64Array;
  readonly lambda: Float64Array;
  readonly D: Float64Array;
}

/**
 *   s_t = exp(−(δ_t·e^λ))·s_{t−1} + (δ_t·x_t)·β_t     for each channel and state, s_{−1} = 0
 *   y_t = Σ_n γ_tn·s_tn + D·x_t                       n ascending from +0, then D·x
 */
export function selectiveScan(
  { batch, tokens, channels: c, states: N }: SelectiveSizes,
  { x, delta, beta, gamma, lambda, D }: SelectiveInputs,
  s: Float64Array,
  y: Float64Array,
): void {
  const rates = lambda.map(exp);
  for (let row = 0; row < batch * tokens; row++) {
    for (let i = 0; i < c; i++) {
      const step = delta[row * c + i];
      const input = step * x[row * c + i];
      let sum = 0;
      for (let n = 0; n < N; n++) {
        const at = (row * c + i) * N + n;
        const before = row % tokens === 0 ? 0 : s[at - c * N];
        s[at] = exp(-(step * rates[i * N + n])) * before + input * beta[row * N + n];
        sum += gamma[row * N + n] * s[at];
      }
      y[row * c + i] = sum + D[i] * x[row * c + i];
    }
  }
}

/** Gradients of the operands. */
export interface SelectiveGradients {
  readonly dx: Float64Array;
  readonly ddelta: Float64Array;
  readonly dbeta: Float64Array;
  readonly dgamma: Float64Array;
  readonly dlambda: Float64Array;
  readonly dD: Float64Array;
}

/**
 * From the last token to the first, channels and states ascending; α = exp(−(δ·e^λ)), and k is what
 * comes from later tokens:
 *
 *   g  = k + dy·γ,  k ← g·α,  ε = (g·s_{t−1})·α       the gradient of the exponent −δ·e^λ
 *   dx = dy·D + (Σ_n g·β)·δ,  dδ = (Σ_n g·β)·x − Σ_n ε·e^λ
 *   dβ = Σ_c g·(δ·x),  dγ = Σ_c dy·s,  dD = Σ dy·x,  dλ = (Σ −(ε·δ))·e^λ
 *
 * Sums over rows take sequences ascending, tokens descending.
 */
export function selectiveScanBackward(
  { batch, tokens, channels: c, states: N }: SelectiveSizes,
  { x, delta, beta, gamma, lambda, D }: SelectiveInputs,
  s: Float64Array,
  dy: Float64Array,
  gradients: SelectiveGradients,
): void {
  const { dx, ddelta, dbeta, dgamma, dlambda, dD } = gradients;
  const rates = lambda.map(exp);
  const carry = new Float64Array(c * N);
  for (const sum of [dbeta, dgamma, dlambda, dD]) sum.fill(0);
  for (let b = 0; b < batch; b++) {
    carry.fill(0);
    for (let t = tokens - 1; t >= 0; t--) {
      const row = b * tokens + t;
      for (let i = 0; i < c; i++) {
        const step = delta[row * c + i];
        const xi = x[row * c + i];
        const dyi = dy[row * c + i];
        let throughInput = 0;
        let throughDecay = 0;
        for (let n = 0; n < N; n++) {
          const own = i * N + n;
          const at = row * c * N + own;
          const alpha = exp(-(step * rates[own]));
          const g = carry[own] + dyi * gamma[row * N + n];
          const exponent = t === 0 ? 0 : g * s[at - c * N] * alpha;
          carry[own] = g * alpha;
          dgamma[row * N + n] += dyi * s[at];
          dbeta[row * N + n] += g * (step * xi);
          dlambda[own] -= exponent * step;
          throughInput += g * beta[row * N + n];
          throughDecay += exponent * rates[own];
        }
        dD[i] += dyi * xi;
        dx[row * c + i] = dyi * D[i] + throughInput * step;
        ddelta[row * c + i] = throughInput * xi - throughDecay;
      }
    }
  }
  for (let own = 0; own < c * N; own++) dlambda[own] *= rates[own];
}
