/**
 * Llama, Mistral, Qwen: RMS norm before each part, rotary positions, a gated network, few biases or none.
 *
 * @module
 */
import { type Block, blockOf } from '../block.ts';
import { gatedMlp } from '../feed-forward/gated.ts';
import { type SoftmaxAttentionOptions, softmaxAttention } from '../layers/softmax-attention.ts';
import { preNorm } from '../wirings.ts';
import { attentionSizes, halfRope, type RotarySizes } from './family.ts';

export interface LlamaSizes
  extends RotarySizes,
    Pick<SoftmaxAttentionOptions, 'window' | 'qkNorm'> {
  /** Biases of queries, keys and values (Qwen2). Default: false. */
  readonly qkvBiases?: boolean;
  /** Biases of all four projections of the attention. Default: false. */
  readonly attentionBiases?: boolean;
  /** Biases of the gated network. Default: false. */
  readonly mlpBiases?: boolean;
}

/** r = x + A(N1(x)), out = r + Wd·(silu(Wg·N2(r))∘(Wu·N2(r))). */
export function llamaBlock(sizes: LlamaSizes): Block {
  const { width, hidden, epsilon = 1e-6, activation = 'silu', window, qkNorm } = sizes;
  const { qkvBiases = false, attentionBiases = false, mlpBiases = false } = sizes;
  return blockOf({
    name: 'llama',
    wiring: preNorm('rms'),
    layer: softmaxAttention({
      ...attentionSizes(sizes),
      rope: halfRope(sizes),
      biases: attentionBiases || (qkvBiases && 'qkv'),
      ...(window !== undefined && { window }),
      ...(qkNorm && { qkNorm }),
    }),
    feedForward: gatedMlp({ width, hidden, activation, biases: mlpBiases }),
    epsilon,
  });
}
