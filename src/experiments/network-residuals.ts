/**
 * What is left between a patched network and the contextual one, block by block, beside its bounds.
 *
 * @module
 */
import { blockBounds, type NetworkPatch, type Residual, residual } from '../icl/index.ts';
import type { Network, Parameters } from '../model/index.ts';

/**
 * For each block, and each retained token that the mode makes contextual: what differs after the block
 * against that block's own bound.
 */
export function* networkResiduals(
  net: Network,
  parameters: Parameters,
  keep: readonly number[],
  { mode, patches, actual, patched, contextual }: NetworkPatch,
): Generator<Residual, void, void> {
  for (const [l, layer] of patches.entries()) {
    const own = net.own(parameters, l);
    for (const [i, patch] of layer.entries()) {
      if (!patch || (mode !== 'all' && i < keep.length - 1)) continue;
      const runs = { base: actual[l][i], contextual: contextual[l][keep[i]] };
      const { output } = blockBounds(net.blocks[l], own, runs, 'default', 'factored', patch);
      yield residual(patched[l][i].output, runs.contextual.output, output);
    }
  }
}
