/**
 * GPT-NeoX and Pythia: attention and perceptron side by side, each behind a layer norm of its own.
 *
 * @module
 */
import { type Block, blockOf } from '../block.ts';
import { mlp } from '../feed-forward/mlp.ts';
import { softmaxAttention } from '../layers/softmax-attention.ts';
import { parallel } from '../wirings.ts';
import { attentionSizes, type FamilySizes } from './family.ts';

/** out = x + A(LN1(x)) + MLP(LN2(x)); `rotated` entries of each head turn, 0 for none. */
export function neoxBlock(sizes: FamilySizes & { readonly rotated: number }): Block {
  const { width, hidden, rotated, epsilon = 1e-5 } = sizes;
  return blockOf({
    name: 'parallel-neox',
    wiring: parallel('layer', true),
    layer: softmaxAttention({
      ...attentionSizes(sizes),
      biases: true,
      ...(rotated > 0 && { rope: { style: 'half', rotated } }),
    }),
    feedForward: mlp({ width, hidden, outputWidth: width, activation: 'gelu' }),
    epsilon,
  });
}
