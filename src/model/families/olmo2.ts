/**
 * OLMo 2: Llama's parts with the norms after them instead of before, and QK norm.
 *
 * @module
 */
import { type Block, blockOf } from '../block.ts';
import { gatedMlp } from '../feed-forward/gated.ts';
import { softmaxAttention } from '../layers/softmax-attention.ts';
import { postPartNorm } from '../wirings.ts';
import { attentionSizes, type FamilySizes } from './family.ts';

/**
 * r = x + N1(A(x)), out = r + N2(Wd·(silu(Wg·r)∘(Wu·r))). QK norm is that of each head here; OLMo 2's is of
 * all heads together.
 */
export function olmo2Block(sizes: FamilySizes): Block {
  const { width, hidden, epsilon = 1e-6 } = sizes;
  return blockOf({
    name: 'olmo2',
    wiring: postPartNorm('rms'),
    layer: softmaxAttention({
      ...attentionSizes(sizes),
      rope: { style: 'half', base: 500000 },
      qkNorm: { epsilon },
    }),
    feedForward: gatedMlp({ width, hidden }),
    epsilon,
  });
}
