/**
 * Gemma: RMS norms of gain 1 + w and GeGLU; Gemma 2 and 3 have each part between two norms.
 *
 * @module
 */
import { type Block, blockOf } from '../block.ts';
import { gatedMlp } from '../feed-forward/gated.ts';
import { type SoftmaxAttentionOptions, softmaxAttention } from '../layers/softmax-attention.ts';
import { preNorm, sandwich, type Wiring } from '../wirings.ts';
import { attentionSizes, halfRope, type RotarySizes } from './family.ts';

export interface GemmaSizes
  extends RotarySizes,
    Pick<SoftmaxAttentionOptions, 'window' | 'softCap' | 'scale' | 'qkNorm'> {
  /** Biases of all four projections of the attention. Default: false. */
  readonly attentionBiases?: boolean;
}

/** r = x + N(A(N(x))), out = r + N(Wd·(gelu(Wg·z)∘(Wu·z))) with z = N(r), four norms. */
export const gemmaBlock = (sizes: GemmaSizes): Block => gemmaOf('gemma', sandwich('rms+1'), sizes);

/** Gemma 1: r = x + A(N(x)), out = r + Wd·(gelu(Wg·z)∘(Wu·z)) with z = N(r), two norms. */
export const gemma1Block = (sizes: GemmaSizes): Block => gemmaOf('gemma1', preNorm('rms+1'), sizes);

function gemmaOf(name: string, wiring: Wiring, sizes: GemmaSizes): Block {
  const { width, hidden, epsilon = 1e-6, activation = 'geluTanh', attentionBiases } = sizes;
  const { window, softCap, scale, qkNorm } = sizes;
  return blockOf({
    name,
    wiring,
    layer: softmaxAttention({
      ...attentionSizes(sizes),
      rope: halfRope(sizes),
      ...(attentionBiases && { biases: true }),
      ...(window !== undefined && { window }),
      ...(softCap !== undefined && { softCap }),
      ...(scale !== undefined && { scale }),
      ...(qkNorm && { qkNorm }),
    }),
    feedForward: gatedMlp({ width, hidden, activation }),
    epsilon,
  });
}
