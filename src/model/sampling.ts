/**
 * Choosing a token from logits: the largest, or one drawn at random.
 *
 * @module
 */
import { DomainError, exp, type Random } from '../linalg/index.ts';
import { largest } from './generate.ts';

/** Chooses a token id from logits. */
export type ChooseToken = (logits: Float64Array) => number;

/** The one of the largest logit; of equal ones that of the smaller id. */
export const greedy: ChooseToken = largest;

export interface SamplingOptions {
  /** τ. Default: 1. */
  readonly temperature?: number;
  /** Only the k largest logits; of equal ones those of smaller ids. Default: all. */
  readonly topK?: number;
  /** Of those only the largest, until their probabilities sum to p or more. Default: 1, all. */
  readonly topP?: number;
}

/**
 * Draws tokens with the probabilities of softmax(logits/τ), cut off as the options say and scaled to 1.
 *
 * One number is taken from the generator for each token, so the same seed gives the same tokens, on every engine. Tokens
 * are ordered from the largest logit down, and the first is taken at which the sum passes the number.
 *
 * @throws DomainError if the temperature is not positive, topK no positive integer, or topP not in (0, 1].
 */
export function sampling(random: Random, options: SamplingOptions = {}): ChooseToken {
  const { temperature = 1, topK = Infinity, topP = 1 } = options;
  const positive = temperature > 0 && temperature < Infinity;
  if (!positive) {
    throw new DomainError(`sampling: temperature must be positive, got ${temperature}`);
  }
  if (!((Number.isInteger(topK) || topK === Infinity) && topK > 0)) {
    throw new DomainError(`sampling: topK must be a positive integer, got ${topK}`);
  }
  if (!(topP > 0 && topP <= 1)) {
    throw new DomainError(`sampling: topP must be above 0 and at most 1, got ${topP}`);
  }
  return (logits) => {
    // A stable sort leaves equal logits in the order of their ids.
    const order = Array.from(logits.keys()).sort((a, b) => logits[b] - logits[a]);
    const ids = order.slice(0, Math.min(topK, order.length));
    const most = logits[ids[0]];
    const weights = ids.map((id) => exp((logits[id] - most) / temperature));
    const kept = nucleus(weights, topP);
    const total = sumOf(weights, kept);
    const drawn = random.uniform() * total;
    let below = 0;
    for (let i = 0; i < kept; i++) {
      below += weights[i];
      if (drawn < below) return ids[i];
    }
    return ids[kept - 1]; // the product was rounded up to the total
  };
}

/** How many of the weights, from the first on, have the share p of all. */
function nucleus(weights: readonly number[], p: number): number {
  if (p === 1) return weights.length;
  const wanted = p * sumOf(weights, weights.length);
  let below = 0;
  for (let i = 0; i < weights.length; i++) {
    below += weights[i];
    if (below >= wanted) return i + 1;
  }
  return weights.length;
}

/** The sum of the first ones, ascending from 0. */
function sumOf(weights: readonly number[], count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += weights[i];
  return sum;
}
