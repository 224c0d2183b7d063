/**
 * Plain twins of the gated recurrent unit and its transpose, for a batch of sequences.
 *
 * Letters: B sequences of T tokens, states of h numbers, gates in PyTorch's order r, u, n (u is called
 * z there). Shapes, row-major: projected inputs z (B·T)×3h; weights W 3h×h ([out, in]), bias b 3h;
 * states s (B·T)×h; the state before the first token s0, one row, shared; gates (B·T)×4h, the
 * blocks r, u, n and m = W_n·s_{t−1} + b_n. Sizes are trusted, outputs are overwritten.
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
 *   r   = sigmoid(z_r + a_r),  u = sigmoid(z_u + a_u),  n = tanh(z_n + r·a_n)
 *   s_t = (1 − u)·n + u·s_{t−1}
 */
export function gru(
  { batch, tokens, width: h }: RecurrentSizes,
  z: Float64Array,
  W: Float64Array,
  b: Float64Array,
  s0: Float64Array,
  gates: Float64Array,
  s: Float64Array,
): void {
  const a = new Float64Array(3 * h);
  for (let sequence = 0; sequence < batch; sequence++) {
    let before = s0;
    for (let t = 0; t < tokens; t++) {
      const row = sequence * tokens + t;
      matmulNT(before, W, a, 1, h, 3 * h);
      addToRows(a, b, a, 1);
      for (let i = 0; i < h; i++) {
        const [zAt, gAt] = [row * 3 * h + i, row * 4 * h + i];
        const r = sigmoid(z[zAt] + a[i]);
        const u = sigmoid(z[zAt + h] + a[h + i]);
        const n = tanh(z[zAt + 2 * h] + r * a[2 * h + i]);
        gates[gAt] = r;
        gates[gAt + h] = u;
        gates[gAt + 2 * h] = n;
        gates[gAt + 3 * h] = a[2 * h + i];
        s[row * h + i] = (1 - u) * n + u * before[i];
      }
      before = s.subarray(row * h, (row + 1) * h);
    }
  }
}

/**
 * From the last token to the first, with d = ds_t + c, c being what comes from later tokens:
 *
 *   dz_n = (d·(1 − u))·((1 − n)·(1 + n)),   dz_u = (d·(s_{t−1} − n))·(u·(1 − u))
 *   dz_r = (dz_n·m)·(r·(1 − r)),            da = (dz_r, dz_u, dz_n·r)
 *   c    ← d·u + Wᵀ·da
 *   dW = Σ da·s_{t−1}ᵀ and db = Σ da over the rows, ascending;  ds0 = Σ_b c, b ascending
 */
export function gruBackward(
  { batch, tokens, width: h }: RecurrentSizes,
  inputs: {
    W: Float64Array;
    s0: Float64Array;
    gates: Float64Array;
    s: Float64Array;
    ds: Float64Array;
  },
  outputs: { dz: Float64Array; dW: Float64Array; db: Float64Array; ds0: Float64Array },
): void {
  const { W, s0, gates, s, ds } = inputs;
  const { dz, dW, db, ds0 } = outputs;
  const before = previousStates(batch, tokens, s0, s);
  const da = new Float64Array(dz.length);
  const carry = new Float64Array(h);
  const product = new Float64Array(h);
  ds0.fill(0);
  for (let sequence = 0; sequence < batch; sequence++) {
    carry.fill(0);
    for (let t = tokens - 1; t >= 0; t--) {
      const row = sequence * tokens + t;
      const zRow = row * 3 * h;
      for (let i = 0; i < h; i++) {
        const gAt = row * 4 * h + i;
        const [r, u] = [gates[gAt], gates[gAt + h]];
        const [n, m] = [gates[gAt + 2 * h], gates[gAt + 3 * h]];
        const d = ds[row * h + i] + carry[i];
        const dn = d * (1 - u) * ((1 - n) * (1 + n));
        const du = d * (before[row * h + i] - n) * (u * (1 - u));
        const dr = dn * m * (r * (1 - r));
        dz[zRow + i] = dr;
        dz[zRow + h + i] = du;
        dz[zRow + 2 * h + i] = dn;
        da[zRow + i] = dr;
        da[zRow + h + i] = du;
        da[zRow + 2 * h + i] = dn * r;
        carry[i] = d * u;
      }
      matmul(da.subarray(zRow, zRow + 3 * h), W, product, 1, 3 * h, h);
      for (let i = 0; i < h; i++) carry[i] += product[i];
    }
    for (let i = 0; i < h; i++) ds0[i] += carry[i];
  }
  matmulTN(da, before, dW, 3 * h, batch * tokens, h);
  sumOfRows(da, db, batch * tokens);
}
