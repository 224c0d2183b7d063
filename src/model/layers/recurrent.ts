/**
 * Recurrent networks as contextual layers: the output is the state after the last token.
 *
 * The state before the first token is a parameter like any other; it begins as 0.
 *
 * @module
 */
import { addBias, elman, gru, linear, lstm, type Op } from '../../autograd/index.ts';
import { type ContextualLayer, contextualLayer, requireSizes } from '../contextual-layer.ts';
import { biasShape, constantShape, type ParameterShapes, weightShape } from '../parameters.ts';

export interface RecurrentLayerOptions {
  readonly tokenWidth: number;
  /** Entries of the state, which is the output. */
  readonly width: number;
}

/**
 * s_t = tanh(V·x_t + c + U·s_{t−1}), A(C, x) = s after x (Elman, Cognitive Science 14, 1990).
 *
 * Parameters: V width×tokenWidth, c, U width×width, s0.
 *
 * @throws DomainError if a size is not a positive integer.
 */
export function elmanLayer({ tokenWidth, width }: RecurrentLayerOptions): ContextualLayer {
  requireSizes('elmanLayer', { tokenWidth, width });
  return contextualLayer({
    name: 'elman',
    tokenWidth,
    width,
    shapes: {
      V: weightShape(width, tokenWidth),
      c: biasShape(width, tokenWidth),
      U: weightShape(width, width),
      s0: constantShape(1, width, 0),
    },
    outputs: ({ on, p, tokens, batch, queryRow }) =>
      on.apply(
        elman({ batch, queryRow }),
        on.apply(addBias, on.apply(linear, tokens, p.V), p.c),
        p.U,
        p.s0,
      ),
  });
}

/**
 * The gated recurrent unit in PyTorch's form (`autograd` operation `gru`); blocks r, z, n.
 *
 * Parameters: Wi 3·width×tokenWidth, bi, Wh 3·width×width, bh, s0.
 *
 * @throws DomainError if a size is not a positive integer.
 */
export function gruLayer(options: RecurrentLayerOptions): ContextualLayer {
  return gated('gru', 3, options, ['s0'], gru);
}

/**
 * Long short-term memory in PyTorch's form (`autograd` operation `lstm`); blocks i, f, g, o.
 *
 * Parameters: Wi 4·width×tokenWidth, bi, Wh 4·width×width, bh, s0, c0.
 *
 * @throws DomainError if a size is not a positive integer.
 */
export function lstmLayer(options: RecurrentLayerOptions): ContextualLayer {
  return gated('lstm', 4, options, ['s0', 'c0'], lstm);
}

function gated(
  name: string,
  gates: number,
  { tokenWidth, width }: RecurrentLayerOptions,
  states: readonly string[],
  op: (options: { batch: number; queryRow: boolean }) => Op,
): ContextualLayer {
  requireSizes(`${name}Layer`, { tokenWidth, width });
  const shapes: ParameterShapes = {
    Wi: weightShape(gates * width, tokenWidth),
    bi: biasShape(gates * width, tokenWidth),
    Wh: weightShape(gates * width, width),
    bh: biasShape(gates * width, width),
    ...Object.fromEntries(states.map((state) => [state, constantShape(1, width, 0)])),
  };
  return contextualLayer({
    name,
    tokenWidth,
    width,
    shapes,
    outputs({ on, p, tokens, batch, queryRow }) {
      const z = on.apply(addBias, on.apply(linear, tokens, p.Wi), p.bi);
      return on.apply(op({ batch, queryRow }), z, p.Wh, p.bh, ...states.map((state) => p[state]));
    },
  });
}
