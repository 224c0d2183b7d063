/**
 * Plain twins of the Elman recurrence and its transpose, for a batch of sequences.
 *
 * Letters: B sequences of T tokens, states of h numbers. Shapes, row-major: inputs z, states s
 * (B·T)×h; weights U h×h ([out, in]); the state before the first token s0, one row, shared.
 * Sizes are trusted, outputs are overwritten.
 *
 * @module
 */
import { tanh } from '../special/tanh.ts';
import { matmul, matmulNT, matmulTN } from './matmul.ts';
import { previousStates } from './previous-states.ts';

/** The sizes above. */
export interface RecurrentSizes {
  readonly batch: number;
  readonly tokens: number;
  readonly width: number;
}

/** s_t = tanh(z_t + U·s_{t−1}); the product has the order of `matmulNT`. */
export function elman(
  { batch, tokens, width }: RecurrentSizes,
  z: Float64Array,
  U: Float64Array,
  s0: Float64Array,
  s: Float64Array,
): void {
  const product = new Float64Array(width);
  for (let b = 0; b < batch; b++) {
    let before = s0;
    for (let t = 0; t < tokens; t++) {
      const at = (b * tokens + t) * width;
      matmulNT(before, U, product, 1, width, width);
      for (let i = 0; i < width; i++) s[at + i] = tanh(z[at + i] + product[i]);
      before = s.subarray(at, at + width);
    }
  }
}

/**
 * From the last token to the first, with c the gradient that comes from later tokens:
 *
 *   dz_t = (ds_t + c)·((1 − s_t)·(1 + s_t)),   c ← Uᵀ·dz_t
 *   dU   = Σ dz_t·s_{t−1}ᵀ over the rows of z, ascending;  ds0 = Σ_b c, b ascending
 */
export function elmanBackward(
  { batch, tokens, width }: RecurrentSizes,
  inputs: { U: Float64Array; s0: Float64Array; s: Float64Array; ds: Float64Array },
  outputs: { dz: Float64Array; dU: Float64Array; ds0: Float64Array },
): void {
  const { U, s0, s, ds } = inputs;
  const { dz, dU, ds0 } = outputs;
  const carry = new Float64Array(width);
  ds0.fill(0);
  for (let b = 0; b < batch; b++) {
    carry.fill(0);
    for (let t = tokens - 1; t >= 0; t--) {
      const at = (b * tokens + t) * width;
      for (let i = 0; i < width; i++) {
        dz[at + i] = (ds[at + i] + carry[i]) * ((1 - s[at + i]) * (1 + s[at + i]));
      }
      matmul(dz.subarray(at, at + width), U, carry, 1, width, width);
    }
    for (let i = 0; i < width; i++) ds0[i] += carry[i];
  }
  const before = previousStates(batch, tokens, s0, s);
  matmulTN(dz, before, dU, width, batch * tokens, width);
}
