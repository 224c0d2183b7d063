/**
 * The core of the exponential functions on a pair: the operations of `../special/exp.ts` and
 * `../special/exp-parts.ts` in their order, so the same bits.
 *
 * `exp`, `expParts` and `expm1Parts` reduce their argument alike. A kernel that needs two of them
 * reduces it once, and shares the rounding errors that all three keep.
 *
 * @module
 */
import { EXP_CONSTANTS, LN2_HIGH, LN2_LOW } from '../special/exp.ts';
import { EXP_PARTS_CONSTANTS } from '../special/exp-parts.ts';
import { type Coefficient, horner, type Lines } from './lines.ts';
import {
  add,
  addIntegers,
  mul,
  pmax,
  shiftLeft,
  shiftRight,
  sub,
  subIntegers,
  type Wide,
} from './wide.ts';

const { log2e, q } = EXP_CONSTANTS;
const { splitter, c } = EXP_PARTS_CONSTANTS;

/** 1.5·2⁵²: the lower bits of ROUNDER + k are those of the integer k. */
export const ROUNDER: number = EXP_CONSTANTS.rounder;

/** Every second coefficient, from number `first` on. */
const everySecond = ({ pair }: Lines, all: readonly number[], first: number): Coefficient[] =>
  all.filter((_, i) => i >= first && (i - first) % 2 === 0).map((value) => () => pair(value));

/** x = k·ln 2 + r + rError, `shifted` being ROUNDER + k and z being r². */
export interface Reduced {
  readonly shifted: Wide;
  readonly r: Wide;
  readonly rError: Wide;
  readonly z: Wide;
}

/** Reduces x, or x + low if there is a low part. Where x is 0, r may have the other sign. */
export function reduce({ keep, pair }: Lines, x: Wide, low?: Wide): Reduced {
  const rounder = pair(ROUNDER);
  const shifted = keep(add(mul(x, pair(log2e)), rounder));
  const k = keep(sub(shifted, rounder));
  const high = keep(sub(x, mul(k, pair(LN2_HIGH))));
  const small = keep(mul(k, pair(LN2_LOW)));
  if (!low) {
    const r = keep(sub(high, small));
    return { shifted, r, rError: keep(sub(sub(high, r), small)), z: keep(mul(r, r)) };
  }
  const rest = keep(sub(low, small));
  const r = keep(add(high, rest));
  return { shifted, r, rError: keep(add(sub(high, r), rest)), z: keep(mul(r, r)) };
}

/** exp(r + rError), rounded: the mantissa of `exp`. */
export function expOfReduced(lines: Lines, reduced: Reduced): Wide {
  const { keep, pair } = lines;
  const { r, rError, z } = reduced;
  const [even, odd] = horner(lines, z, everySecond(lines, q, 2), everySecond(lines, q, 1));
  const one = pair(1);
  const sum = keep(add(one, r));
  const sumError = keep(sub(r, sub(sum, one)));
  const errors = add(mul(rError, sum), sumError);
  const small = add(mul(pair(q[0]), z), add(mul(z, add(mul(r, odd), mul(z, even))), errors));
  return keep(add(sum, small));
}

/** A value in two doubles. */
export interface Parts {
  readonly h: Wide;
  readonly l: Wide;
}

/** exp(r + rError) as `expParts` has it. */
export const expParts = (lines: Lines, reduced: Reduced): Parts =>
  sumOfParts(lines, reduced, undefined);

/** exp(r + rError) − 2⁻ᵏ as `expm1Parts` has it, for −1000 ≤ k ≤ 0. */
export const expm1Parts = (lines: Lines, reduced: Reduced): Parts =>
  sumOfParts(lines, reduced, powerOfMinus(lines, reduced.shifted));

/** The sum of 1, or of 1 − power with power ≥ 1, and r + r²/2 + r³·c(r). */
function sumOfParts(lines: Lines, { r, rError, z }: Reduced, power: Wide | undefined): Parts {
  const { keep, pair } = lines;
  const [odd, even] = horner(lines, z, everySecond(lines, c, 0), everySecond(lines, c, 1));
  const split = pair(splitter);
  const lead = keep(sub(add(r, split), split));
  const half = pair(0.5);
  const square = keep(mul(half, mul(lead, lead)));
  const cubic = keep(mul(z, add(mul(r, odd), mul(z, even))));
  const rest = keep(add(mul(half, mul(sub(r, lead), add(r, lead))), cubic));

  const one = pair(1);
  const minus = power && keep(power);
  const start = minus ? keep(sub(one, minus)) : one;
  const first = keep(add(start, r));
  const firstError = keep(sub(r, sub(first, start)));
  const second = keep(add(first, square));
  const secondError = keep(sub(square, sub(second, first)));
  const errors = minus
    ? add(
        add(mul(rError, add(one, r)), add(firstError, secondError)),
        sub(one, add(start, minus)), // what start is off
      )
    : add(add(mul(rError, first), firstError), secondError);
  const small = keep(add(rest, errors));
  const h = keep(add(second, small));
  return { h, l: keep(add(sub(second, h), small)) };
}

const BIAS = 1023;
const EXPONENT = 52; // the bit where the exponent field begins

/** 2ᵏ, for k that make it a normal number. */
export const powerOf = ({ integer }: Lines, shifted: Wide): Wide =>
  shiftLeft(addIntegers(shifted, integer(BIAS)), EXPONENT);

/** 2⁻ᵏ, likewise. */
const powerOfMinus = ({ pair }: Lines, shifted: Wide): Wide =>
  shiftLeft(subIntegers(pair(ROUNDER + BIAS), shifted), EXPONENT);

/** 2ᵏ, and 2⁻¹⁰⁰⁰ for k that are less: `smallPower`. */
export const smallPower = (lines: Lines, shifted: Wide): Wide =>
  powerOf(lines, pmax(shifted, lines.pair(ROUNDER - 1000)));

type Scaling = (y: Wide) => Wide;

/** 2⁵¹²·2ᵏ is a normal number for k down to −1534. */
const STEP = 512;
const STEP_BACK = 2 ** -512;

/** What multiplies by 2ᵏ for −1534 ≤ k ≤ 0, rounding as `scaled` does: once. |y| < 2⁵¹². */
export function scaledDown({ keep, pair, integer }: Lines, shifted: Wide): Scaling {
  const power = keep(shiftLeft(addIntegers(shifted, integer(BIAS + STEP)), EXPONENT));
  const last = pair(STEP_BACK);
  return (y) => mul(mul(y, power), last);
}

/** What multiplies by 2ᵏ for |k| ≤ 2046, in the two steps of `scaled`. */
export function scaled({ keep, pair }: Lines, shifted: Wide): Scaling {
  const fields = keep(subIntegers(shifted, pair(ROUNDER - 2 * BIAS))); // k + 2·BIAS ≥ 0
  const half = keep(shiftRight(fields, 1));
  const first = keep(shiftLeft(half, EXPONENT));
  const second = keep(shiftLeft(subIntegers(fields, half), EXPONENT));
  return (y) => mul(mul(y, first), second);
}
