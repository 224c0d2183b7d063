/**
 * Decoding with remembered keys and values: a token costs one row of the network.
 *
 * @module
 */
import { eager } from '../autograd/index.ts';
import { DomainError, matrix, rowOf } from '../linalg/index.ts';
import { type Generated, requireCount, requireTokenIds } from './generate.ts';
import type { LanguageModel } from './language-model.ts';
import { NetworkCache } from './network-cache.ts';
import { type Parameters, requireParameters } from './parameters.ts';
import { type ChooseToken, greedy } from './sampling.ts';

/** A language model that has read a text, and goes on reading. */
export class TextReader {
  readonly model: LanguageModel;
  readonly #parameters: Parameters;
  readonly #cache: NetworkCache;
  #next = 0;

  /** @throws DomainError, ShapeError or NonFiniteError if the parameters are not the model's, or a layer has no memory. */
  constructor(model: LanguageModel, parameters: Parameters) {
    requireParameters('TextReader', model.shapes, parameters);
    this.model = model;
    this.#parameters = parameters;
    this.#cache = new NetworkCache(model.options.network, parameters);
  }

  /** How many tokens it has read. */
  get length(): number {
    return this.#next;
  }

  /**
   * Reads more tokens; returns the logits after the last of them. They have the bits of the whole text read at once.
   *
   * @throws DomainError if there is no token, one is unknown, or the model has no position for one.
   */
  read(ids: readonly number[]): Float64Array {
    requireTokenIds('TextReader.read', this.model, ids);
    const { learnedPositions = 0, network } = this.model.options;
    if (learnedPositions > 0 && this.#next + ids.length > learnedPositions) {
      throw new DomainError(
        `TextReader.read: at most ${learnedPositions} tokens have positions, got ${this.#next + ids.length}`,
      );
    }
    const positions = ids.map((_, i) => this.#next + i);
    const stream = this.model.embed(eager, this.#parameters, ids, positions);
    let last: Float64Array = new Float64Array(network.width);
    if (this.#next === 0) {
      last = rowOf(this.#cache.begin(stream, positions), ids.length - 1);
      this.#next = ids.length;
    } else {
      for (let i = 0; i < ids.length; i++) {
        const runs = this.#cache.append(rowOf(stream, i), this.#next);
        last = runs[runs.length - 1].output;
        this.#next++;
      }
    }
    return this.model.logits(eager, this.#parameters, matrix(1, last.length, last)).data;
  }
}

export interface DecodingOptions {
  /** Default: `greedy`. */
  readonly choose?: ChooseToken;
  /** Tokens after which nothing follows; the one that came is the last of the result. Default: none. */
  readonly endTokens?: readonly number[];
}

/**
 * Up to `count` tokens after `ids`. With the greedy choice and without end tokens these are `generate`'s, logits and
 * all, bit for bit.
 *
 * @throws DomainError as `generate` and `TextReader`.
 */
export function decode(
  model: LanguageModel,
  parameters: Parameters,
  ids: readonly number[],
  count: number,
  { choose = greedy, endTokens = [] }: DecodingOptions = {},
): Generated {
  requireTokenIds('decode', model, ids);
  requireCount('decode', count);
  const reader = new TextReader(model, parameters);
  const [generated, logits]: [number[], Float64Array[]] = [[], []];
  let next = ids;
  while (generated.length < count) {
    logits.push(reader.read(next));
    const id = choose(logits[logits.length - 1]);
    generated.push(id);
    if (endTokens.includes(id)) break;
    next = [id];
  }
  return { ids: generated, logits };
}
