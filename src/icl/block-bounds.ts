/**
 * The rounding bound carried through a block, from its first sites to its output.
 *
 * The feed-forward network is evaluated on the contextual run's values with an evaluator that carries the
 * bound along (`bounding.ts`), so every architecture is bounded by the text that defines it.
 *
 * @module
 */
import { gamma, type Matrix, norm, rowMatrix, UNIT_ROUNDOFF } from '../linalg/index.ts';
import {
  type Block,
  type BlockPatch,
  type BlockRun,
  gainName,
  mapParameters,
  type Parameters,
  part,
  type Site,
} from '../model/index.ts';
import { blockPatch, type Variant } from './block-patch.ts';
import { type Bounded, bounding, certain } from './bounding.ts';
import { layerNormBound, rmsNormBound } from './norm-bound.ts';
import type { Application } from './prove-patch.ts';
import { absoluteProduct, enlarge, preActivationBound } from './rounding-bounds.ts';

/** Bounds on |patched − contextual|, entry by entry. */
export interface BlockBounds {
  /** At the input sites, by the names of their weights; empty for w2only, which leaves them as they were. */
  readonly sites: Readonly<Record<string, Float64Array>>;
  /** At the first input site; null for w2only. */
  readonly preActivation: Float64Array | null;
  readonly output: Float64Array;
}

/** The two runs that a patch connects. */
export interface Runs {
  readonly base: BlockRun;
  readonly contextual: BlockRun;
}

/**
 * Bounds for a patch of the given variant, from the weights and the two runs that it connects; the
 * patched run need not exist yet. f counts all entries that output sites read, D is what y must change
 * by, and the output sites together stand for W2.
 *
 *   input sites   E_z, bound 9.3 (`rounding-bounds.ts`)
 *                 Infinity where a site is left unpatched, which counts where it carries weight
 *   hidden        E_h from E_z by the rules of `bounding.ts`; |h| ≤ |h'| + E_h
 *   E_y   = |W2|·E_h + 2·γ_{f+2}·|W2||h|      w2only: 2·γ_{f+2}·|W2||h|, h of the base run
 *           + γ_{3f+4}·|D|                    where W2 takes D; added in, not factored: see otherHidden
 *   E_sum = |c|·E_y + 4u·(|b2| + |r| + |r'| + |s'| + |D|)   c the factor of the wiring, if there is one
 *           `throughSandwich` where a norm stands between y and the sum
 *   E_out = E_sum, or through the last norm (`norm-bound.ts`)
 */
export function blockBounds(
  block: Block,
  parameters: Parameters,
  runs: Runs,
  variant: Variant,
  application: Application = 'factored',
  patch: BlockPatch = blockPatch(block, parameters, runs.base, runs.contextual, variant),
): BlockBounds {
  const { base, contextual } = runs;
  const { feedForward } = block;
  const own = part(parameters, 'mlp');
  const inW2 = feedForward.outputs.some(({ weight }) => patch.weights[weight] !== undefined);
  const sites: Record<string, Float64Array> = {};
  const hidden: { contextual: Float64Array; error: Float64Array }[] = [];
  const f = feedForward.outputs.reduce((sum, { weight }) => sum + own[weight].cols, 0);
  const linear = (site: Site, s: Bounded): Bounded => {
    const W = own[site.weight];
    const seen = (variant === 'w2only' ? base : contextual).sites[site.weight];
    const value = rowMatrix(seen.output);
    if (feedForward.outputs.includes(site)) {
      hidden.push({ contextual: seen.input, error: s.error });
      return { value, error: outputSiteError(W, seen.input, s.error, f) };
    }
    if (variant === 'w2only') return certain(value);
    const bias = own[site.bias]?.data ?? new Float64Array(W.rows);
    const patched = patch.weights[site.weight] ?? patch.biases[site.bias];
    const error = patched
      ? preActivationBound(
          W,
          bias,
          base.input,
          contextual.input,
          patch.biases[site.bias] !== undefined,
        )
      : new Float64Array(W.rows).fill(Infinity);
    if (patched) sites[site.weight] = error;
    return { value, error };
  };
  const tools = { on: bounding, p: mapParameters(besideSites(block, own), certain), linear };
  const y = feedForward.forward(tools, certain(rowMatrix(contextual.input)));
  const moved = signedChange(block, patch).map(Math.abs);
  const other = inW2 && application === 'dense' && variant !== 'w2only' ? otherHidden(hidden) : 0;
  const atUpdate = y.error.map((error, i) =>
    inW2 && moved[i] !== 0 ? enlarge(error + (gamma(3 * f + 4) + other) * moved[i], 4) : error,
  );
  const [first] = feedForward.inputs;
  return {
    sites,
    preActivation: sites[first.weight] ?? null,
    output: atOutput(block, parameters, runs, patch, { y: y.value.data, atUpdate, moved }),
  };
}

/** The parameters that a network reads by itself. Those of its sites are large, and `linear` reads them. */
function besideSites({ feedForward: { inputs, outputs } }: Block, own: Parameters): Parameters {
  const named = new Set([...inputs, ...outputs].flatMap(({ weight, bias }) => [weight, bias]));
  return Object.fromEntries(Object.entries(own).filter(([name]) => !named.has(name)));
}

/** |W|·E + 2·γ_{f+2}·|W|·(|s| + E): the error that reaches a site, and both its own. */
function outputSiteError(W: Matrix, s: Float64Array, error: Float64Array, f: number): Float64Array {
  if (error.includes(Infinity)) return new Float64Array(W.rows).fill(Infinity);
  const carried = absoluteProduct(W, error);
  const size = s.map((entry, i) => Math.abs(entry) + error[i]);
  return absoluteProduct(W, size).map((most, i) =>
    enlarge(carried[i] + 2 * gamma(f + 2) * most, f),
  );
}

/**
 * ΔW2 of w1w2 divides by the hidden vector h of the factored first sites. With their patches added in,
 * the hidden vector is another, h″ with |h″ − h| ≤ 2E_h, and D is met with the factor v·h″ instead of 1:
 * |v·h″ − 1| ≤ 2‖E_h‖/‖h‖ ≤ 2‖E_h‖/(‖h'‖ − ‖E_h‖), over all that output sites read.
 */
function otherHidden(hidden: readonly { contextual: Float64Array; error: Float64Array }[]): number {
  const all = (name: 'contextual' | 'error'): number =>
    norm(Float64Array.from(hidden.flatMap((part) => Array.from(part[name]))));
  const [size, error] = [all('contextual'), all('error')];
  return size > error ? ((2 * error) / (size - error)) * (1 + gamma(64)) : Infinity;
}

/** D: what an output bias or the output sites add to y. */
function signedChange({ feedForward }: Block, { biases, weights }: BlockPatch): Float64Array {
  const [first] = feedForward.outputs;
  const update = feedForward.outputs.map(({ weight }) => weights[weight]).find(Boolean);
  return biases[first.bias] ?? update?.p ?? new Float64Array(feedForward.outputWidth);
}

/** What the bound at y has become at the output. */
function atOutput(
  block: Block,
  parameters: Parameters,
  { base, contextual }: Runs,
  patch: BlockPatch,
  { y, atUpdate, moved }: { y: Float64Array; atUpdate: Float64Array; moved: Float64Array },
): Float64Array {
  const { wiring, feedForward } = block;
  const biases = feedForward.outputs.map(({ bias }) => parameters[`mlp.${bias}`]?.data);
  const none = new Float64Array(y.length);
  const [r, target] = [base.residual ?? none, contextual.residual ?? none];
  const atSum = atUpdate.map((error, i) => {
    const b = biases.reduce((sum, bias) => sum + Math.abs(bias?.[i] ?? 0), 0);
    const factor = factorOf(block, parameters, i);
    const ends = Math.abs(r[i]) + Math.abs(target[i]) + Math.abs(contextual.sum[i]);
    const atY = error + 4 * UNIT_ROUNDOFF * (b + moved[i] + (factor === 1 ? 0 : Math.abs(y[i])));
    const carried = Math.abs(factor) * atY;
    return enlarge(carried + 4 * UNIT_ROUNDOFF * (ends + carried), feedForward.width);
  });
  const errors =
    wiring.update.kind === 'norm'
      ? throughSandwich(block, parameters, { base, contextual }, patch, y, atUpdate)
      : atSum;
  return wiring.output
    ? throughOutputNorm(block, parameters, wiring.output.norm, contextual.sum, errors)
    : errors;
}

/** What the norm of the sum makes of the bound there. Its gain is the same bits in both runs. */
function throughOutputNorm(
  { wiring: { norms }, epsilon }: Block,
  parameters: Parameters,
  name: string,
  sum: Float64Array,
  errors: Float64Array,
): Float64Array {
  const kind = norms[name];
  const stored = parameters[`${name}.${gainName(kind)}`].data;
  if (kind === 'layer') {
    return layerNormBound(sum, errors, stored, parameters[`${name}.b`].data, epsilon);
  }
  const gain = kind === 'rms+1' ? stored.map((w) => 1 + w) : stored;
  return rmsNormBound(sum, errors, gain, epsilon);
}

/** c of entry i, where the wiring multiplies y by c. */
function factorOf({ wiring: { update } }: Block, parameters: Parameters, i: number): number {
  if (update.kind === 'factor') return update.factor;
  return update.kind === 'factors' ? parameters[update.name].data[i] : 1;
}

/**
 * E_out where a norm stands between: with y_t the output that the patch aims at and s the new gain,
 *
 *   E_out = |N(ŷ) − N(y_t)| by `rmsNormBound` + γ_{4d+64}·(|goal| + |s∘n(y_t)| + |n(y_t)|·(1 + |w| + |Δw|))
 *           + 4u·(|r| + |s'|)
 *
 * The second term covers the closed forms of `patchThroughNorm`, whose results s and y_t are rounded: a
 * sum of d squares, and a handful of products and quotients in each entry.
 */
function throughSandwich(
  block: Block,
  parameters: Parameters,
  { base, contextual }: Runs,
  patch: BlockPatch,
  y: Float64Array,
  atUpdate: Float64Array,
): Float64Array {
  const {
    wiring: { norms, update },
    epsilon,
  } = block;
  if (update.kind !== 'norm') return atUpdate;
  const d = y.length;
  const kind = norms[update.norm];
  const w = parameters[`${update.norm}.${gainName(kind)}`].data;
  const change = patch.gains?.[update.norm] ?? new Float64Array(d);
  const gain = w.map((entry, i) => (kind === 'rms+1' ? 1 : 0) + (entry + change[i]));
  const moved = signedChange(block, patch);
  const aim = y.map((entry, i) => entry + moved[i]);
  const e = atUpdate.map(
    (error, i) => error + 4 * UNIT_ROUNDOFF * (Math.abs(y[i]) + Math.abs(moved[i])),
  );
  const size = Math.sqrt((norm(aim) / d) * norm(aim) + epsilon);
  const r = base.residual ?? new Float64Array(d);
  return rmsNormBound(aim, e, gain, epsilon).map((carried, i) => {
    const n = Math.abs(aim[i]) / size;
    const goal = Math.abs(contextual.sum[i] - r[i]);
    const stored = n * (1 + Math.abs(w[i]) + Math.abs(change[i]));
    return enlarge(
      carried +
        gamma(4 * d + 64) * (goal + Math.abs(gain[i]) * n + stored) +
        4 * UNIT_ROUNDOFF * (Math.abs(r[i]) + Math.abs(contextual.sum[i])),
      8,
    );
  });
}
