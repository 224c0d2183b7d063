/**
 * Decoding without the context, with remembered keys and values.
 *
 *   V2  every retained token patched: its keys and values in the patched run are those of the contextual
 *       run, so the patched memory is a slice of the contextual one
 *   V3  only the newest token is retained: the memory is empty (keep = [newest])
 *   V4  an approximation: the patch of the last prompt token is used for the tokens after it too
 *
 * V1, running everything again for each token, is `generate-patched.ts`; V2 has its bits.
 *
 * Source: arXiv:2511.17864, section 4 (V3); V2 and the error of V4 are our own.
 *
 * @module
 */
import { gamma, type Matrix, matrixVector, norm, subtract } from '../linalg/index.ts';
import {
  type BlockPatch,
  type BlockRun,
  type Generated,
  type LanguageModel,
  largest,
  type NetworkCache,
  type Parameters,
  requireCount,
  requireParameters,
  requireTokenIds,
} from '../model/index.ts';
import { type NetworkPatchOptions, requireKeep } from './network-patch.ts';
import { PatchedReader } from './patched-reader.ts';

/** A decoding, and the memories it ends with. */
export interface CachedDecoding extends Generated {
  readonly contextual: NetworkCache;
  readonly patched: NetworkCache;
}

/**
 * `generatePatched` in mode all, by V2, bit for bit: `count` tokens after `ids`, read from the tokens `keep`
 * and the generated ones. The last token of `ids` must be kept: the next one is read there.
 *
 * A new token costs one row of the contextual and of the patched network: exact patching needs the
 * contextual activation, so it saves nothing at inference.
 *
 * @throws DomainError if a layer has no memory of rows; otherwise as `generatePatched`.
 */
export function decodePatched(
  model: LanguageModel,
  parameters: Parameters,
  ids: readonly number[],
  keep: readonly number[],
  count: number,
  { variant = 'default' }: Pick<NetworkPatchOptions, 'variant'> = {},
): CachedDecoding {
  requireParameters('decodePatched', model.shapes, parameters);
  requireTokenIds('decodePatched', model, ids);
  requireCount('decodePatched', count);
  requireKeep('decodePatched', keep, ids.length, true);
  const reader = new PatchedReader(model, parameters, variant);
  const stays = new Set(keep);
  const sequence = [...ids];
  const logits: Float64Array[] = [];
  const read = (position: number): void => {
    const after = reader.read(sequence[position], position >= ids.length || stays.has(position));
    if (after && position >= ids.length - 1) logits.push(after.patched());
  };
  ids.forEach((_, position) => {
    read(position);
  });
  for (let k = 0; k < count; k++) {
    sequence.push(largest(logits[k]));
    if (k < count - 1) read(sequence.length - 1);
  }
  const { contextual, patched } = reader;
  return { ids: sequence.slice(ids.length), logits: logits.slice(0, count), contextual, patched };
}

/** What a frozen patch misses at one site, and what the theory allows. */
export interface FrozenError {
  /** ‖(W + ΔW)·a_t − W·a'_t‖. */
  readonly observed: number;
  /** ‖W‖_F·(‖δ_t − δ_0‖ + ‖δ_0‖·|1 − a_0·a_t/‖a_0‖²|), and the rounding of both sides. */
  readonly bound: number;
}

/**
 * V4: how far the patch of one token is from exact at a later one, at an input site of a block.
 *
 *   e_t = W·δ_0·(a_0·a_t)/‖a_0‖² − W·δ_t
 *
 * `first` are base and contextual run of the token that the patch is made for, `later` those of another.
 * The Frobenius norm stands for ‖W‖₂, which it bounds. Rounding: γ_{4d+8}·‖W‖_F·(‖a_t‖ + ‖a'_t‖ + ‖δ_0‖·‖a_t‖/‖a_0‖).
 */
export function frozenPatchError(
  W: Matrix,
  patch: BlockPatch['weights'][string],
  first: { readonly base: BlockRun; readonly contextual: BlockRun },
  later: { readonly base: BlockRun; readonly contextual: BlockRun },
): FrozenError {
  const [a0, at] = [first.base.input, later.base.input];
  const target = later.contextual.input;
  const delta0 = subtract(first.contextual.input, a0);
  const deltaT = subtract(target, at);
  const along = patch.v.reduce((sum, v, j) => sum + v * at[j], 0);
  const patched = matrixVector(W, at).map((entry, i) => entry + patch.p[i] * along);
  const observed = norm(subtract(patched, matrixVector(W, target)));
  const size = norm(W.data);
  const exact = norm(subtract(deltaT, delta0)) + norm(delta0) * Math.abs(1 - along);
  const rounding = norm(at) + norm(target) + norm(delta0) * (1 + norm(at) / norm(a0));
  return { observed, bound: size * (exact + gamma(4 * W.cols + 8) * rounding) * (1 + gamma(64)) };
}
