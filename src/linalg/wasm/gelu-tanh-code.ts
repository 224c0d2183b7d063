/**
 * The tanh form of GELU and its derivative on a pair: the operations of `../special/gelu-tanh.ts` in
 * their order.
 *
 * `cubic` is odd to the bit, so that of |x| serves value and derivative on both sides of 0. Its bound
 * 1024 serves both too: where sigmoid would bound it at 760, the result is x or −0 either way.
 *
 * @module
 */
import { GELU_TANH_CONSTANTS } from '../special/gelu-tanh.ts';
import { expParts, reduce, scaledDown } from './exp-parts-code.ts';
import type { Activated, Lines } from './lines.ts';
import { sigmoidParts } from './sigmoid-code.ts';
import { abs, add, div, lt, mul, neg, pmax, pmin, select, sub, type Wide } from './wide.ts';

const { furthest, linear, linearLow, cubic, cubicSlope, veltkamp, splitter } = GELU_TANH_CONSTANTS;

/** geluTanh(x) and its derivative. */
export function geluTanh(lines: Lines, x: Wide): Activated {
  const { keep, pair } = lines;
  const a = keep(pmin(abs(x), pair(furthest))); // NaN stays NaN
  const big = keep(mul(a, pair(veltkamp)));
  const aLead = keep(sub(big, sub(big, a)));
  const aRest = keep(sub(a, aLead));
  const square = keep(mul(a, a));
  /** `cubic` of the twin. */
  const cubicOf = (coefficient: number): [Wide, Wide] => {
    const term = keep(mul(pair(coefficient), square));
    const line = pair(linear);
    const c = keep(add(line, term));
    const part = keep(sub(c, line));
    const rounded = add(sub(line, sub(c, part)), sub(term, part));
    const cLow = keep(add(rounded, pair(linearLow)));
    const split = pair(splitter);
    const cLead = keep(sub(add(c, split), split));
    const cRest = keep(sub(c, cLead));
    const v = keep(mul(a, c));
    const products = add(sub(mul(aLead, cLead), v), mul(aLead, cRest));
    return [v, keep(add(add(products, mul(aRest, c)), mul(a, cLow)))];
  };
  const [v, vLow] = cubicOf(cubic);
  const reduced = reduce(lines, keep(neg(v)), keep(neg(vLow)));
  const parts = expParts(lines, reduced);
  const negative = keep(lt(x, pair(0)));
  const { q, e, d } = sigmoidParts(lines, reduced, parts, negative);
  const [w, wLow] = cubicOf(cubicSlope);

  const scaled = scaledDown(lines, reduced.shifted);
  const product = keep(mul(pmax(x, pair(-furthest)), q));
  const y = keep(select(scaled(product), product, negative));
  const above = add(d, mul(w, e));
  const below = mul(parts.h, add(sub(pair(1), w), sub(e, wLow)));
  const quotient = keep(div(select(below, above, negative), mul(d, d)));
  return { y, slope: select(scaled(quotient), quotient, negative) };
}
