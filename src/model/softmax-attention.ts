/**
 * Multi-head softmax attention as a contextual layer.
 *
 * @module
 */
import { addBias, attention, type Evaluator, lastRows, linear } from '../autograd/index.ts';
import { DomainError } from '../linalg/index.ts';
import type { ContextualLayer } from './contextual-layer.ts';
import { biasShape, type ParameterShapes, type Parameters, weightShape } from './parameters.ts';

/** Sizes of a softmax attention layer. */
export interface SoftmaxAttentionOptions {
  readonly tokenWidth: number;
  /** Entries of the output. */
  readonly width: number;
  readonly heads: number;
  /** Default: `heads`. */
  readonly kvHeads?: number;
  /** Entries of a head. Default: width/heads. */
  readonly headWidth?: number;
  /** Whether the four projections have biases. Default: false. */
  readonly biases?: boolean;
}

/**
 * A(C, x) = Wo·concat_h(o_h) + bo,  o_h = Σ_j softmax_j(q_h·k_{j,g}/√e)·v_{j,g},
 * q = Wq·x + bq, k_j = Wk·t_j + bk, v_j = Wv·t_j + bv, j over C and x, g = ⌊h·G/H⌋.
 *
 * The query sees itself and the whole context. Without context its weight is 1, so
 * A(x) = Wo·(Wv·x + bv) + bo (for G = H). No positions: the order of C matters to rounding only.
 *
 * Parameters, with e = headWidth: Wq (H·e)×tokenWidth, Wk and Wv (G·e)×tokenWidth,
 * Wo width×(H·e); with biases also bq, bk, bv, bo.
 *
 * @throws DomainError if a size is not a positive integer.
 */
export function softmaxAttention(options: SoftmaxAttentionOptions): ContextualLayer {
  const { tokenWidth, width, heads, kvHeads = heads, biases = false } = options;
  const headWidth = options.headWidth ?? (width % heads === 0 ? width / heads : 1);
  for (const [what, size] of Object.entries({ tokenWidth, width, heads, kvHeads, headWidth })) {
    if (!(Number.isInteger(size) && size > 0)) {
      throw new DomainError(`softmaxAttention: ${what} must be a positive integer, got ${size}`);
    }
  }
  if (options.headWidth === undefined && width % heads !== 0) {
    throw new DomainError(
      `softmaxAttention: without headWidth, width must be a multiple of heads, got ${width} and ${heads}`,
    );
  }
  const shapes: ParameterShapes = {
    Wq: weightShape(heads * headWidth, tokenWidth),
    Wk: weightShape(kvHeads * headWidth, tokenWidth),
    Wv: weightShape(kvHeads * headWidth, tokenWidth),
    Wo: weightShape(width, heads * headWidth),
    ...(biases && {
      bq: biasShape(heads * headWidth, tokenWidth),
      bk: biasShape(kvHeads * headWidth, tokenWidth),
      bv: biasShape(kvHeads * headWidth, tokenWidth),
      bo: biasShape(width, heads * headWidth),
    }),
  };
  return {
    name: 'softmax',
    tokenWidth,
    width,
    shapes,
    atQuery<V>(on: Evaluator<V>, p: Parameters<V>, sequences: V, batch: number): V {
      const project = (x: V, W: V, b: V | undefined): V => {
        const y = on.apply(linear, x, W);
        return b === undefined ? y : on.apply(addBias, y, b);
      };
      const queries = on.apply(lastRows(on.read(sequences).rows / batch), sequences);
      const o = on.apply(
        attention({ batch, heads, kvHeads, queryRow: true }),
        project(queries, p.Wq, p.bq),
        project(sequences, p.Wk, p.bk),
        project(sequences, p.Wv, p.bv),
      );
      return project(o, p.Wo, p.bo);
    },
  };
}
