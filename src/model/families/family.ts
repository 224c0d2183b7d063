/**
 * What the small files beside this one have in common.
 *
 * A family is a function from sizes to a block: which layer, which feed-forward network, which wiring. It
 * holds no algorithm; patches, bounds and proofs come from the description.
 *
 * @module
 */
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
