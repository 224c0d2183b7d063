/**
 * The next token as a problem to take gradients of.
 *
 *   L = (1/n)·Σ −log softmax(logits at token t)_{target},  over the n targets of a whole batch that count
 *
 * A micro-batch of b sequences is [ids, targets], b×T each: what enters at each token, and what is to follow
 * it, or −1 where that does not count.
 *
 * @module
 */
import { crossEntropy, scale } from '../autograd/index.ts';
import { DomainError, ShapeError } from '../linalg/index.ts';
import type { Problem } from './gradients.ts';
import type { LanguageModel } from './language-model.ts';

export interface NextTokenOptions {
  /** n, targets that count in a whole batch, all its micro-batches together. */
  readonly targets: number;
}

/** A target that does not count. */
export const NO_TARGET = -1;

/**
 * Prediction of the next token by a language model at positions 0, 1, 2 ….
 *
 * @throws DomainError if `targets` is not a positive integer. Its loss throws ShapeError unless there is a
 * target for each id, and DomainError for an unknown token or a micro-batch without a target that counts.
 */
export function nextTokenPrediction(
  model: LanguageModel,
  { targets: n }: NextTokenOptions,
): Problem {
  if (!(Number.isInteger(n) && n > 0)) {
    throw new DomainError(
      `nextTokenPrediction: a positive integer of targets is required, got ${n}`,
    );
  }
  const { network } = model.options;
  return {
    shapes: model.shapes,
    loss(tape, variables, [ids, targets]) {
      const { rows: batch, cols: length } = ids;
      if (targets.rows !== batch || targets.cols !== length) {
        throw new ShapeError(
          `nextTokenPrediction: a target for each id is required, so ${batch}x${length}, got ` +
            `${targets.rows}x${targets.cols}`,
        );
      }
      const wanted = targets.data.slice(); // the workspace is handed out again
      const positions = Array.from(wanted, (_, i) => i % length);
      const stream = model.embed(tape, variables, Array.from(ids.data), positions);
      const last = network.forward(tape, variables, stream, batch, 'each');
      const logits = model.logits(tape, variables, last);
      const mean = tape.apply(crossEntropy(wanted, { ignore: NO_TARGET }), logits);
      return tape.apply(scale(wanted.filter((target) => target !== NO_TARGET).length / n), mean);
    },
  };
}
