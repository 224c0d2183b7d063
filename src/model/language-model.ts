/**
 * A language model: embeddings, a network, a last norm, and logits.
 *
 * @module
 */
import { add, addBias, type Evaluator, embedding, linear, scale, tanh } from '../autograd/index.ts';
import { DomainError } from '../linalg/index.ts';
import { requireSizes } from './contextual-layer.ts';
import type { Network } from './network.ts';
import { normOf, normShapes } from './norms.ts';
import {
  biasShape,
  type ParameterShapes,
  type Parameters,
  prefixed,
  weightShape,
} from './parameters.ts';
import type { NormKind } from './wirings.ts';

export interface LanguageModelOptions {
  readonly network: Network;
  readonly vocabulary: number;
  /** Learned positions, added to the embeddings: how many there are. Default: none. */
  readonly learnedPositions?: number;
  /** The norm before the logits. */
  readonly finalNorm: NormKind;
  readonly epsilon: number;
  /** Whether the logits are read with the embeddings themselves. Default: false. */
  readonly tied?: boolean;
  /** What embeddings are multiplied by (Gemma: √width). Default: 1, without a multiplication. */
  readonly embeddingFactor?: number;
  /** Whether a bias is added to the logits (GPT-J). Default: false. */
  readonly logitBias?: boolean;
  /** κ of logit ← κ·tanh(logit·(1/κ)) (Gemma 2). Default: none. */
  readonly logitCap?: number;
}

export interface LanguageModel {
  readonly options: LanguageModelOptions;
  /** E, P (learned positions), U (unless tied), u (their bias), the last norm below `final.`, the network's. */
  readonly shapes: ParameterShapes;
  /** The residual stream that enters the first block, a row a token, at the given positions. */
  embed<V>(
    on: Evaluator<V>,
    parameters: Parameters<V>,
    ids: readonly number[],
    positions: readonly number[],
  ): V;
  /** A row of logits for each row of the residual stream. */
  logits<V>(on: Evaluator<V>, parameters: Parameters<V>, stream: V): V;
}

/**
 * @throws DomainError if a size is not a positive integer, learnedPositions negative, embeddingFactor or logitCap not
 * positive.
 */
export function languageModel(options: LanguageModelOptions): LanguageModel {
  const { network, vocabulary, learnedPositions = 0, finalNorm, epsilon, tied = false } = options;
  const { width } = network;
  requireSizes('languageModel', { vocabulary });
  if (!(Number.isInteger(learnedPositions) && learnedPositions >= 0)) {
    throw new DomainError(
      `languageModel: learnedPositions must be an integer from 0 on, got ${learnedPositions}`,
    );
  }
  const factor = options.embeddingFactor ?? 1;
  if (!(factor > 0 && factor < Infinity)) {
    throw new DomainError(`languageModel: embeddingFactor must be positive, got ${factor}`);
  }
  const { logitBias = false, logitCap } = options;
  if (logitCap !== undefined && !(logitCap > 0 && logitCap < Infinity)) {
    throw new DomainError(`languageModel: logitCap must be positive, got ${logitCap}`);
  }
  const final = normOf(finalNorm, epsilon);
  return {
    options,
    shapes: {
      E: weightShape(vocabulary, width),
      ...(learnedPositions > 0 && { P: weightShape(learnedPositions, width) }),
      ...(!tied && { U: weightShape(vocabulary, width) }),
      ...(logitBias && { u: biasShape(vocabulary, width) }),
      ...prefixed('final', normShapes(finalNorm, width)),
      ...network.shapes,
    },
    embed(on, parameters, ids, positions) {
      if (ids.length !== positions.length) {
        throw new DomainError(
          `languageModel: a position for each token is required, got ${positions.length} for ${ids.length}`,
        );
      }
      const looked = on.apply(embedding(ids), parameters['E']);
      const tokens = factor === 1 ? looked : on.apply(scale(factor), looked);
      if (learnedPositions === 0) return tokens;
      return on.apply(add, tokens, on.apply(embedding(positions), parameters['P']));
    },
    logits(on, parameters, stream) {
      const gains = final.names.map((letter) => parameters[`final.${letter}`]);
      const normed = on.apply(final.op, stream, ...gains);
      const product = on.apply(linear, normed, parameters[tied ? 'E' : 'U']);
      const logits = logitBias ? on.apply(addBias, product, parameters['u']) : product;
      if (logitCap === undefined) return logits;
      return on.apply(scale(logitCap), on.apply(tanh, on.apply(scale(1 / logitCap), logits)));
    },
  };
}
