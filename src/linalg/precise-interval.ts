/**
 * Enclosures about double-doubles: a midpoint of 106 bits and a radius, so that what rounding adds to the radius is
 * of the order of 10⁻³² of the midpoint. Slower than `interval.ts` and sharper: what one of them claims, this can check.
 *
 * Each operation on midpoints is off by at most 15u² of its result (`double-double.ts`), plus what is lost where a
 * product underflows: less than 2⁻⁹⁰⁰, in a quotient 2⁻⁹⁰⁰ over the divisor, in a root 2⁻⁹⁰⁰ over the root. Radii are
 * doubles, rounded at most a dozen times and widened for it. u = 2⁻⁵³.
 *
 * @module
 */
import {
  addDoubleDouble,
  type DoubleDouble,
  divideDoubleDouble,
  multiplyDoubleDouble,
  sqrtDoubleDouble,
  toDoubleDouble,
} from './double-double.ts';
import { DomainError } from './errors.ts';
import { powerOfTwo } from './powers-of-two.ts';
import { UNIT_ROUNDOFF } from './unit-roundoff.ts';

/** All x with |x − mid| ≤ rad. */
export interface PreciseInterval {
  readonly mid: DoubleDouble;
  readonly rad: number;
}

export const preciseInterval = (x: number, rad = 0): PreciseInterval => ({
  mid: toDoubleDouble(x),
  rad,
});

const STEP = 16 * UNIT_ROUNDOFF * UNIT_ROUNDOFF;
const UNDERFLOW = powerOfTwo(-900);

/** At least |mid|. */
const sizeOf = ({ hi, lo }: DoubleDouble): number =>
  (Math.abs(hi) + Math.abs(lo)) * (1 + 2 * Number.EPSILON);

/** The midpoint with a radius for what its arguments and its own rounding leave open. */
const enclosed = (mid: DoubleDouble, rad: number): PreciseInterval => ({
  mid,
  rad: (rad + STEP * sizeOf(mid)) * (1 + 32 * Number.EPSILON),
});

/** { x + y }. @throws NonFiniteError on overflow; so for all below. */
export const addPrecise = (x: PreciseInterval, y: PreciseInterval): PreciseInterval =>
  enclosed(addDoubleDouble(x.mid, y.mid), x.rad + y.rad);

/** { x − y } */
export const subtractPrecise = (x: PreciseInterval, y: PreciseInterval): PreciseInterval =>
  addPrecise(x, { mid: { hi: -y.mid.hi, lo: -y.mid.lo }, rad: y.rad });

/** { x·y }: |x|·rad_y + rad_x·(|y| + rad_y), and rounding. */
export const multiplyPrecise = (x: PreciseInterval, y: PreciseInterval): PreciseInterval =>
  enclosed(
    multiplyDoubleDouble(x.mid, y.mid),
    sizeOf(x.mid) * y.rad + x.rad * (sizeOf(y.mid) + y.rad) + UNDERFLOW,
  );

/** { x/y }: (rad_x + |mid|·rad_y)/(|y| − rad_y), and rounding. @throws DomainError if y contains 0. */
export function dividePrecise(x: PreciseInterval, y: PreciseInterval): PreciseInterval {
  const least = Math.abs(y.mid.hi) * (1 - 2 * Number.EPSILON) - y.rad;
  if (!(least > 0)) {
    throw new DomainError(
      `dividePrecise: a divisor without 0 is required, got ${y.mid.hi} ± ${y.rad}`,
    );
  }
  const mid = divideDoubleDouble(x.mid, y.mid);
  const size = sizeOf(mid) * (1 + STEP) + UNDERFLOW;
  const off = (x.rad + size * y.rad + UNDERFLOW) / least;
  return enclosed(mid, off * (1 + 8 * Number.EPSILON) + UNDERFLOW);
}

/** { √x }: rad/√mid, and rounding. @throws DomainError unless all of x is positive. */
export function sqrtPrecise({ mid: x, rad }: PreciseInterval): PreciseInterval {
  if (!(x.hi * (1 - 2 * Number.EPSILON) - rad > 0)) {
    throw new DomainError(`sqrtPrecise: positive numbers are required, got ${x.hi} ± ${rad}`);
  }
  const mid = sqrtDoubleDouble(x);
  return enclosed(mid, ((rad + UNDERFLOW) / mid.hi) * (1 + 8 * Number.EPSILON));
}

/** At least the largest |x|. */
export const magnitudePrecise = ({ mid, rad }: PreciseInterval): number =>
  (sizeOf(mid) + rad) * (1 + 2 * Number.EPSILON);
