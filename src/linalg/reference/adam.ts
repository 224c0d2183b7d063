/**
 * Plain twin of one Adam step.
 *
 * @module
 */

/** What does not change over the entries of one step. */
export interface AdamStep {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** 1 − β₁ᵗ and √(1 − β₂ᵗ) at step t. */
  readonly correction1: number;
  readonly correction2: number;
}

/**
 * In place, entry by entry, each line rounded as written:
 *
 *   m ← β₁·m + (1 − β₁)·g
 *   v ← β₂·v + ((1 − β₂)·g)·g
 *   θ ← θ − (η/(1 − β₁ᵗ))·m / (√v/√(1 − β₂ᵗ) + ε)
 *
 * Source: Kingma & Ba, Adam, arXiv:1412.6980, algorithm 1, with the bias corrections applied to
 * the step and to √v instead of to m and v: equal in exact arithmetic, one division less.
 */
export function adam(
  step: AdamStep,
  theta: Float64Array,
  g: Float64Array,
  m: Float64Array,
  v: Float64Array,
): void {
  const { beta1, beta2, epsilon, correction2 } = step;
  const keep1 = 1 - beta1;
  const keep2 = 1 - beta2;
  const rate = step.learningRate / step.correction1;
  for (let i = 0; i < theta.length; i++) {
    m[i] = beta1 * m[i] + keep1 * g[i];
    v[i] = beta2 * v[i] + keep2 * g[i] * g[i];
    theta[i] -= (rate * m[i]) / (Math.sqrt(v[i]) / correction2 + epsilon);
  }
}
