/**
 * Plain twins of the cross-entropy of rows of logits with one target each.
 *
 * @module
 */

import { exp } from '../special/exp.ts';
import { log } from '../special/log.ts';
import { maximum, sum } from './reductions.ts';

/**
 * −log softmax(x)_t = log Σ_k e_k − (x_t − m) of one row, with m = max_k x_k and e_k = exp(x_k − m);
 * also p_k = e_k/Σ e. x is read and p written from `from` on, n numbers; `target` is t.
 *
 * The sum has the two-lane order of `reductions.ts`. It is at least 1, so nothing overflows and the
 * logarithm is not negative. Where m or the target's logit is not finite there is no loss: the value
 * is then NaN, or ∞ for a target at −∞.
 */
export function crossEntropy(
  x: Float64Array,
  p: Float64Array,
  from: number,
  n: number,
  target: number,
): number {
  const m = maximum(x, from, n);
  if (!Number.isFinite(m)) return NaN;
  for (let k = 0; k < n; k++) p[from + k] = exp(x[from + k] - m);
  const total = sum(p, from, n);
  for (let k = 0; k < n; k++) p[from + k] /= total;
  return log(total) - (x[from + target] - m);
}

/** dx_k = (p_k − [k = t])·factor: the derivative of that loss, times `factor`. */
export function crossEntropyBackward(
  p: Float64Array,
  dx: Float64Array,
  from: number,
  n: number,
  target: number,
  factor: number,
): void {
  for (let k = 0; k < n; k++)
    dx[from + k] = (k === target ? p[from + k] - 1 : p[from + k]) * factor;
}

/** m + log Σ_k exp(x_k − m) of one row, and p as above. Not finite where m is not. */
export function logSumExp(x: Float64Array, p: Float64Array, from: number, n: number): number {
  const m = maximum(x, from, n);
  if (!Number.isFinite(m)) return m;
  for (let k = 0; k < n; k++) p[from + k] = exp(x[from + k] - m);
  const total = sum(p, from, n);
  for (let k = 0; k < n; k++) p[from + k] /= total;
  return m + log(total);
}
