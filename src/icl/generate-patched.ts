/**
 * Generation without the context: each new token with patches of its own.
 *
 * By causality the patches of a token depend on the tokens up to it alone, so those of earlier tokens never
 * change. A new token needs new ones, computed from its contextual activations: exact patching saves
 * nothing at inference. Here everything is run again for every token, the plainest form (V1).
 *
 * @module
 */
import { eager } from '../autograd/index.ts';
import { matrix } from '../linalg/index.ts';
import {
  type Generated,
  type LanguageModel,
  largest,
  type Parameters,
  requireCount,
  requireParameters,
  requireTokenIds,
} from '../model/index.ts';
import {
  type NetworkPatch,
  type NetworkPatchOptions,
  networkPatch,
  requireKeep,
} from './network-patch.ts';

export interface PatchedGeneration extends Generated {
  /** The runs and patches from which each token was read. */
  readonly steps: readonly NetworkPatch[];
}

/**
 * `count` tokens after `ids`, read by a network that sees only the tokens `keep` of `ids` and those it
 * generated, patched in the given mode. The last token of `ids` must be kept: the next one is read there.
 *
 * It equals `generate(model, parameters, ids, count)`: the same tokens, and logits within the bound of the
 * last block.
 *
 * @throws DegenerateBase, DomainError, ShapeError or NonFiniteError as `networkPatch`.
 */
export function generatePatched(
  model: LanguageModel,
  parameters: Parameters,
  ids: readonly number[],
  keep: readonly number[],
  count: number,
  options: Omit<NetworkPatchOptions, 'positions'> = {},
): PatchedGeneration {
  requireParameters('generatePatched', model.shapes, parameters);
  requireTokenIds('generatePatched', model, ids);
  requireCount('generatePatched', count);
  requireKeep('generatePatched', keep, ids.length, true);
  const { network } = model.options;
  const own = Object.fromEntries(
    Object.keys(network.shapes).map((name) => [name, parameters[name]]),
  );
  const sequence = [...ids];
  const retained = [...keep];
  const [logits, steps]: [Float64Array[], NetworkPatch[]] = [[], []];
  for (let k = 0; k < count; k++) {
    const positions = sequence.map((_, t) => t);
    const stream = model.embed(eager, parameters, sequence, positions);
    const found = networkPatch(network, own, stream, retained, options);
    const [last] = found.patched.slice(-1);
    const { output } = last[last.length - 1];
    logits.push(model.logits(eager, parameters, matrix(1, output.length, output)).data);
    steps.push(found);
    retained.push(sequence.length);
    sequence.push(largest(logits[k]));
  }
  return { ids: sequence.slice(ids.length), logits, steps };
}
