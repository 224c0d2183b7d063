/**
 * GPT-J: attention and perceptron side by side, behind one layer norm; interleaved rotary positions.
 *
 * @module
 */
import type { ActivationName } from '../activations.ts';
import { type Block, blockOf } from '../block.ts';
import { mlp } from '../feed-forward/mlp.ts';
import { softmaxAttention } from '../layers/softmax-attention.ts';
import { parallel } from '../wirings.ts';
import { attentionSizes, type FamilySizes } from './family.ts';

/** out = x + A(LN(x)) + MLP(LN(x)); `rotated` entries of each head turn, by default all. */
export function gptjBlock(
  sizes: FamilySizes & { readonly rotated?: number; readonly activation?: ActivationName },
): Block {
  const { width, hidden, rotated, activation = 'geluTanh', epsilon = 1e-5 } = sizes;
  return blockOf({
    name: 'parallel-gptj',
    wiring: parallel('layer', false),
    layer: softmaxAttention({
      ...attentionSizes(sizes),
      rope: { style: 'interleaved', ...(rotated !== undefined && { rotated }) },
    }),
    feedForward: mlp({ width, hidden, outputWidth: width, activation }),
    epsilon,
  });
}
