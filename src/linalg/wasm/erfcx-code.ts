/**
 * exp(z²)·erfc(z) on a pair: the operations of `../special/erfcx.ts` in their order, so the same bits.
 *
 * @module
 */
import { ROW, TABLE } from '../special/erfcx.ts';
import { ModuleBuilder } from './assembler.ts';
import { i64x2, v128 } from './instructions.ts';
import { type Coefficient, horner, type Lines } from './lines.ts';
import { tableRange } from './tables.ts';
import { add, and, div, mul, shiftRight, sub, type Wide } from './wide.ts';

/**
 * Bytes from row to row: 2⁷, so that the bits of z + 1 that choose the row need one shift and one mask to
 * be its offset. There are 32 places, as many as five bits name; a row is at those of its z + 1.
 */
const STRIDE = 128;
const PLACES = 32;
const PLACE_OF_FIRST = 28; // five bits of the double 1: the lowest of its exponent, then 00
const SHIFT = 43; // these five bits begin at bit 50: that leaves them at bit 7

const { address: ADDRESS } = tableRange('erfcx');

/** The binary of a module without functions, which puts the rows into memory. */
export function erfcxTableModule(): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  for (let row = 0; row * ROW < TABLE.length; row++) {
    const place = (row + PLACE_OF_FIRST) % PLACES;
    module.table(ADDRESS + place * STRIDE, TABLE.subarray(row * ROW, (row + 1) * ROW));
  }
  return module.bytes();
}

/** erfcx(z), and the rounding error of its last addition. */
export function erfcx(lines: Lines, z: Wide): { readonly y: Wide; readonly rest: Wide } {
  const { keep, pair, integer } = lines;
  // Both lanes have an offset below 32·128 whatever z is, also NaN.
  const bits = shiftRight(add(z, pair(1)), SHIFT);
  const offsets = keep(and(bits, integer((PLACES - 1) * STRIDE)));
  const rows0 = keep(offsets.map((each) => i64x2.lowOf0(each)));
  const rows1 = keep(offsets.map((each) => i64x2.lowOf1(each)));
  const entry = (i: number): Coefficient => {
    const at = ADDRESS + 8 * i;
    return () => rows0.map((row0, n) => v128.loadLane1(rows1[n], v128.loadLane0(row0, at), at));
  };

  const t = keep(div(sub(z, entry(0)()), add(z, pair(3))));
  const s = keep(mul(t, t));
  const [upper, even] = horner(lines, s, [4, 6, 8, 10].map(entry), [3, 5, 7, 9].map(entry));
  const odd = keep(add(mul(s, upper), entry(2)()));
  const change = keep(add(mul(t, odd), mul(s, even)));
  const lead = keep(entry(1)());
  const y = keep(add(lead, change));
  return { y, rest: keep(add(sub(lead, y), change)) };
}
