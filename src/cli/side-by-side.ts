/**
 * Three decodings of one prompt, a token at a time: with the context, without it, and without it but patched.
 *
 * @module
 */
import { eager } from '../autograd/index.ts';
import { PatchedReader, type Variant } from '../icl/index.ts';
import { matrix, maxAbs, rowOf, subtract } from '../linalg/index.ts';
import {
  type ChooseToken,
  type LanguageModel,
  NetworkCache,
  type Parameters,
} from '../model/index.ts';
import type { Prompt } from './model-input.ts';

export interface SideBySideOptions {
  readonly count: number;
  readonly variant: Variant;
  /** Makes the way to choose tokens: the same for each of the three, draws included. */
  readonly choose: () => ChooseToken;
  /** Called after each token that was read or generated. */
  readonly onToken: (stage: string, done: number, total: number) => void;
}

export interface SideBySide {
  readonly withContext: readonly number[];
  readonly without: readonly number[];
  readonly patched: readonly number[];
  /** The first of the generated tokens at which contextual and patched run differ; nothing follows it. */
  readonly firstDisagreement: number | null;
  /** Between contextual and patched logits, at every generated token. */
  readonly maxLogitDifference: number;
}

/**
 * Up to `count` tokens after the prompt, until contextual and patched run choose differently.
 *
 * Each token that stays has a patch of its own (mode all), computed from its contextual activations as it is read.
 *
 * @throws DegenerateBase, DomainError or NonFiniteError as `PatchedReader`.
 */
export function decodeSideBySide(
  model: LanguageModel,
  parameters: Parameters,
  { ids, keep }: Prompt,
  { count, variant, choose, onToken }: SideBySideOptions,
): SideBySide {
  const reader = new PatchedReader(model, parameters, variant);
  const base = new KeptReader(model, parameters);
  const stays = new Set(keep);
  ids.slice(0, -1).forEach((id, position) => {
    reader.read(id, stays.has(position));
    if (stays.has(position)) base.read(id, position);
    onToken('reading', position + 1, ids.length);
  });
  const choices = { withContext: choose(), without: choose(), patched: choose() };
  const found = { withContext: [] as number[], without: [] as number[], patched: [] as number[] };
  let [newest, own] = [ids[ids.length - 1], ids[ids.length - 1]];
  let maxLogitDifference = 0;
  for (let k = 0; k < count; k++) {
    const after = reader.read(newest, true);
    const [contextual, patched] = [after.contextual(), after.patched()];
    maxLogitDifference = Math.max(maxLogitDifference, maxAbs(subtract(patched, contextual)));
    newest = choices.withContext(contextual);
    own = choices.without(base.read(own, ids.length - 1 + k)());
    found.withContext.push(newest);
    found.without.push(own);
    found.patched.push(choices.patched(patched));
    onToken('generating', k + 1, count);
    if (found.patched[k] !== newest) return { ...found, firstDisagreement: k, maxLogitDifference };
  }
  return { ...found, firstDisagreement: null, maxLogitDifference };
}

/** Reads tokens at positions that may leave some out. */
class KeptReader {
  readonly #model: LanguageModel;
  readonly #parameters: Parameters;
  readonly #cache: NetworkCache;

  constructor(model: LanguageModel, parameters: Parameters) {
    this.#model = model;
    this.#parameters = parameters;
    this.#cache = new NetworkCache(model.options.network, parameters);
  }

  /** Reads a token; what is returned gives the logits after it. */
  read(id: number, position: number): () => Float64Array {
    const stream = this.#model.embed(eager, this.#parameters, [id], [position]);
    const runs = this.#cache.append(rowOf(stream, 0), position);
    const { output } = runs[runs.length - 1];
    const last = matrix(1, output.length, output);
    return () => this.#model.logits(eager, this.#parameters, last).data;
  }
}
