/**
 * Answers of a model to many prompts at once, greedily.
 *
 * @module
 */
import { eager } from '../../autograd/index.ts';
import { rowOf } from '../../linalg/index.ts';
import { type LanguageModel, largest, type Parameters } from '../../model/index.ts';
import { ANSWER } from './tasks.ts';

/** The answer to each prompt, whose first token has position `from`; prompts are equally long. */
export function greedyAnswers(
  model: LanguageModel,
  parameters: Parameters,
  prompts: readonly (readonly number[])[],
  from: number,
): number[][] {
  const read = prompts.map((prompt) => [...prompt]);
  for (let k = 0; k < ANSWER; k++) {
    const next = nextTokens(model, parameters, read, from, 'query');
    next.forEach(([token], s) => {
      read[s].push(token);
    });
  }
  return read.map((tokens) => tokens.slice(-ANSWER));
}

/** The tokens that follow each token of each sequence, or the last one. */
export function nextTokens(
  model: LanguageModel,
  parameters: Parameters,
  sequences: readonly (readonly number[])[],
  from: number,
  rows: 'query' | 'each',
): number[][] {
  const { network } = model.options;
  const [{ length }] = sequences;
  const positions = Array.from({ length }, (_, t) => from + t);
  const all = sequences.flatMap(() => positions);
  const stream = model.embed(eager, parameters, sequences.flat(), all);
  const last = network.forward(eager, parameters, stream, sequences.length, rows, positions);
  const logits = model.logits(eager, parameters, last);
  const each = rows === 'each' ? length : 1;
  return sequences.map((_, s) =>
    Array.from({ length: each }, (_, t) => largest(rowOf(logits, s * each + t))),
  );
}

/** The share of answers that are right, all three digits of them. */
export function shareRight(
  answers: readonly (readonly number[])[],
  right: readonly (readonly number[])[],
): number {
  const same = answers.filter((answer, s) => answer.every((token, k) => token === right[s][k]));
  return same.length / answers.length;
}
