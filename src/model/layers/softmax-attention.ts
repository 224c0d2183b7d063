/**
 * Multi-head softmax attention as a contextual layer, with what modern models add to it.
 *
 * @module
 */
import {
  type AttentionOptions,
  addBias,
  attention,
  type Evaluator,
  eager,
  linear,
  type RopeOptions,
  rmsNorm,
  rope,
} from '../../autograd/index.ts';
import { DomainError, ShapeError } from '../../linalg/index.ts';
import {
  type ContextualLayer,
  contextualLayer,
  type Incremental,
  type LayerInputs,
  requireSizes,
} from '../contextual-layer.ts';
import {
  biasShape,
  constantShape,
  type ParameterShapes,
  type Parameters,
  weightShape,
} from '../parameters.ts';

/** Sizes and form of a softmax attention layer. */
export interface SoftmaxAttentionOptions
  extends Pick<AttentionOptions, 'scale' | 'window' | 'softCap' | 'alibi'> {
  readonly tokenWidth: number;
  /** Entries of the output. */
  readonly width: number;
  readonly heads: number;
  /** Default: `heads`. */
  readonly kvHeads?: number;
  /** Entries of a head. Default: width/heads. */
  readonly headWidth?: number;
  /** Whether the projections have biases: all four, or all but the last. Default: false. */
  readonly biases?: boolean | 'qkv';
  /** Whether a token sees itself and those before it only (`atEach`). Default: true. */
  readonly causal?: boolean;
  /** Rotation of queries and keys by position. Default: none. */
  readonly rope?: Pick<RopeOptions, 'style' | 'base' | 'rotated' | 'scaling'>;
  /** Root-mean-square norm of the queries and keys of each head, before the rotation. Default: none. */
  readonly qkNorm?: { readonly epsilon: number; readonly offset?: 0 | 1 };
}

/**
 * A(C, x) = Wo·concat_h(o_h) + bo,  o_h = Σ_j softmax_j(q_h·k_{j,g}/√e)·v_{j,g},
 * q = Wq·x + bq, k_j = Wk·t_j + bk, v_j = Wv·t_j + bv, j over C and x, g = ⌊h·G/H⌋.
 *
 * The query sees itself and the whole context. Without context its weight is 1, so
 * A(x) = Wo·(Wv·x + bv) + bo (for G = H). Without rotation, window or ALiBi there are no positions: the order
 * of C matters to rounding only. The options bend the scores (`autograd` operations `attention`,
 * `rope`, `rmsNorm`); nothing outside the layer changes.
 *
 * Parameters, with e = headWidth: Wq (H·e)×tokenWidth, Wk and Wv (G·e)×tokenWidth,
 * Wo width×(H·e); with biases also bq, bk, bv, bo; with `qkNorm` the gains q_norm, k_norm 1×e.
 *
 * @throws DomainError if a size is not a positive integer, or an option is out of its range.
 */
export function softmaxAttention(options: SoftmaxAttentionOptions): ContextualLayer {
  const { tokenWidth, width, heads, kvHeads = heads, biases = false, qkNorm } = options;
  const headWidth = options.headWidth ?? (width % heads === 0 ? width / heads : 1);
  requireSizes('softmaxAttention', { tokenWidth, width, heads, kvHeads, headWidth });
  if (options.headWidth === undefined && width % heads !== 0) {
    throw new DomainError(
      `softmaxAttention: without headWidth, width must be a multiple of heads, got ${width} and ${heads}`,
    );
  }
  attention(attentionOptions(options, 1, true)); // throws here what it would throw at every use
  if (options.rope) rope({ ...options.rope, heads, width: headWidth, positions: [0] });
  const gain = constantShape(1, headWidth, qkNorm?.offset === 1 ? 0 : 1);
  const shapes: ParameterShapes = {
    Wq: weightShape(heads * headWidth, tokenWidth),
    Wk: weightShape(kvHeads * headWidth, tokenWidth),
    Wv: weightShape(kvHeads * headWidth, tokenWidth),
    Wo: weightShape(width, heads * headWidth),
    ...(biases !== false && {
      bq: biasShape(heads * headWidth, tokenWidth),
      bk: biasShape(kvHeads * headWidth, tokenWidth),
      bv: biasShape(kvHeads * headWidth, tokenWidth),
    }),
    ...(biases === true && { bo: biasShape(width, heads * headWidth) }),
    ...(qkNorm && { q_norm: gain, k_norm: gain }),
  };
  /** Queries or keys, normalised and turned, for tokens at these positions. */
  function place<V>(
    { on, p }: Pick<LayerInputs<V>, 'on' | 'p'>,
    tokens: V,
    letter: 'q' | 'k',
    positions: () => readonly number[],
  ): V {
    const count = letter === 'q' ? heads : kvHeads;
    const x = project(on, p, tokens, letter);
    const gained = qkNorm
      ? on.apply(rmsNorm({ ...qkNorm, groups: count }), x, p[`${letter}_norm`])
      : x;
    if (!options.rope) return gained;
    const turn = { ...options.rope, heads: count, width: headWidth, positions: positions() };
    return on.apply(rope(turn), gained);
  }
  const incremental: Incremental = {
    remember: (p, tokens, positions) => ({
      keys: place({ on: eager, p }, tokens, 'k', () => positions),
      values: project(eager, p, tokens, 'v'),
      positions,
    }),
    recall(p, token, { keys, values, positions }) {
      const attend = attention({ ...attentionOptions(options, 1, true), positions });
      const q = place({ on: eager, p }, token, 'q', () => positions.slice(-1));
      return project(eager, p, eager.apply(attend, q, keys, values), 'o');
    },
  };
  return contextualLayer({
    name: 'softmax',
    tokenWidth,
    width,
    shapes,
    ...((options.causal ?? true) && { incremental }),
    outputs<V>(inputs: LayerInputs<V>): V {
      const { on, p, tokens, queries, batch, length, queryRow, positions } = inputs;
      if (positions && positions.length !== length) {
        throw new ShapeError(
          `softmaxAttention: a position for each of the ${length} tokens is required, got ${positions.length}`,
        );
      }
      const ids = (): number[] =>
        positions ? Array.from(positions) : Array.from({ length }, (_, j) => j);
      const folded = (own: readonly number[]): readonly number[] =>
        Array.from({ length: batch }, () => own).flat();
      const o = on.apply(
        attention({
          ...attentionOptions(options, batch, queryRow),
          ...(positions && { positions: ids() }),
        }),
        place(inputs, queries, 'q', () => folded(queryRow ? ids().slice(-1) : ids())),
        place(inputs, tokens, 'k', () => folded(ids())),
        project(on, p, tokens, 'v'),
      );
      return project(on, p, o, 'o');
    },
  });
}

/** W·x + b for the projection of that letter, without b where there is none. */
function project<V>(on: Evaluator<V>, p: Parameters<V>, x: V, letter: string): V {
  const y = on.apply(linear, x, p[`W${letter}`]);
  const bias = p[`b${letter}`];
  return bias === undefined ? y : on.apply(addBias, y, bias);
}

/** The options of the operation. */
function attentionOptions(
  { heads, kvHeads = heads, causal = true, scale, window, softCap, alibi }: SoftmaxAttentionOptions,
  batch: number,
  queryRow: boolean,
): AttentionOptions {
  return {
    batch,
    heads,
    kvHeads,
    ...(queryRow ? { queryRow } : { causal }),
    ...(scale !== undefined && { scale }),
    ...(window !== undefined && { window }),
    ...(softCap !== undefined && { softCap }),
    ...(alibi !== undefined && { alibi }),
  };
}
