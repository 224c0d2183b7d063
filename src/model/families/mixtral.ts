/**
 * Mixtral: Llama with a mixture of experts.
 *
 * @module
 */
import { type Block, blockOf } from '../block.ts';
import { experts } from '../feed-forward/experts.ts';
import { type SoftmaxAttentionOptions, softmaxAttention } from '../layers/softmax-attention.ts';
import { preNorm } from '../wirings.ts';
import { attentionSizes, halfRope, type RotarySizes } from './family.ts';

export interface MixtralSizes extends RotarySizes, Pick<SoftmaxAttentionOptions, 'window'> {
  readonly experts: number;
  readonly selected: number;
}

/** r = x + A(N1(x)), out = r + Σ_e p_e·Wd^e·(silu(Wg^e·z)∘(Wu^e·z)), z = N2(r). */
export function mixtralBlock(sizes: MixtralSizes): Block {
  const { width, hidden, experts: count, selected, window, epsilon = 1e-6 } = sizes;
  const { activation = 'silu' } = sizes;
  return blockOf({
    name: 'moe',
    wiring: preNorm('rms'),
    layer: softmaxAttention({
      ...attentionSizes(sizes),
      rope: halfRope(sizes),
      ...(window !== undefined && { window }),
    }),
    feedForward: experts({ width, hidden, experts: count, selected, activation }),
    epsilon,
  });
}
