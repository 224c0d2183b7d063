/**
 * GPT-2 and OPT: layer norm before each part, biases everywhere, positions in the embeddings.
 *
 * @module
 */
import type { ActivationName } from '../activations.ts';
import { type Block, blockOf } from '../block.ts';
import { mlp } from '../feed-forward/mlp.ts';
import { softmaxAttention } from '../layers/softmax-attention.ts';
import { preNorm } from '../wirings.ts';
import { attentionSizes, type FamilySizes } from './family.ts';

/** r = x + A(LN1(x)), out = r + W2·g(W1·LN2(r) + b1) + b2. The activation is by default GPT-2's. */
export function gpt2Block(sizes: FamilySizes & { readonly activation?: ActivationName }): Block {
  const { width, hidden, activation = 'geluTanh', epsilon = 1e-5 } = sizes;
  return blockOf({
    name: 'pre-ln',
    wiring: preNorm('layer'),
    layer: softmaxAttention({ ...attentionSizes(sizes), biases: true }),
    feedForward: mlp({ width, hidden, outputWidth: width, activation }),
    epsilon,
  });
}
