/**
 * GELU and its derivative on pairs: the operations of `../special/gelu.ts` in their order.
 *
 * The two share all but their last lines. The exponential and erfcx do not wait for each other.
 *
 * @module
 */
import { GELU_CONSTANTS } from '../special/gelu.ts';
import { erfcx } from './erfcx-code.ts';
import { expParts, type Parts, reduce, scaledDown } from './exp-parts-code.ts';
import type { Activated, Lines } from './lines.ts';
import { abs, add, lt, mul, pmax, pmin, select, sub, type Wide } from './wide.ts';

const { furthest, sqrtHalf, density, splitter } = GELU_CONSTANTS;

/** gelu(x) and its derivative. */
export function gelu(lines: Lines, x: Wide): Activated {
  const { keep, pair } = lines;
  const bounded = keep(pmin(abs(x), pair(furthest))); // NaN stays NaN
  const z = keep(mul(bounded, pair(sqrtHalf)));
  const [one, other] = [lines.fork(), lines.fork()];
  const { h, l, shifted } = gaussian(one, bounded);
  const { y: smooth, rest } = erfcx(other, z);
  lines.weave(one, other);

  const scaled = scaledDown(lines, shifted);
  const half = pair(0.5);
  const upper = keep(add(mul(h, smooth), add(mul(l, smooth), mul(h, rest))));
  const g = keep(scaled(mul(mul(half, bounded), upper)));
  const factor = keep(add(sub(mul(half, smooth), mul(bounded, pair(density))), mul(half, rest)));
  const d = keep(scaled(add(mul(h, factor), mul(l, factor))));
  return {
    y: sub(pmax(x, pair(-0)), g), // x − g, and −0 − g, which is −g, for a negative x
    slope: select(d, sub(pair(1), d), lt(x, pair(0))),
  };
}

/** exp(−a²/2), without its factor 2ᵏ. */
function gaussian(lines: Lines, a: Wide): Parts & { readonly shifted: Wide } {
  const { keep, pair } = lines;
  const split = pair(splitter);
  const lead = keep(sub(add(a, split), split));
  const argument = keep(mul(pair(-0.5), mul(lead, lead)));
  const low = keep(mul(pair(0.5), mul(sub(lead, a), add(lead, a))));
  const reduced = reduce(lines, argument, low);
  return { ...expParts(lines, reduced), shifted: reduced.shifted };
}
