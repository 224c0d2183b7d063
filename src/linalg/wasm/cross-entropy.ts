/**
 * Cross-entropy and log-sum-exp of long rows on Wasm, with the bits of `../reference/cross-entropy.ts`.
 *
 * The logarithm, one a row, is taken outside.
 *
 * @module
 */
import type * as twins from '../reference/cross-entropy.ts';
import { log } from '../special/log.ts';
import type { Crossover } from './crossover.ts';
import { scale } from './elementwise.ts';
import { arena } from './memory.ts';
import { softmaxKernel } from './softmax.ts';

/**
 * Of 32 logits, in ns an entry: 7.3 in Wasm memory and 9.6 with copies, the twin 14.7; of 4096 4.1, 4.6 and
 * 13.3 (Node 20.20, EPYC, November 2026).
 */
export const CROSS_ENTROPY_CROSSOVER: Crossover = { resident: 32, copied: 32 };

/** Backwards: of 128 logits 1.4, 2.5 and 1.7, of 512 0.7, 0.9 and 2.0, of 16384 0.2, 0.5 and 1.7. */
export const CROSS_ENTROPY_BACKWARD_CROSSOVER: Crossover = { resident: 128, copied: 512 };

/** The largest entry of a row and, if it is finite, Σ exp(x_k − m), with the softmax written to p. */
function normalise(
  x: Float64Array,
  p: Float64Array,
  from: number,
  n: number,
): { readonly m: number; readonly total: number } {
  const { maximum, weights } = softmaxKernel();
  const room = arena();
  const mark = room.used;
  const atX = room.reach(x, from, n);
  const here = room.holds(p);
  const atP = here ? p.byteOffset + 8 * from : room.allocate(n);
  const m = maximum(atX, n);
  let total = NaN;
  if (Number.isFinite(m)) {
    total = weights(m, atX, atP, n);
    if (!here) room.copyOut(atP, p, from, n);
  }
  room.release(mark);
  return { m, total };
}

/** log Σ_k exp(x_k − m) − (x_t − m) of one row; p is its softmax. NaN, and p left alone, if m is not finite. */
export const crossEntropy: typeof twins.crossEntropy = (x, p, from, n, target) => {
  const { m, total } = normalise(x, p, from, n);
  return Number.isFinite(m) ? log(total) - (x[from + target] - m) : NaN;
};

/** dx_k = (p_k − [k = t])·factor of one row. */
export const crossEntropyBackward: typeof twins.crossEntropyBackward = (
  p,
  dx,
  from,
  n,
  target,
  factor,
) => {
  const atTarget = (p[from + target] - 1) * factor;
  scale(factor, p.subarray(from, from + n), dx.subarray(from, from + n));
  dx[from + target] = atTarget;
};

/** m + log Σ_k exp(x_k − m) of one row; p is its softmax. m, and p left alone, if m is not finite. */
export const logSumExp: typeof twins.logSumExp = (x, p, from, n) => {
  const { m, total } = normalise(x, p, from, n);
  return Number.isFinite(m) ? m + log(total) : m;
};
