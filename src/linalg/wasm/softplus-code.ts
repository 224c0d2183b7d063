/**
 * softplus on a pair: the operations of `../special/softplus.ts` and `../special/log-parts.ts` in
 * their order. The slope, sigmoid, needs the same exponential.
 *
 * @module
 */
import { LN2_HIGH, LN2_LOW } from '../special/exp.ts';
import { LOG_PARTS_CONSTANTS } from '../special/log-parts.ts';
import { SIGMOID_CONSTANTS } from '../special/sigmoid.ts';
import { SOFTPLUS_SERIES } from '../special/softplus.ts';
import { expParts, reduce, scaledDown } from './exp-parts-code.ts';
import { type Activated, horner, type Lines } from './lines.ts';
import { sigmoidParts } from './sigmoid-code.ts';
import { abs, add, and, div, gt, le, lt, mul, neg, pmin, select, sub, type Wide } from './wide.ts';

const { p, splitter, sqrtHalfWord } = LOG_PARTS_CONSTANTS;

/** From here to 2 the logarithm is that of half the argument, plus ln 2. */
const SQRT_TWO = upperWord(sqrtHalfWord + 0x100000);

/** The double of this upper word and a lower one of zeros. */
function upperWord(word: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setInt32(0, word);
  return view.getFloat64(0);
}

/** softplus(x) and its derivative. */
export function softplus(lines: Lines, x: Wide): Activated {
  const { keep, pair } = lines;
  const size = keep(abs(x));
  const bounded = pmin(size, pair(SIGMOID_CONSTANTS.furthest)); // NaN stays NaN
  const reduced = reduce(lines, keep(neg(bounded)));
  const parts = expParts(lines, reduced);
  const negative = keep(lt(x, pair(0)));
  const scaled = scaledDown(lines, reduced.shifted);
  const { q } = sigmoidParts(lines, reduced, parts, negative);
  const slope = keep(select(scaled(q), q, negative));

  const e = keep(scaled(parts.h));
  const eLow = keep(scaled(parts.l));
  const one = pair(1);
  const sum = keep(add(one, e));
  const low = keep(add(sub(e, sub(sum, one)), eLow));
  const log = logOfSum(lines, sum, div(low, sum));
  const near = keep(lt(size, pair(SOFTPLUS_SERIES)));
  const y = keep(select(log.lead, e, near));
  const series = sub(eLow, mul(mul(pair(0.5), e), e));
  const rest = keep(select(log.rest, series, near));

  const positive = keep(and(x, gt(x, pair(0))));
  const total = keep(add(positive, y));
  const part = keep(sub(total, positive));
  const error = add(sub(positive, sub(total, part)), sub(y, part));
  const result = add(total, add(error, rest));
  return { y: select(result, x, lt(x, pair(Infinity))), slope };
}

/** `logParts` of x·(1 + ratio) for 1 ≤ x ≤ 2: its exponent is 0 or 1. */
function logOfSum(lines: Lines, x: Wide, ratio: Wide) {
  const { keep, pair } = lines;
  const upper = keep(le(pair(SQRT_TWO), x));
  const one = pair(1);
  const f = keep(sub(mul(x, sub(one, and(upper, pair(0.5)))), one));
  const s = keep(div(f, add(pair(2), f)));
  const z = keep(mul(s, s));
  const w = keep(mul(z, z));
  const [even, odd] = horner(
    lines,
    w,
    [p[0], p[2], p[4], p[6]].map((value) => () => pair(value)),
    [p[1], p[3], p[5], p[7]].map((value) => () => pair(value)),
  );

  const split = pair(splitter);
  const lead = keep(sub(add(f, split), split));
  const half = pair(0.5);
  const square = keep(mul(half, mul(lead, lead)));
  const squareRest = keep(mul(half, mul(sub(f, lead), add(f, lead))));
  const high = keep(and(upper, pair(LN2_HIGH)));
  const first = keep(add(high, f));
  const firstError = sub(f, sub(first, high));
  const second = keep(sub(first, square));
  const secondError = sub(sub(first, second), square);
  const known = add(add(firstError, secondError), and(upper, pair(LN2_LOW)));
  const errors = keep(add(sub(known, squareRest), ratio));
  const polynomial = add(square, add(squareRest, mul(z, add(even, mul(z, odd)))));
  return { lead: second, rest: keep(add(mul(s, polynomial), errors)) };
}
