/**
 * tanh and its derivative on a pair: the operations of `../special/tanh.ts` in their order.
 *
 * Both begin with −2|x|, bounded at −40 for the one and −746 for the other. Here −746 is the bound of
 * both, so that one reduction serves: beyond 20 the value is 1, as it is at 20.
 *
 * The value comes first: its chain is the longer one, and the registers it held are free again.
 *
 * @module
 */
import { EXP_CONSTANTS } from '../special/exp.ts';
import { TANH_CONSTANTS } from '../special/tanh.ts';
import { expm1Parts, expOfReduced, powerOf, reduce, scaledDown } from './exp-parts-code.ts';
import type { Activated, Lines } from './lines.ts';
import { abs, add, and, div, gt, lt, mul, or, pmax, select, sub, type Wide } from './wide.ts';

const { furthest, tiny, veltkamp, split25 } = TANH_CONSTANTS;

/** tanh(x) and its derivative. */
export function tanh(lines: Lines, x: Wide): Activated {
  const { keep, pair } = lines;
  const size = keep(abs(x));
  const argument = keep(pmax(mul(pair(-2), size), pair(EXP_CONSTANTS.lowest))); // NaN stays NaN
  const reduced = reduce(lines, argument);

  const { h, l } = expm1Parts(lines, reduced);
  const power = keep(powerOf(lines, reduced.shifted));
  const m = keep(mul(h, power));
  const mLow = keep(mul(l, power));
  const two = pair(2);
  const d = keep(add(two, m));
  const dLow = keep(add(sub(m, sub(d, two)), mLow));
  const inverse = keep(div(pair(1), d));
  const q = keep(mul(m, inverse));
  const big = keep(mul(q, pair(veltkamp)));
  const qLead = keep(sub(big, sub(big, q)));
  const qRest = keep(sub(q, qLead));
  const split = pair(split25);
  const dLead = keep(sub(add(d, split), split));
  const dRest = keep(sub(d, dLead));
  const partial = sub(sub(m, mul(qLead, dLead)), mul(qLead, dRest));
  const residual = keep(sub(partial, mul(qRest, d)));
  const y = keep(add(q, mul(add(residual, sub(mLow, mul(q, dLow))), inverse)));

  const near = keep(select(size, abs(y), lt(size, pair(tiny))));
  const bounded = keep(select(pair(1), near, gt(size, pair(furthest))));

  const e = keep(scaledDown(lines, reduced.shifted)(expOfReduced(lines, reduced)));
  const sum = keep(add(pair(1), e));
  const slope = keep(div(mul(pair(4), e), mul(sum, sum)));
  return { y: or(bounded, and(x, pair(-0))), slope }; // with the sign of x
}
