/**
 * elu(x) + 1 and its derivative on a pair: eˣ with the operations of `../special/exp.ts` up to 0, x + 1
 * above.
 *
 * @module
 */
import { EXP_CONSTANTS } from '../special/exp.ts';
import { expOfReduced, reduce, scaledDown } from './exp-parts-code.ts';
import type { Activated, Lines } from './lines.ts';
import { add, gt, pmax, select, type Wide } from './wide.ts';

/** x + 1 or eˣ, and 1 or eˣ. Above 0 the exponential is computed too, and may be anything. */
export function eluPlusOne(lines: Lines, x: Wide): Activated {
  const { keep, pair } = lines;
  const bounded = keep(pmax(x, pair(EXP_CONSTANTS.lowest))); // NaN stays NaN
  const reduced = reduce(lines, bounded);
  const mantissa = expOfReduced(lines, reduced);
  const e = keep(scaledDown(lines, reduced.shifted)(mantissa));
  const positive = keep(gt(x, pair(0)));
  const one = pair(1);
  return {
    y: select(add(x, one), e, positive),
    slope: select(one, e, positive),
  };
}
