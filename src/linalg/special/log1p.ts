/**
 * The natural logarithm of 1 + x, without cancellation near 0.
 *
 * @module
 */
import { logParts, REST } from './log-parts.ts';

/** 2⁻⁵⁴: below it x²/2 is less than half an ulp of x, and −0 and subnormals need no arithmetic. */
const TINY = 5.551115123125783e-17;

/**
 * log(1 + x).
 *
 * 1 + x is kept in two doubles, whose ratio is added to the small terms of the logarithm of the
 * leading one (log-parts.ts). The three conditions are the special values; lanes select.
 *
 * Error: below 0.7 ulp (0.661 measured on 3·10⁷ arguments; the worst place is where 1 + x is just below √½, as for `log`).
 * log1p(±0) = ±0, and log1p(x) = x for |x| < 2⁻⁵⁴.
 *
 * Any double: log1p(−1) = −Infinity, log1p(Infinity) = Infinity; NaN below −1 and for NaN.
 *
 * Source: the sum of two after Knuth (TAOCP 2, 4.2.2).
 */
export function log1p(x: number): number {
  if (Math.abs(x) < TINY) return x;
  if (!(x > -1 && x < Infinity)) return x === -1 ? -Infinity : x > 0 ? x : NaN;
  const sum = 1 + x;
  const part = sum - 1;
  const low = 1 - (sum - part) + (x - part); // sum + low = 1 + x, exactly
  return logParts(sum, low / sum, 0) + REST[0];
}
