/**
 * Plain twins of the long short-term memory and its transpose, for a batch of sequences.
 *
 * Letters: B sequences of T tokens, states and cells of h numbers, gates in PyTorch's order i, f, g, o.
 * Shapes, row-major: projected inputs z (B·T)×4h; weights W 4h×h ([out, in]), bias b 4h; states s and
 * cells c (B·T)×h; before the first token s0 and c0, one row each, shared; gates (B·T)×5h, the blocks
 * i, f, g, o and tanh(c). Sizes are trusted, outputs are overwritten.
 *
 * @module
 */
import { sigmoid } from '../special/sigmoid.ts';
import { tanh } from '../special/tanh.ts';
import { addToRows, sumOfRows } from './elementwise.ts';
import type { RecurrentSizes } from './elman.ts';
import { matmul, matmulNT, matmulTN } from './matmul.ts';
import { previousStates } from './previous-states.ts';

/**
 *   a   = W·s_{t−1} + b                            products in the order of `matmulNT`, then b
 *   i, f, o = sigmoid(z + a),  g = tanh(z_g + a_g)
 *   c_t = f·c_{t−1} + i·g,     s_t = o·tanh(c_t)
 */
export function lstm(
  { batch, tokens, width: h }: RecurrentSizes,
  inputs: {
    z: Float64Array;
    W: Float64Array;
    b: Float64Array;
    s0: Float64Array;
    c0: Float64Array;
  },
  gates: Float64Array,
  c: Float64Array,
  s: Float64Array,
): void {
  const { z, W, b, s0, c0 } = inputs;
  const a = new Float64Array(4 * h);
  for (let sequence = 0; sequence < batch; sequence++) {
    let [state, cell] = [s0, c0];
    for (let t = 0; t < tokens; t++) {
      const row = sequence * tokens + t;
      matmulNT(state, W, a, 1, h, 4 * h);
      addToRows(a, b, a, 1);
      for (let j = 0; j < h; j++) {
        const [zAt, gAt, at] = [row * 4 * h + j, row * 5 * h + j, row * h + j];
        const i = sigmoid(z[zAt] + a[j]);
        const f = sigmoid(z[zAt + h] + a[h + j]);
        const g = tanh(z[zAt + 2 * h] + a[2 * h + j]);
        const o = sigmoid(z[zAt + 3 * h] + a[3 * h + j]);
        c[at] = f * cell[j] + i * g;
        const bent = tanh(c[at]);
        s[at] = o * bent;
        gates[gAt] = i;
        gates[gAt + h] = f;
        gates[gAt + 2 * h] = g;
        gates[gAt + 3 * h] = o;
        gates[gAt + 4 * h] = bent;
      }
      state = s.subarray(row * h, (row + 1) * h);
      cell = c.subarray(row * h, (row + 1) * h);
    }
  }
}

/**
 * From the last token to the first, with d = ds_t + e, where e and k come from later tokens:
 *
 *   D    = k + (d·o)·((1 − τ)·(1 + τ)),  τ = tanh(c_t)
 *   dz_i = (D·g)·(i·(1 − i)),            dz_f = (D·c_{t−1})·(f·(1 − f))
 *   dz_g = (D·i)·((1 − g)·(1 + g)),      dz_o = (d·τ)·(o·(1 − o))
 *   e    ← Wᵀ·dz_t,  k ← D·f
 *   dW = Σ dz_t·s_{t−1}ᵀ and db = Σ dz_t over the rows, ascending;  ds0 = Σ_b e, dc0 = Σ_b k
 */
export function lstmBackward(
  { batch, tokens, width: h }: RecurrentSizes,
  inputs: {
    W: Float64Array;
    s0: Float64Array;
    c0: Float64Array;
    gates: Float64Array;
    c: Float64Array;
    s: Float64Array;
    ds: Float64Array;
  },
  outputs: {
    dz: Float64Array;
    dW: Float64Array;
    db: Float64Array;
    ds0: Float64Array;
    dc0: Float64Array;
  },
): void {
  const { W, s0, c0, gates, c, s, ds } = inputs;
  const { dz, dW, db, ds0, dc0 } = outputs;
  const cellsBefore = previousStates(batch, tokens, c0, c);
  const [fromStates, fromCells] = [new Float64Array(h), new Float64Array(h)];
  ds0.fill(0);
  dc0.fill(0);
  for (let sequence = 0; sequence < batch; sequence++) {
    fromStates.fill(0);
    fromCells.fill(0);
    for (let t = tokens - 1; t >= 0; t--) {
      const row = sequence * tokens + t;
      const zRow = row * 4 * h;
      for (let j = 0; j < h; j++) {
        const [gAt, at] = [row * 5 * h + j, row * h + j];
        const [i, f, g] = [gates[gAt], gates[gAt + h], gates[gAt + 2 * h]];
        const [o, bent] = [gates[gAt + 3 * h], gates[gAt + 4 * h]];
        const d = ds[at] + fromStates[j];
        const D = fromCells[j] + d * o * ((1 - bent) * (1 + bent));
        dz[zRow + j] = D * g * (i * (1 - i));
        dz[zRow + h + j] = D * cellsBefore[at] * (f * (1 - f));
        dz[zRow + 2 * h + j] = D * i * ((1 - g) * (1 + g));
        dz[zRow + 3 * h + j] = d * bent * (o * (1 - o));
        fromCells[j] = D * f;
      }
      matmul(dz.subarray(zRow, zRow + 4 * h), W, fromStates, 1, 4 * h, h);
    }
    for (let j = 0; j < h; j++) {
      ds0[j] += fromStates[j];
      dc0[j] += fromCells[j];
    }
  }
  matmulTN(dz, previousStates(batch, tokens, s0, s), dW, 4 * h, batch * tokens, h);
  sumOfRows(dz, db, batch * tokens);
}
