/**
 * log Σ exp(xᵢ), without overflow.
 *
 * @module
 */
import { exp } from './exp.ts';
import { logParts, REST } from './log-parts.ts';

/**
 * log Σᵢ exp(xᵢ) = m + log Σᵢ exp(xᵢ − m), m = max xᵢ.
 *
 * The sum has the two-lane order of `reference/reductions.ts`: even terms, odd terms, their sum, then
 * the tail. Its largest term is 1, so it is in [1, n]; m is added to the two parts of its logarithm, so
 * that this addition rounds once.
 *
 * Error: |y^ − y| ≤ (⌈n/2⌉ + 4)·u·log′ + 2u·|y| with log′ ≤ 1 (derived: each term is off by 1.2u and
 * u·|xᵢ − m|·exp(xᵢ − m) ≤ u/e of its difference, the sum by ⌈n/2⌉·u, all of it relative to the sum).
 *
 * −Infinity for no entries and when all are −Infinity; a single −Infinity adds nothing. Infinity when
 * an entry is Infinity and none is NaN; NaN when one is NaN.
 */
export function logSumExp(x: Float64Array): number {
  let max = -Infinity;
  for (let i = 0; i < x.length; i++) {
    if (Number.isNaN(x[i])) return NaN;
    if (x[i] > max) max = x[i];
  }
  if (!Number.isFinite(max)) return max;
  const pairs = x.length - (x.length % 2);
  let even = 0;
  let odd = 0;
  for (let i = 0; i < pairs; i += 2) {
    even += exp(x[i] - max);
    odd += exp(x[i + 1] - max);
  }
  let sum = even + odd;
  if (pairs < x.length) sum += exp(x[pairs] - max);
  const y = logParts(sum, 0, 0);
  const total = max + y;
  const part = total - max;
  const error = max - (total - part) + (y - part);
  return total + (error + REST[0]);
}
