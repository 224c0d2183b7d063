/**
 * The rounding bound of a patch carried from the last block to the logits.
 *
 * @module
 */
import { gamma, UNIT_ROUNDOFF } from '../linalg/index.ts';
import {
  ACTIVATIONS,
  type BlockPatch,
  type LanguageModel,
  type Parameters,
} from '../model/index.ts';
import { blockBounds, type Runs } from './block-bounds.ts';
import type { Variant } from './block-patch.ts';
import { layerNormBound, rmsNormBound } from './norm-bound.ts';
import type { Application } from './prove-patch.ts';
import { absoluteProduct } from './rounding-bounds.ts';

/**
 * A bound on |patched − contextual|, entry by entry, of the logits at one token.
 *
 *   E_n = the bound of the last block's output through the last norm (`norm-bound.ts`)
 *   S   = |U|·(|n| + E_n), where no entry of n is beyond √d·|g| + |b|
 *   E   = |U|·E_n + 2·γ_d·S
 *         + 2u·(S + |u|)                         where a bias u is added; then S + |u| stands for S
 *   `cappedError` of E and S where logits are capped
 *
 * `runs` are what the last block does at that token: in the patched run before its own patch, and in the
 * contextual run. Errors of earlier blocks do not count, since the patch starts from the actual state.
 *
 * Shapes: an entry for each of the vocabulary. Infinity where the bound of the norm is.
 */
export function logitsBound(
  { options }: LanguageModel,
  parameters: Parameters,
  runs: Runs,
  patch: BlockPatch,
  variant: Variant = 'default',
  application: Application = 'factored',
): Float64Array {
  const { network, finalNorm, epsilon, tied = false, logitBias = false, logitCap } = options;
  const { width: d, blocks } = network;
  const last = blocks.length - 1;
  const own = network.own(parameters, last);
  const { output } = blockBounds(blocks[last], own, runs, variant, application, patch);
  const U = parameters[tied ? 'E' : 'U'];
  const stored = parameters[finalNorm === 'rms+1' ? 'final.w' : 'final.g'].data;
  const gain = finalNorm === 'rms+1' ? stored.map((w) => 1 + w) : stored;
  const shift = finalNorm === 'layer' ? parameters['final.b'].data : new Float64Array(d);
  const error =
    finalNorm === 'layer'
      ? layerNormBound(runs.contextual.output, output, gain, shift, epsilon)
      : rmsNormBound(runs.contextual.output, output, gain, epsilon);
  const size = error.map((e, j) => e + Math.sqrt(d) * Math.abs(gain[j]) + Math.abs(shift[j]));
  const carried = absoluteProduct(U, error);
  return absoluteProduct(U, size).map((most, i) => {
    const product = (carried[i] + 2 * gamma(d) * most) * (1 + gamma(4 * d));
    const added = logitBias ? Math.abs(parameters['u'].data[i]) : 0;
    const all = (most + added) * (1 + gamma(4 * d));
    const before = logitBias ? (product + 2 * UNIT_ROUNDOFF * all) * (1 + gamma(8)) : product;
    return logitCap === undefined ? before : cappedError(logitCap, before, all);
  });
}

/**
 * How far κ·tanh(l·f), f = fl(1/κ), can be between two runs whose logits are of size at most S and differ by at most
 * E. The products l·f round by u·S·f each, tanh has slope at most 1 and an error of its own, κ·h rounds by u·κ|h|, |h| ≤ 1:
 *
 *   κ·f·(E + 2u·S) + 2κ·ε_tanh + 2u·κ
 */
function cappedError(cap: number, error: number, size: number): number {
  const scaled = cap * (1 / cap) * (error + 2 * UNIT_ROUNDOFF * size);
  const own = 2 * ACTIVATIONS.tanh.evaluationError(size / cap, 1) + 2 * UNIT_ROUNDOFF;
  return (scaled + cap * own) * (1 + gamma(16));
}
