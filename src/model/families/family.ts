/**
 * What the small files beside this one have in common.
 *
 * A family is a function from sizes to a block: which layer, which feed-forward network, which wiring. It
 * holds no algorithm; patches, bounds and proofs come from the description.
 *
 * @module
 */
import type { RopeScaling } from '../../autograd/index.ts';
import type { ActivationName } from '../activations.ts';
import type { SoftmaxAttentionOptions } from '../layers/softmax-attention.ts';

/** Sizes that every family needs. */
export interface FamilySizes {
  /** Entries of a token, in and out. */
  readonly width: number;
  readonly heads: number;
  /** Default: `heads`. */
  readonly kvHeads?: number;
  /** Default: width/heads. */
  readonly headWidth?: number;
  /** Hidden entries of the feed-forward network. */
  readonly hidden: number;
  /** ε inside the norms. Default: the family's. */
  readonly epsilon?: number;
}

/** Options of the families whose positions are rotations of half-split pairs. */
export interface RotarySizes extends FamilySizes {
  /** θ of the rotation. Default: 10000. */
  readonly ropeBase?: number;
  /** What is done to the frequencies of the rotation. Default: nothing. */
  readonly ropeScaling?: RopeScaling;
  /** Default: the family's. */
  readonly activation?: ActivationName;
}

/** The rotation of these sizes. */
export const halfRope = ({
  ropeBase,
  ropeScaling,
}: RotarySizes): NonNullable<SoftmaxAttentionOptions['rope']> => ({
  style: 'half',
  ...(ropeBase !== undefined && { base: ropeBase }),
  ...(ropeScaling && { scaling: ropeScaling }),
});

/** What the attention layer takes from them. */
export const attentionSizes = ({
  width,
  heads,
  kvHeads = heads,
  headWidth,
}: FamilySizes): Pick<
  SoftmaxAttentionOptions,
  'tokenWidth' | 'width' | 'heads' | 'kvHeads' | 'headWidth'
> => ({
  tokenWidth: width,
  width,
  heads,
  kvHeads,
  ...(headWidth !== undefined && { headWidth }),
});
