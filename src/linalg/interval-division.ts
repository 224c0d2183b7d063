/**
 * Quotients and square roots of enclosures; see `interval.ts`.
 *
 * @module
 */
import { DomainError } from './errors.ts';
import { finite, type Interval, widened } from './interval.ts';
import { UNIT_ROUNDOFF } from './unit-roundoff.ts';

/**
 * An enclosure of { x/y }, y without 0: radius (rad_x + |mid|·rad_y + 2·2⁻¹⁰⁷⁴)/(|y| − rad_y) + u·|mid|, widened.
 * For x/y − X/Y = ((x − X) − (X/Y)·(y − Y))/y.
 *
 * @throws DomainError if y contains 0; NonFiniteError if the result overflows.
 */
export function divideIntervals(x: Interval, y: Interval): Interval {
  const least = Math.abs(y.mid) - y.rad;
  if (!(least > 0)) {
    throw new DomainError(
      `divideIntervals: a divisor without 0 is required, got ${y.mid} ± ${y.rad}`,
    );
  }
  const mid = x.mid / y.mid;
  const size = Math.abs(mid) + Number.MIN_VALUE;
  const rad = (x.rad + size * y.rad + 2 * Number.MIN_VALUE) / least + UNIT_ROUNDOFF * size;
  return finite('divideIntervals', mid, widened(rad, 16));
}

/**
 * An enclosure of { √x }, x positive: radius rad/√mid + u·√mid, widened, since
 * |√x − √X| = |x − X|/(√x + √X) ≤ |x − X|/√X.
 *
 * @throws DomainError unless all of x is positive.
 */
export function sqrtInterval({ mid: x, rad }: Interval): Interval {
  if (!(x - rad > 0)) {
    throw new DomainError(`sqrtInterval: positive numbers are required, got ${x} ± ${rad}`);
  }
  const mid = Math.sqrt(x);
  return finite('sqrtInterval', mid, widened(rad / mid + UNIT_ROUNDOFF * mid, 8));
}
