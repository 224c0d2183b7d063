/**
 * Llama, Mistral, Qwen: RMS norm before each part, rotary positions, a gated network, few biases or none.
 *
 * @module
 */
import { type Block, blockOf } from '../block.ts';
import { gatedMlp } from '../feed-forward/gated.ts';
import { type SoftmaxAttentionOptions, softmaxAttention } from '../layers/softmax-attention.ts';
import { preNorm } from '../wirings.ts';
import { attentionSizes, type FamilySizes } from './family.ts';

export interface LlamaSizes
  extends FamilySizes,
    Pick<SoftmaxAttentionOptions, 'window' | 'qkNorm'> {
  /** θ of the rotation. Default: 10000. */
  readonly ropeBase?: number;
  /** Biases of queries, keys and values (Qwen2). Default: false. */
  readonly qkvBiases?: boolean;
}

/** r = x + A(N1(x)), out = r + Wd·(silu(Wg·N2(r))∘(Wu·N2(r))). */
export function llamaBlock(sizes: LlamaSizes): Block {
  const { width, hidden, epsilon = 1e-6, ropeBase, qkvBiases, window, qkNorm } = sizes;
  return blockOf({
    name: 'llama',
    wiring: preNorm('rms'),
    layer: softmaxAttention({
      ...attentionSizes(sizes),
      rope: { style: 'half', ...(ropeBase !== undefined && { base: ropeBase }) },
      ...(qkvBiases && { biases: 'qkv' }),
      ...(window !== undefined && { window }),
      ...(qkNorm && { qkNorm }),
    }),
    feedForward: gatedMlp({ width, hidden }),
    epsilon,
  });
}
