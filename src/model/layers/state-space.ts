/**
 * State space models as contextual layers, a channel for every entry of a token.
 *
 * @module
 */
import {
  addBias,
  diagonalStateSpace,
  lastRows,
  linear,
  selectiveScan,
  softplus,
} from '../../autograd/index.ts';
import { log } from '../../linalg/index.ts';
import { type ContextualLayer, contextualLayer, requireSizes } from '../contextual-layer.ts';
import { constantShape, type ParameterShape, weightShape } from '../parameters.ts';

export interface StateSpaceLayerOptions {
  /** Entries of a token and of the output. */
  readonly tokenWidth: number;
  /** States of a channel. */
  readonly states: number;
}

const startingAt = (
  rows: number,
  cols: number,
  start: (row: number, col: number) => number,
): ParameterShape => ({ rows, cols, fanIn: cols, start });

/**
 * s_t = Ā·s_{t−1} + B̄·x_t, y_t = 2·Re(C·s_t) + D·x_t for each channel, complex, with zero-order hold
 * (S4D, arXiv:2206.11893): the `autograd` operation `diagonalStateSpace`.
 *
 * Parameters: A_re, A_im, B_re, B_im, C_re, C_im tokenWidth×states, D and dt one row. A begins as
 * −1/2 + iπn (S4D-Lin), B as 1, D as 1, dt as 1/10. Precondition: A ≠ 0.
 *
 * @throws DomainError if a size is not a positive integer.
 */
export function diagonalStateSpaceLayer(options: StateSpaceLayerOptions): ContextualLayer {
  const { tokenWidth, states } = options;
  requireSizes('diagonalStateSpaceLayer', { tokenWidth, states });
  return contextualLayer({
    name: 'ssm',
    tokenWidth,
    width: tokenWidth,
    shapes: {
      A_re: constantShape(tokenWidth, states, -0.5),
      A_im: startingAt(tokenWidth, states, (_, n) => Math.PI * n),
      B_re: constantShape(tokenWidth, states, 1),
      B_im: constantShape(tokenWidth, states, 0),
      C_re: weightShape(tokenWidth, states),
      C_im: weightShape(tokenWidth, states),
      D: constantShape(1, tokenWidth, 1),
      dt: constantShape(1, tokenWidth, 0.1),
    },
    outputs({ on, p, tokens, batch, length, queryRow }) {
      const parts = [p.A_re, p.A_im, p.B_re, p.B_im, p.C_re, p.C_im, p.D, p.dt];
      const y = on.apply(diagonalStateSpace({ batch }), tokens, ...parts);
      return queryRow ? on.apply(lastRows(length), y) : y;
    },
  });
}

/**
 * s_t = exp(−δ_t·e^λ)·s_{t−1} + δ_t·x_t·β_t, y_t = γ_t·s_t + D·x_t for each channel, where the token
 * decides δ = softplus(Wdt·x + bdt), β = WB·x and γ = WC·x (Mamba, arXiv:2312.00752): the `autograd`
 * operation `selectiveScan`.
 *
 * Parameters: A_log (λ) tokenWidth×states, Wdt tokenWidth×tokenWidth, bdt, WB and WC states×tokenWidth,
 * D one row. A_log begins as log(n + 1), bdt as −2 (steps of about 1/8), D as 1.
 *
 * @throws DomainError if a size is not a positive integer.
 */
export function selectiveStateSpaceLayer(options: StateSpaceLayerOptions): ContextualLayer {
  const { tokenWidth, states } = options;
  requireSizes('selectiveStateSpaceLayer', { tokenWidth, states });
  return contextualLayer({
    name: 'selective-ssm',
    tokenWidth,
    width: tokenWidth,
    shapes: {
      A_log: startingAt(tokenWidth, states, (_, n) => log(n + 1)),
      Wdt: weightShape(tokenWidth, tokenWidth),
      bdt: constantShape(1, tokenWidth, -2),
      WB: weightShape(states, tokenWidth),
      WC: weightShape(states, tokenWidth),
      D: constantShape(1, tokenWidth, 1),
    },
    outputs({ on, p, tokens, batch, length, queryRow }) {
      const delta = on.apply(softplus, on.apply(addBias, on.apply(linear, tokens, p.Wdt), p.bdt));
      const beta = on.apply(linear, tokens, p.WB);
      const gamma = on.apply(linear, tokens, p.WC);
      const y = on.apply(selectiveScan({ batch }), tokens, delta, beta, gamma, p.A_log, p.D);
      return queryRow ? on.apply(lastRows(length), y) : y;
    },
  });
}
