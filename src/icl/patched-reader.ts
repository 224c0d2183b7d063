/**
 * Reading token by token twice at once: with every token, and with those that stay, patched.
 *
 * A token that stays is patched from its state in the shorter run to that in the full one, so keys and values
 * remembered by the patched run are those of the full one, and so are the logits (V2 of `patched-decoding.ts`).
 *
 * @module
 */
import { eager } from '../autograd/index.ts';
import { matrix, rowOf } from '../linalg/index.ts';
import {
  type BlockRun,
  type LanguageModel,
  NetworkCache,
  type Parameters,
  requireParameters,
  requireTokenIds,
} from '../model/index.ts';
import { blockPatch, type Variant } from './block-patch.ts';

/** What gives the logits after one token. */
export interface ReadLogits {
  readonly contextual: () => Float64Array;
  readonly patched: () => Float64Array;
}

export class PatchedReader {
  readonly model: LanguageModel;
  /** What the two runs remember. */
  readonly contextual: NetworkCache;
  readonly patched: NetworkCache;
  readonly #parameters: Parameters;
  readonly #own: readonly Parameters[];
  readonly #variant: Variant;
  #next = 0;

  /** @throws DomainError, ShapeError or NonFiniteError if the parameters are not the model's, or a layer has no memory. */
  constructor(model: LanguageModel, parameters: Parameters, variant: Variant = 'default') {
    requireParameters('PatchedReader', model.shapes, parameters);
    const { network } = model.options;
    this.model = model;
    this.contextual = new NetworkCache(network, parameters);
    this.patched = new NetworkCache(network, parameters);
    this.#parameters = parameters;
    this.#own = network.blocks.map((_, l) => network.own(parameters, l));
    this.#variant = variant;
  }

  /**
   * Reads a token at the next position; one that does not stay is read by the full run alone, and gives null. The logits
   * are computed when they are asked for.
   *
   * @throws DomainError for a token that the model does not have; as `blockPatch`.
   */
  read(id: number, stays: true): ReadLogits;
  read(id: number, stays: boolean): ReadLogits | null;
  read(id: number, stays: boolean): ReadLogits | null {
    requireTokenIds('PatchedReader.read', this.model, [id]);
    const { blocks } = this.model.options.network;
    const position = this.#next;
    const token = rowOf(this.model.embed(eager, this.#parameters, [id], [position]), 0);
    const targets = this.contextual.append(token, position);
    this.#next++;
    if (!stays) return null;
    const runs = this.patched.append(token, position, (l, actual) =>
      blockPatch(blocks[l], this.#own[l], actual, targets[l], this.#variant),
    );
    return { contextual: () => this.#logits(targets), patched: () => this.#logits(runs) };
  }

  #logits(runs: readonly BlockRun[]): Float64Array {
    const { output } = runs[runs.length - 1];
    return this.model.logits(eager, this.#parameters, matrix(1, output.length, output)).data;
  }
}
