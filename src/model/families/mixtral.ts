/**
 * Mixtral: Llama with a mixture of experts.
 *
 * @module
 */
import { type Block, blockOf } from '../block.ts';
import { experts } from '../feed-forward/experts.ts';
import { softmaxAttention } from '../layers/softmax-attention.ts';
import { preNorm } from '../wirings.ts';
import { attentionSizes, type FamilySizes } from './family.ts';

export interface MixtralSizes extends FamilySizes {
  readonly experts: number;
  readonly selected: number;
  /** θ of the rotation. Default: 10000. */
  readonly ropeBase?: number;
}

/** r = x + A(N1(x)), out = r + Σ_e p_e·Wd^e·(silu(Wg^e·z)∘(Wu^e·z)), z = N2(r). */
export function mixtralBlock(sizes: MixtralSizes): Block {
  const { width, hidden, experts: count, selected, ropeBase, epsilon = 1e-6 } = sizes;
  return blockOf({
    name: 'moe',
    wiring: preNorm('rms'),
    layer: softmaxAttention({
      ...attentionSizes(sizes),
      rope: { style: 'half', ...(ropeBase !== undefined && { base: ropeBase }) },
    }),
    feedForward: experts({ width, hidden, experts: count, selected }),
    epsilon,
  });
}
