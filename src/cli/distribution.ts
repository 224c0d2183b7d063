/**
 * What logits say about the next token: its likeliest values, and how far two such answers are apart.
 *
 * @module
 */
import { exp, expm1, log } from '../linalg/index.ts';

/** An id and its probability. */
export interface Likely {
  readonly id: number;
  readonly probability: number;
}

/** The `count` likeliest tokens, the likeliest first; of equal ones that of the smaller id. */
export function likeliest(logits: Float64Array, count: number): Likely[] {
  const probabilities = logProbabilities(logits).map(exp);
  const order = Array.from(logits.keys()).sort((a, b) => logits[b] - logits[a]);
  return order.slice(0, count).map((id) => ({ id, probability: probabilities[id] }));
}

/**
 * KL(p ‖ q) in nats, of the softmax of two rows of logits: Σ p·(e^{−d} − 1 + d) with d = log p − log q, which is
 * Σ p·d since both sum to 1. Written so no term is negative, and two answers that are almost the same do not
 * cancel to noise of the size of rounding.
 */
export function divergence(p: Float64Array, q: Float64Array): number {
  const [logP, logQ] = [logProbabilities(p), logProbabilities(q)];
  let sum = 0;
  logP.forEach((own, i) => {
    const d = own - logQ[i];
    // Beyond −700 the exponential overflows, and p·e^{−d} = q.
    const term = d > -700 ? exp(own) * (expm1(-d) + d) : exp(logQ[i]) + exp(own) * (d - 1);
    sum += Math.max(0, term);
  });
  return sum;
}

/** logit − log Σ e^logit, with the largest taken out first. */
function logProbabilities(logits: Float64Array): Float64Array {
  const most = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const total = logits.reduce((sum, logit) => sum + exp(logit - most), 0);
  const size = most + log(total);
  return logits.map((logit) => logit - size);
}
