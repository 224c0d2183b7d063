/**
 * Greedy generation, the plain way: the whole sequence again for every new token.
 *
 * @module
 */
import { eager } from '../autograd/index.ts';
import { DomainError } from '../linalg/index.ts';
import type { LanguageModel } from './language-model.ts';
import { type Parameters, requireParameters } from './parameters.ts';

/** Generated tokens, and the logits that each was read from. */
export interface Generated {
  readonly ids: readonly number[];
  readonly logits: readonly Float64Array[];
}

/**
 * `count` tokens after `ids`, each the one of the largest logit at the last token; of equal logits the one
 * of the smaller index.
 *
 * @throws DomainError if there is no token, one is unknown, or count is not a non-negative integer.
 */
export function generate(
  model: LanguageModel,
  parameters: Parameters,
  ids: readonly number[],
  count: number,
): Generated {
  requireParameters('generate', model.shapes, parameters);
  requireTokenIds('generate', model, ids);
  requireCount('generate', count);
  const { network } = model.options;
  const [sequence, logits]: [number[], Float64Array[]] = [[...ids], []];
  for (let k = 0; k < count; k++) {
    const positions = sequence.map((_, t) => t);
    const stream = model.embed(eager, parameters, sequence, positions);
    const last = network.forward(eager, parameters, stream, 1, 'query', positions);
    logits.push(model.logits(eager, parameters, last).data);
    sequence.push(largest(logits[k]));
  }
  return { ids: sequence.slice(ids.length), logits };
}

/** The index of the largest entry; of equal ones the first. */
export function largest(x: Float64Array): number {
  let at = 0;
  for (let i = 1; i < x.length; i++) if (x[i] > x[at]) at = i;
  return at;
}

/** @throws DomainError if there is no token, or one that the vocabulary does not have. */
export function requireTokenIds(
  caller: string,
  { options: { vocabulary } }: LanguageModel,
  ids: readonly number[],
): void {
  const wrong = ids.find((id) => !(Number.isInteger(id) && id >= 0 && id < vocabulary));
  if (ids.length === 0 || wrong !== undefined) {
    throw new DomainError(
      `${caller}: tokens from 0 to below ${vocabulary} are required, at least one, got ${wrong ?? 'none'}`,
    );
  }
}

/** @throws DomainError unless count is an integer from 0 on. */
export function requireCount(caller: string, count: number): void {
  if (!(Number.isInteger(count) && count >= 0)) {
    throw new DomainError(`${caller}: count must be an integer from 0 on, got ${count}`);
  }
}
