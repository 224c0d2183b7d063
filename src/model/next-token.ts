/**
 * Language modelling as a problem to take gradients of: at every token of a text, the next one.
 *
 *   L = (1/(B·T))·Σ −log softmax(logits_t)_{id_{t+1}}, in nats a token, B sequences in a whole batch
 *
 * A micro-batch is [ids], b×(T + 1): a sequence a row, T tokens that are read and, one further on, T that are to
 * be predicted. Its part of the loss is the mean over its b·T tokens, times b/B.
 *
 * @module
 */
import { crossEntropy, scale } from '../autograd/index.ts';
import { DomainError, type Matrix, rowOf, ShapeError } from '../linalg/index.ts';
import type { Problem } from './gradients.ts';
import type { LanguageModel } from './language-model.ts';

/**
 * Next-token prediction by a language model, every token of a sequence at once (so its attention must be causal).
 *
 * @throws DomainError if batch is not a positive integer; in the loss also ShapeError without two tokens in a row.
 */
export function nextTokenPrediction(
  model: LanguageModel,
  { batch }: { readonly batch: number },
): Problem {
  if (!(Number.isInteger(batch) && batch > 0)) {
    throw new DomainError(`nextTokenPrediction: batch must be a positive integer, got ${batch}`);
  }
  return {
    shapes: model.shapes,
    loss(tape, variables, [ids]) {
      const { read, wanted } = shifted(ids);
      const length = ids.cols - 1;
      const positions = read.map((_, i) => i % length);
      const stream = model.embed(tape, variables, read, positions);
      const { network } = model.options;
      const last = network.forward(tape, variables, stream, ids.rows, 'each');
      const mean = tape.apply(crossEntropy(wanted), model.logits(tape, variables, last));
      return tape.apply(scale(ids.rows / batch), mean);
    },
  };
}

/** All but the last, and all but the first of each row, row after row. */
function shifted(ids: Matrix): { read: number[]; wanted: number[] } {
  if (ids.rows === 0 || ids.cols < 2) {
    throw new ShapeError(
      `nextTokenPrediction: rows of two tokens or more are required, got ${ids.rows}x${ids.cols}`,
    );
  }
  const rows = Array.from({ length: ids.rows }, (_, i) => Array.from(rowOf(ids, i)));
  return {
    read: rows.flatMap((row) => row.slice(0, -1)),
    wanted: rows.flatMap((row) => row.slice(1)),
  };
}
