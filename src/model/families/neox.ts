/**
 * GPT-NeoX and Pythia: attention and perceptron side by side, each behind a layer norm of its own.
 *
 * @module
 */
import { type Block, blockOf } from '../block.ts';
import { mlp } from '../feed-forward/mlp.ts';
import { softmaxAttention } from '../layers/softmax-attention.ts';
import { parallel, preNorm } from '../wirings.ts';
import { attentionSizes, halfRope, type RotarySizes } from './family.ts';

export interface NeoxSizes extends RotarySizes {
  /** Entries of each head that turn, 0 for none. */
  readonly rotated: number;
  /** Whether the projections of the attention have biases. Default: true. */
  readonly attentionBiases?: boolean;
  /** Whether the perceptron comes after the attention, as in GPT-2. Default: false, beside it. */
  readonly sequential?: boolean;
}

/** out = x + A(LN1(x)) + MLP(LN2(x)). */
export function neoxBlock(sizes: NeoxSizes): Block {
  const { width, hidden, rotated, activation = 'gelu', epsilon = 1e-5 } = sizes;
  const { attentionBiases = true, sequential = false } = sizes;
  return blockOf({
    name: 'parallel-neox',
    wiring: sequential ? preNorm('layer') : parallel('layer', true),
    layer: softmaxAttention({
      ...attentionSizes(sizes),
      biases: attentionBiases,
      ...(rotated > 0 && { rope: { ...halfRope(sizes), rotated } }),
    }),
    feedForward: mlp({ width, hidden, outputWidth: width, activation }),
    epsilon,
  });
}
