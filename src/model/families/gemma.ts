/**
 * Gemma 2 and 3: each part between two RMS norms of gain 1 + w, GeGLU.
 *
 * @module
 */
import { type Block, blockOf } from '../block.ts';
import { gatedMlp } from '../feed-forward/gated.ts';
import { type SoftmaxAttentionOptions, softmaxAttention } from '../layers/softmax-attention.ts';
import { sandwich } from '../wirings.ts';
import { attentionSizes, type FamilySizes } from './family.ts';

export interface GemmaSizes
  extends FamilySizes,
    Pick<SoftmaxAttentionOptions, 'window' | 'softCap' | 'scale' | 'qkNorm'> {
  /** θ of the rotation. Default: 10000. */
  readonly ropeBase?: number;
}

/** r = x + N(A(N(x))), out = r + N(Wd·(gelu(Wg·z)∘(Wu·z))) with z = N(r), four norms. */
export function gemmaBlock(sizes: GemmaSizes): Block {
  const { width, hidden, epsilon = 1e-6, ropeBase, window, softCap, scale, qkNorm } = sizes;
  return blockOf({
    name: 'gemma',
    wiring: sandwich('rms+1'),
    layer: softmaxAttention({
      ...attentionSizes(sizes),
      rope: { style: 'half', ...(ropeBase !== undefined && { base: ropeBase }) },
      ...(window !== undefined && { window }),
      ...(softCap !== undefined && { softCap }),
      ...(scale !== undefined && { scale }),
      ...(qkNorm && { qkNorm }),
    }),
    feedForward: gatedMlp({ width, hidden, activation: 'geluTanh' }),
    epsilon,
  });
}
