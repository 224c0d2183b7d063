/**
 * Falcon 7B: attention with one key-value head and a perceptron side by side, behind one layer norm.
 *
 * @module
 */
import { type Block, blockOf } from '../block.ts';
import { mlp } from '../feed-forward/mlp.ts';
import { softmaxAttention } from '../layers/softmax-attention.ts';
import { parallel } from '../wirings.ts';
import { attentionSizes, type FamilySizes } from './family.ts';

/** out = x + A(LN(x)) + W2·gelu(W1·LN(x)), without biases. */
export function falconBlock(sizes: FamilySizes): Block {
  const { width, hidden, epsilon = 1e-5 } = sizes;
  return blockOf({
    name: 'falcon',
    wiring: parallel('layer', false),
    layer: softmaxAttention({
      ...attentionSizes({ kvHeads: 1, ...sizes }),
      rope: { style: 'half' },
    }),
    feedForward: mlp({ width, hidden, outputWidth: width, activation: 'gelu', biases: false }),
    epsilon,
  });
}
