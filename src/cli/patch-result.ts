/**
 * What `deltaw patch` found: the patch of each block at the last token, and the logits with the context, without it and patched.
 *
 * @module
 */
import { eager } from '../autograd/index.ts';
import {
  blockBounds,
  logitsBound,
  type NetworkPatch,
  networkPatch,
  type PatchMode,
  residual,
  type Variant,
} from '../icl/index.ts';
import { moduleOf, parameterPlace } from '../io/index.ts';
import { matrix, maxAbs, norm, rankOneNorm, subtract } from '../linalg/index.ts';
import type { BlockPatch, BlockRun } from '../model/index.ts';
import { tokenText } from './continuation.ts';
import { divergence, likeliest } from './distribution.ts';
import type { OpenModel, Prompt } from './model-input.ts';

/** Tokens that a distribution lists. */
const LISTED = 5;

export interface Distribution {
  readonly tokens: readonly {
    readonly id: number;
    readonly text: string | null;
    readonly probability: number;
  }[];
}

export interface SiteResult {
  /** The module, within its block: mlp.gate_proj. */
  readonly name: string;
  /** ‖ΔW‖/‖W‖, Frobenius. */
  readonly relativeNorm: number;
  /** Norms of what the site reads, in the run that the patch starts from and in the contextual one. */
  readonly baseNorm: number;
  readonly contextualNorm: number;
  /** On |patched − contextual| of what the site gives; of those that are summed up, of what leaves the block. */
  readonly bound: number;
}

export interface LayerResult {
  readonly index: number;
  readonly sites: readonly SiteResult[];
  /** ‖Δb‖ of all biases together, or null where none changes. */
  readonly biasNorm: number | null;
  /** ‖Δg‖/‖g‖ of the gains of norms that change, by module. */
  readonly gains: readonly { readonly name: string; readonly relativeNorm: number }[];
}

/** What --json prints. */
export interface PatchResult {
  readonly ok: boolean;
  readonly model: string;
  readonly mode: PatchMode;
  readonly variant: string;
  readonly tokens: {
    readonly context: number;
    readonly query: number;
    readonly removed: number;
    readonly begin: number;
  };
  readonly layers: readonly LayerResult[];
  /** Numbers in the patch. */
  readonly parameters: number;
  readonly maxLogitDifference: number;
  readonly logitBound: number;
  readonly maxLogitDifferenceWithoutPatch: number;
  readonly klWithout: number;
  readonly klPatched: number;
  readonly withContext: Distribution;
  readonly without: Distribution;
  readonly patched: Distribution;
  readonly files: readonly string[];
  /** The prompt's token ids, and which of them stay. */
  readonly ids: readonly number[];
  readonly keep: readonly number[];
}

export interface PatchOptions {
  readonly mode: PatchMode;
  readonly variant: Variant;
}

/** The patches of a prompt. */
export function patchPrompt(
  { checkpoint: { model, parameters } }: OpenModel,
  { ids, keep }: Prompt,
  options: PatchOptions,
): NetworkPatch {
  const positions = ids.map((_, t) => t);
  const stream = model.embed(eager, parameters, ids, positions);
  return networkPatch(model.options.network, parameters, stream, keep, options);
}

/**
 * The result, but for the files. Logits are compared at every token whose patch makes it contextual: all that stay in mode
 * all, else the last; distributions and what a layer says are of the last.
 */
export function patchResult(
  model: OpenModel,
  prompt: Prompt,
  found: NetworkPatch,
  { mode, variant }: PatchOptions,
): Omit<PatchResult, 'files'> {
  const { ids, keep, begin, context, query } = prompt;
  const { checkpoint, tokenizer, name } = model;
  const { patches, actual, contextual, patched, base } = found;
  const last = keep.length - 1;
  const depth = patches.length - 1;
  const logitsOf = ({ output }: BlockRun): Float64Array => {
    const row = matrix(1, output.length, output);
    return checkpoint.model.logits(eager, checkpoint.parameters, row).data;
  };
  const compared = keep.flatMap((t, i) => {
    const patch = patches[depth][i];
    if (patch === null || (mode !== 'all' && i !== last)) return [];
    const runs = { base: actual[depth][i], contextual: contextual[depth][t] };
    const bound = logitsBound(checkpoint.model, checkpoint.parameters, runs, patch, variant);
    return [residual(logitsOf(patched[depth][i]), logitsOf(runs.contextual), bound)];
  });
  const withContext = logitsOf(contextual[depth][keep[last]]);
  const without = logitsOf(base[depth][last]);
  const own = logitsOf(patched[depth][last]);
  const distribution = (logits: Float64Array): Distribution => ({
    tokens: likeliest(logits, LISTED).map(({ id, probability }) => {
      return { id, text: tokenText(tokenizer, ids.slice(-query), id), probability };
    }),
  });
  return {
    ok: compared.every(({ overBound }) => overBound <= 1),
    ...{ model: name, mode, variant },
    tokens: { context, query, removed: ids.length - keep.length, begin },
    layers: patches.map((layer, l) => {
      const patch = layer[last] ?? { weights: {}, biases: {} };
      const runs = { base: actual[l][last], contextual: contextual[l][keep[last]] };
      return layerResult(model, l, patch, runs, variant);
    }),
    parameters: numbersIn(found),
    maxLogitDifference: Math.max(...compared.map(({ observed }) => observed)),
    logitBound: Math.max(...compared.map(({ bound }) => bound)),
    maxLogitDifferenceWithoutPatch: maxAbs(subtract(without, withContext)),
    klWithout: divergence(withContext, without),
    klPatched: divergence(withContext, own),
    withContext: distribution(withContext),
    without: distribution(without),
    patched: distribution(own),
    ...{ ids, keep },
  };
}

/** What a block's patch is at one token. */
function layerResult(
  { checkpoint }: OpenModel,
  index: number,
  patch: BlockPatch,
  runs: { readonly base: BlockRun; readonly contextual: BlockRun },
  variant: Variant,
): LayerResult {
  const { network } = checkpoint.model.options;
  const own = network.own(checkpoint.parameters, index);
  const bounds = blockBounds(network.blocks[index], own, runs, variant, 'factored', patch);
  const most = (x: Float64Array): number => x.reduce((a, b) => Math.max(a, b), 0);
  const nameOf = (parameter: string): string => {
    const whole = moduleOf(checkpoint, parameterPlace(checkpoint, index, parameter));
    return whole.slice(whole.indexOf(`.${index}.`) + `.${index}.`.length);
  };
  const shifts = Object.values(patch.biases);
  return {
    index,
    sites: Object.entries(patch.weights).map(([weight, update]) => ({
      name: nameOf(`mlp.${weight}`),
      relativeNorm: ratio(rankOneNorm(update), norm(own[`mlp.${weight}`].data)),
      baseNorm: norm(runs.base.sites[weight].input),
      contextualNorm: norm(runs.contextual.sites[weight].input),
      bound: most(bounds.sites[weight] ?? bounds.output),
    })),
    biasNorm:
      shifts.length === 0 ? null : norm(Float64Array.from(shifts.flatMap((x) => Array.from(x)))),
    gains: Object.entries(patch.gains ?? {}).map(([which, change]) => ({
      name: nameOf(which),
      relativeNorm: norm(change) / norm((own[`${which}.g`] ?? own[`${which}.w`]).data),
    })),
  };
}

/** Numbers in the patches, those that tokens share counted once. */
function numbersIn({ patches }: NetworkPatch): number {
  const all = new Set(patches.flat().filter((patch) => patch !== null));
  let count = 0;
  for (const { weights, biases, gains = {} } of all) {
    for (const { p, v } of Object.values(weights)) count += p.length + v.length;
    for (const shift of [...Object.values(biases), ...Object.values(gains)]) count += shift.length;
  }
  return count;
}

/** x/y; 0 where both are, and the largest double where only y is: JSON has no infinities. */
const ratio = (x: number, y: number): number => (x === 0 ? 0 : Math.min(x / y, Number.MAX_VALUE));
