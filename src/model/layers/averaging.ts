/**
 * The plainest contextual layers: the running mean, and a causal convolution.
 *
 * @module
 */
import { addBias, causalConvolution, lastRows, linear, runningMean } from '../../autograd/index.ts';
import { type ContextualLayer, contextualLayer, requireSizes } from '../contextual-layer.ts';
import { biasShape, weightShape } from '../parameters.ts';

/**
 * A(C, x) = (1/(n + 1))·Σ_j W·t_j, j over C and x.
 *
 * Parameters: W width×tokenWidth.
 *
 * @throws DomainError if a size is not a positive integer.
 */
export function meanLayer(options: {
  readonly tokenWidth: number;
  readonly width: number;
}): ContextualLayer {
  const { tokenWidth, width } = options;
  requireSizes('meanLayer', { tokenWidth, width });
  return contextualLayer({
    name: 'mean',
    tokenWidth,
    width,
    shapes: { W: weightShape(width, tokenWidth) },
    outputs({ on, p, tokens, batch, length, queryRow }) {
      const y = on.apply(runningMean({ batch }), on.apply(linear, tokens, p.W));
      return queryRow ? on.apply(lastRows(length), y) : y;
    },
  });
}

/**
 * A(C, x)_i = b_i + Σ_l w_il·t_{−l,i} over the last `length` tokens, t_0 = x: depthwise and causal.
 *
 * Context before the last `length` − 1 tokens has no influence: removing it changes nothing, bit for bit.
 *
 * Parameters: kernel tokenWidth×length, lag 0 first, and bias, one row.
 *
 * @throws DomainError if a size is not a positive integer.
 */
export function convolutionLayer(options: {
  readonly tokenWidth: number;
  readonly length: number;
}): ContextualLayer {
  const { tokenWidth, length: reach } = options;
  requireSizes('convolutionLayer', { tokenWidth, length: reach });
  return contextualLayer({
    name: 'convolution',
    tokenWidth,
    width: tokenWidth,
    shapes: { kernel: weightShape(tokenWidth, reach), bias: biasShape(tokenWidth, reach) },
    outputs({ on, p, tokens, batch, length, queryRow }) {
      const y = on.apply(causalConvolution({ batch }), tokens, p.kernel);
      return on.apply(addBias, queryRow ? on.apply(lastRows(length), y) : y, p.bias);
    },
  });
}
