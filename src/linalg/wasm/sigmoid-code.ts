/**
 * sigmoid, silu and the tanh form of GELU, with their derivatives, on a pair: the operations of
 * `../special/sigmoid.ts`, `silu.ts` and `gelu-tanh.ts` in their order.
 *
 * Value and derivative begin with exp(−|v|), bounded at −760 for the one and −746 for the other, which
 * makes no difference: from −746 down the exponential of the derivative is 0.
 *
 * @module
 */
import { SIGMOID_CONSTANTS } from '../special/sigmoid.ts';
import {
  expOfReduced,
  expParts,
  type Parts,
  type Reduced,
  reduce,
  scaledDown,
  smallPower,
} from './exp-parts-code.ts';
import type { Activated, Lines } from './lines.ts';
import { abs, add, and, div, lt, mul, neg, pmax, pmin, select, sub, type Wide } from './wide.ts';

const { furthest, split26, split25 } = SIGMOID_CONSTANTS;

/** A quotient, to be multiplied by 2ᵏ where x < 0; e = exp(−|v|) and d = 1 + e. */
interface Quotient {
  readonly q: Wide;
  readonly e: Wide;
  readonly d: Wide;
}

/** `sigmoidParts`, from exp(−|v|) and the lanes in which v < 0. */
export function sigmoidParts(
  lines: Lines,
  { shifted }: Reduced,
  { h, l }: Parts,
  negative: Wide,
): Quotient {
  const { keep, pair } = lines;
  const power = keep(smallPower(lines, shifted));
  const e = keep(mul(h, power));
  const one = pair(1);
  const d = keep(add(one, e));
  const dLow = keep(add(sub(e, sub(d, one)), mul(l, power)));
  const n = keep(select(h, one, negative));
  const nLow = and(l, negative);

  const inverse = keep(div(one, d));
  const first = keep(mul(n, inverse));
  const splitQ = pair(split26);
  const qLead = keep(sub(add(first, splitQ), splitQ));
  const qRest = keep(sub(first, qLead));
  const splitD = pair(split25);
  const dLead = keep(sub(add(d, splitD), splitD));
  const dRest = keep(sub(d, dLead));
  const partial = sub(sub(n, mul(qLead, dLead)), mul(qLead, dRest));
  const residual = keep(sub(partial, mul(qRest, d)));
  const q = keep(add(first, mul(add(residual, sub(nLow, mul(first, dLow))), inverse)));
  return { q, e, d };
}

/** exp(−min(|x|, 760)) as `expParts` has it, and the lanes in which x < 0. */
function powers(lines: Lines, x: Wide) {
  const { keep, pair } = lines;
  const bounded = keep(pmin(abs(x), pair(furthest))); // NaN stays NaN
  const reduced = reduce(lines, keep(neg(bounded)));
  const parts = expParts(lines, reduced);
  const negative = keep(lt(x, pair(0)));
  return { bounded, reduced, parts, negative, scaled: scaledDown(lines, reduced.shifted) };
}

// The value comes first: its chain is the longer one, and the registers it held are free again.

/** sigmoid(x) and its derivative. */
export function sigmoid(lines: Lines, x: Wide): Activated {
  const { keep, pair } = lines;
  const { reduced, parts, scaled, negative } = powers(lines, x);
  const { q } = sigmoidParts(lines, reduced, parts, negative);
  const y = keep(select(scaled(q), q, negative));

  const e = keep(scaled(expOfReduced(lines, reduced)));
  const d = keep(add(pair(1), e));
  return { y, slope: div(e, mul(d, d)) };
}

/** silu(x) and its derivative. */
export function silu(lines: Lines, x: Wide): Activated {
  const { keep, pair } = lines;
  const { bounded, reduced, parts, scaled, negative } = powers(lines, x);
  const { q } = sigmoidParts(lines, reduced, parts, negative);
  const product = keep(mul(pmax(x, pair(-furthest)), q));
  const y = keep(select(scaled(product), product, negative));

  const e = keep(scaled(expOfReduced(lines, reduced)));
  const one = pair(1);
  const d = keep(add(one, e));
  const above = add(d, mul(bounded, e));
  const below = mul(e, add(sub(one, bounded), e));
  return { y, slope: div(select(below, above, negative), mul(d, d)) };
}
