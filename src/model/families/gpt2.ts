/**
 * GPT-2 and OPT: layer norm before each part, biases everywhere, positions in the embeddings.
 *
 * @module
 */
import type { ActivationName } from '../activations.ts';
import { type Block, blockOf } from '../block.ts';
import { mlp } from '../feed-forward/mlp.ts';
import { type SoftmaxAttentionOptions, softmaxAttention } from '../layers/softmax-attention.ts';
import { preNorm } from '../wirings.ts';
import { attentionSizes, type FamilySizes } from './family.ts';

export interface Gpt2Sizes extends FamilySizes, Pick<SoftmaxAttentionOptions, 'scale'> {
  /** Default: GPT-2's. */
  readonly activation?: ActivationName;
}

/** r = x + A(LN1(x)), out = r + W2·g(W1·LN2(r) + b1) + b2. */
export function gpt2Block(sizes: Gpt2Sizes): Block {
  const { width, hidden, activation = 'geluTanh', scale, epsilon = 1e-5 } = sizes;
  return blockOf({
    name: 'pre-ln',
    wiring: preNorm('layer'),
    layer: softmaxAttention({
      ...attentionSizes(sizes),
      biases: true,
      ...(scale !== undefined && { scale }),
    }),
    feedForward: mlp({ width, hidden, outputWidth: width, activation }),
    epsilon,
  });
}
