/**
 * Recurrent layers as whole sequences: Elman, GRU, LSTM.
 *
 * The input is projected before, with operations that are there already: z = x·Wᵢᵀ + bᵢ. The
 * recurrence itself is one operation, backward through time included. Gates and their order are
 * PyTorch's. Initial states are one row, shared by the batch.
 *
 * @module
 */
import * as kernels from '../../linalg/kernels.ts';
import type { Op } from '../op.ts';
import { type Cell, type RecurrentOptions, recurrentOp } from '../recurrent-op.ts';

const ELMAN: Cell<null> = {
  name: 'elman',
  gates: 1,
  rows: [1],
  needs: 'z (B·T)×h, U h×h and s0 1×h',
  forward(sizes, [z, U, s0]) {
    const states = new Float64Array(z.length);
    kernels.elman(sizes, z, U, s0, states);
    return { states, memory: null };
  },
  backward(sizes, [, U, s0], { states }, ds, [dz, dU, ds0]) {
    kernels.elmanBackward(sizes, { U, s0, s: states, ds }, { dz, dU, ds0 });
  },
};

/**
 * s_t = tanh(z_t + U·s_{t−1}).
 *
 * Arguments z (B·T)×h, U h×h, s0 1×h; the value is (B·T)×h, or B×h with `queryRow`. Order of rounding and
 * backward formulas: `linalg/reference/elman.ts`.
 *
 * @throws DomainError if batch is not a positive integer; ShapeError if an argument does not fit.
 */
export function elman(options: RecurrentOptions): Op {
  return recurrentOp(ELMAN, options);
}

const GRU: Cell<Float64Array> = {
  name: 'gru',
  gates: 3,
  rows: [3, 1],
  needs: 'z (B·T)×3h, W 3h×h, b 1×3h and s0 1×h',
  forward(sizes, [z, W, b, s0]) {
    const states = new Float64Array(z.length / 3);
    const memory = new Float64Array(states.length * 4);
    kernels.gru(sizes, z, W, b, s0, memory, states);
    return { states, memory };
  },
  backward(sizes, [, W, , s0], { states, memory }, ds, [dz, dW, db, ds0]) {
    kernels.gruBackward(sizes, { W, s0, gates: memory, s: states, ds }, { dz, dW, db, ds0 });
  },
};

/**
 * With a = W·s_{t−1} + b and gates r, u (PyTorch's z) = sigmoid(z_t + a), n = tanh(z_n + r·a_n):
 * s_t = (1 − u)·n + u·s_{t−1}.
 *
 * Arguments z (B·T)×3h in the blocks r, u, n, W 3h×h, b 1×3h, s0 1×h; the value is (B·T)×h, or B×h with
 * `queryRow`. Order of rounding and backward formulas: `linalg/reference/gru.ts`.
 *
 * @throws as `elman`.
 */
export function gru(options: RecurrentOptions): Op {
  return recurrentOp(GRU, options);
}

const LSTM: Cell<{ gates: Float64Array; c: Float64Array }> = {
  name: 'lstm',
  gates: 4,
  rows: [4, 1, 1],
  needs: 'z (B·T)×4h, W 4h×h, b 1×4h, s0 1×h and c0 1×h',
  forward(sizes, [z, W, b, s0, c0]) {
    const states = new Float64Array(z.length / 4);
    const memory = { gates: new Float64Array(states.length * 5), c: states.slice() };
    kernels.lstm(sizes, { z, W, b, s0, c0 }, memory.gates, memory.c, states);
    return { states, memory };
  },
  backward(sizes, [, W, , s0, c0], { states, memory }, ds, [dz, dW, db, ds0, dc0]) {
    const inputs = { W, s0, c0, ...memory, s: states, ds };
    kernels.lstmBackward(sizes, inputs, { dz, dW, db, ds0, dc0 });
  },
};

/**
 * With a = z_t + W·s_{t−1} + b, gates i, f, o = sigmoid(a) and g = tanh(a_g): c_t = f·c_{t−1} + i·g,
 * s_t = o·tanh(c_t).
 *
 * Arguments z (B·T)×4h in the blocks i, f, g, o, W 4h×h, b 1×4h, s0 and c0 1×h; the value is (B·T)×h, or
 * B×h with `queryRow`. Order of rounding and backward formulas: `linalg/reference/lstm.ts`.
 *
 * @throws as `elman`.
 */
export function lstm(options: RecurrentOptions): Op {
  return recurrentOp(LSTM, options);
}
