/**
 * The natural logarithm, from + − × ÷ and the bits of its argument.
 *
 * `Math.log` may differ from engine to engine in the last bit; this function may not. Its core, in
 * log-parts.ts, has no branch.
 *
 * @module
 */
import { logParts, REST } from './log-parts.ts';

/** 2⁻¹⁰²²; what is smaller is subnormal, its exponent field says nothing about its size. */
const SMALLEST_NORMAL = 2.2250738585072014e-308;

/** 2⁵⁴ makes every positive subnormal number normal, exactly. */
const TWO_TO_54 = 18014398509481984;

/**
 * The natural logarithm of x.
 *
 * With x = 2ᵏ·(1 + f), √½ ≤ 1 + f < √2 (to 20 bits), and s = f / (2 + f):
 * log x = k·ln 2 + f − f²/2 + s·(f²/2 + z·P(z)), z = s². The part k·ln 2 + f − f²/2 is summed with
 * its rounding errors kept (f²/2 is split, as its leading half has an exact square), so that only
 * the last addition rounds at full size.
 *
 * Error: below 0.7 ulp (0.657 measured on 1.5·10⁷ arguments). The worst place is just below √½, where
 * log x is half of ln 2: 1/2 from the last addition, 0.11 from s, z and the factor of s, 0.07 from
 * the product with s and the sum after it. log(1) is exactly +0.
 *
 * Any double, subnormal ones too: log(±0) = −Infinity, log(Infinity) = Infinity; NaN for a
 * negative number and for NaN.
 *
 * Source: the identity log(1 + f) = f − f²/2 + s·(f²/2 + R(z)), as in K. C. Ng's log of fdlibm
 * (Sun Microsystems, 1993); the sum of two after Dekker (1971).
 */
export function log(x: number): number {
  if (x >= SMALLEST_NORMAL && x < Infinity) return logOfNormal(x, 0);
  if (x > 0) return x < Infinity ? logOfNormal(x * TWO_TO_54, -54) : x;
  return x === 0 ? -Infinity : NaN;
}

/** log(x·2ᵉ) for e = `extra` and a positive, finite, normal x. */
function logOfNormal(x: number, extra: number): number {
  return logParts(x, 0, extra) + REST[0];
}
