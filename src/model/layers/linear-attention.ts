/**
 * Linear attention and normalised feature-map attention as contextual layers.
 *
 * @module
 */
import { linear, linearAttention as linearAttentionOp } from '../../autograd/index.ts';
import { type ContextualLayer, contextualLayer, requireSizes } from '../contextual-layer.ts';
import { weightShape } from '../parameters.ts';

/** Sizes and form of a linear attention layer. */
export interface LinearAttentionLayerOptions {
  readonly tokenWidth: number;
  /** Entries of the output; a multiple of `heads`. */
  readonly width: number;
  /** Default: 1. */
  readonly heads?: number;
  /** Whether a token does not see itself. Default: false. */
  readonly excludeSelf?: boolean;
  /** Whether the heads' outputs pass through a last matrix Wo. Default: false. */
  readonly outputProjection?: boolean;
}

/**
 * A(C, x) = Σ_j v_j·(k_j·q), j over C and x; with `outputProjection` Wo times that.
 *
 * Linear in every context token's v·kᵀ: δA = Δ(Y)·q with Δ(Y) = Σ_{y∈Y} v_y·k_yᵀ. With `excludeSelf` and
 * no context it is 0, and no block patch exists.
 *
 * Parameters: Wq, Wk, Wv width×tokenWidth, and Wo width×width if asked for.
 *
 * @throws DomainError if a size is not a positive integer, or width no multiple of heads.
 */
export function linearAttentionLayer(options: LinearAttentionLayerOptions): ContextualLayer {
  return build('linear', options, {});
}

/**
 * A(C, x) = (Σ_j v_j·(φ(k_j)·φ(q)))/(Σ_j φ(k_j)·φ(q)) with φ = elu + 1, j over C and x.
 *
 * An average, like softmax attention, whose state has a finite size (arXiv:2006.16236, eq. 7): a context is a
 * bias of it (`icl/attention-bias.ts`). Parameters and errors as `linearAttentionLayer`.
 */
export function featureMapAttentionLayer(options: LinearAttentionLayerOptions): ContextualLayer {
  return build('feature-map', options, { feature: 'elu+1', normalised: true });
}

function build(
  name: string,
  options: LinearAttentionLayerOptions,
  form: { readonly feature?: 'elu+1'; readonly normalised?: boolean },
): ContextualLayer {
  const { tokenWidth, width, heads = 1, excludeSelf = false, outputProjection = false } = options;
  requireSizes(`${name} attention`, { tokenWidth, width, heads, 'width/heads': width / heads });
  return contextualLayer({
    name,
    tokenWidth,
    width,
    shapes: {
      Wq: weightShape(width, tokenWidth),
      Wk: weightShape(width, tokenWidth),
      Wv: weightShape(width, tokenWidth),
      ...(outputProjection && { Wo: weightShape(width, width) }),
    },
    outputs({ on, p, tokens, queries, batch, queryRow }) {
      const attend = linearAttentionOp({ batch, heads, excludeSelf, ...form, ...rowsOf(queryRow) });
      const o = on.apply(
        attend,
        on.apply(linear, queries, p.Wq),
        on.apply(linear, tokens, p.Wk),
        on.apply(linear, tokens, p.Wv),
      );
      return p.Wo === undefined ? o : on.apply(linear, o, p.Wo);
    },
  });
}

const rowsOf = (queryRow: boolean): { queryRow: true } | { causal: true } =>
  queryRow ? { queryRow: true } : { causal: true };
