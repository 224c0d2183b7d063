/**
 * Enclosures: a midpoint and a radius, so that the exact number lies in [mid − rad, mid + rad].
 *
 * All arithmetic is in ordinary doubles, rounded to nearest. A radius computed with j roundings is
 * too small by at most γ_j of itself and some units of 2⁻¹⁰⁷⁴; `widened(r, k)` is
 * r·(1 + k·2⁻⁵²) + 2k·2⁻¹⁰⁷⁴, and every call of it has k ≥ j + 1, twice what rounding can take. u = 2⁻⁵³.
 *
 * Source: Rump, Fast and parallel interval arithmetic, BIT 39 (1999).
 *
 * @module
 */
import { DomainError, NonFiniteError, ShapeError } from './errors.ts';
import { absExact, addExact, compareExact, type Dyadic, exact, subtractExact } from './exact.ts';
import * as kernels from './kernels.ts';
import { type Matrix, requireFinite } from './matrix.ts';
import { exp } from './special/exp.ts';
import { gamma, UNIT_ROUNDOFF } from './unit-roundoff.ts';

/** All x with |x − mid| ≤ rad. */
export interface Interval {
  readonly mid: number;
  readonly rad: number;
}

/** One interval an entry. */
export interface IntervalVector {
  readonly mid: Float64Array;
  readonly rad: Float64Array;
}

/** One interval an entry; both matrices have one shape. */
export interface IntervalMatrix {
  readonly mid: Matrix;
  readonly rad: Matrix;
}

/**
 * [mid − rad, mid + rad]; a point if rad is left out.
 *
 * @throws NonFiniteError if a number is not finite; DomainError if the radius is negative.
 */
export function interval(mid: number, rad = 0): Interval {
  if (rad < 0) throw new DomainError(`interval: the radius must be at least 0, got ${rad}`);
  return finite('interval', mid, rad);
}

/** The doubles of x as intervals of radius 0. @throws NonFiniteError if one is not finite. */
export function pointVector(x: Float64Array): IntervalVector {
  requireFinite('pointVector', 'x', x);
  return { mid: x.slice(), rad: new Float64Array(x.length) };
}

/** The doubles of W as intervals of radius 0. @throws NonFiniteError if one is not finite. */
export function pointMatrix(W: Matrix): IntervalMatrix {
  const { mid, rad } = pointVector(W.data);
  const { rows, cols } = W;
  return { mid: { rows, cols, data: mid }, rad: { rows, cols, data: rad } };
}

/** Does x lie in the interval? Decided exactly, also for exact dyadic numbers. */
export function contains({ mid, rad }: Interval, x: number | Dyadic): boolean {
  const off = absExact(subtractExact(typeof x === 'number' ? exact(x) : x, exact(mid)));
  return compareExact(off, exact(rad)) <= 0;
}

/** Have the two intervals a point in common? Decided exactly. */
export function intersects(x: Interval, y: Interval): boolean {
  const apart = absExact(subtractExact(exact(x.mid), exact(y.mid)));
  return compareExact(apart, addExact(exact(x.rad), exact(y.rad))) <= 0;
}

/**
 * An enclosure of { x + y }: radius rad_x + rad_y + u·|mid|, widened.
 *
 * @throws NonFiniteError if an argument is not finite or the result overflows; so for all below.
 */
export function addIntervals(x: Interval, y: Interval): Interval {
  const mid = x.mid + y.mid;
  return finite('addIntervals', mid, widened(x.rad + y.rad + UNIT_ROUNDOFF * Math.abs(mid), 4));
}

/** An enclosure of { x − y }, as `addIntervals`; for points a′ and a that is u·|fl(a′ − a)|. */
export function subtractIntervals(x: Interval, y: Interval): Interval {
  const mid = x.mid - y.mid;
  const rad = widened(x.rad + y.rad + UNIT_ROUNDOFF * Math.abs(mid), 4);
  return finite('subtractIntervals', mid, rad);
}

/** An enclosure of { x·y }: radius |x|·rad_y + rad_x·(|y| + rad_y) + u·|mid|, widened. */
export function multiplyIntervals(x: Interval, y: Interval): Interval {
  const mid = x.mid * y.mid;
  const rad =
    Math.abs(x.mid) * y.rad + x.rad * (Math.abs(y.mid) + y.rad) + UNIT_ROUNDOFF * Math.abs(mid);
  return finite('multiplyIntervals', mid, widened(rad, 6));
}

/**
 * An enclosure of { Σ x_i·y_i }, the midpoint summed in two lanes. With n terms the radius is
 *
 *   (1 + (n + 8)·2⁻⁵²)·(γ_n·|x|ᵀ|y| + |x|ᵀ·rad_y + rad_xᵀ·(|y| + rad_y)) + 2(n + 8)·2⁻¹⁰⁷⁴   (0 for n = 0)
 *
 * (Not n·2⁻¹⁰⁷⁴: 3n products may each lose 2⁻¹⁰⁷⁵, and some roundings as much.)
 *
 * @throws ShapeError if the lengths differ.
 */
export function dotInterval(x: IntervalVector, y: IntervalVector): Interval {
  requireVector('dotInterval', x, x.mid.length);
  requireVector('dotInterval', y, x.mid.length);
  return dot('dotInterval', x.mid, x.rad, 0, y);
}

/**
 * An enclosure of { W·x }, one `dotInterval` a row. Shapes: W m×n, x n gives m.
 *
 * @throws ShapeError if the shapes do not fit.
 */
export function matrixVectorInterval(W: IntervalMatrix, x: IntervalVector): IntervalVector {
  const { rows, cols } = W.mid;
  if (W.rad.rows !== rows || W.rad.cols !== cols) {
    throw new ShapeError(
      `matrixVectorInterval: midpoints and radii of W need one shape, got ${rows}x${cols} and ` +
        `${W.rad.rows}x${W.rad.cols}`,
    );
  }
  requireVector('matrixVectorInterval', { mid: W.mid.data, rad: W.rad.data }, rows * cols);
  requireVector('matrixVectorInterval', x, cols);
  const result = { mid: new Float64Array(rows), rad: new Float64Array(rows) };
  for (let i = 0; i < rows; i++) {
    const { mid, rad } = dot('matrixVectorInterval', W.mid.data, W.rad.data, i * cols, x);
    result.mid[i] = mid;
    result.rad[i] = rad;
  }
  return result;
}

/**
 * An enclosure of { exp(x) }: midpoint exp(mid), which is within 2 ulp (`special/exp.ts`: 0.6), radius
 * exp(mid)·(E + 4u), widened, where E ≥ e^rad − 1 (at most 2% more for rad ≤ 1).
 */
export function expInterval(x: Interval): Interval {
  const mid = exp(x.mid);
  const rad =
    mid * (growth(x.rad) + 4 * UNIT_ROUNDOFF) + 4 * Number.MIN_VALUE * (1 + growth(x.rad));
  return finite('expInterval', mid, widened(rad, 16));
}

/**
 * An enclosure of { softmax(x) }, n ≥ 1 scores: midpoints as the kernel `softmax`, radii
 *
 *   p_i·(E_i + S + E_i·S + γ_{n+6}) widened,  E_j ≥ exp(R_j) − 1,  S = Σ_j p_j·E_j,  R_j = rad_j + u·|x_j − max|
 *
 * To first order that is γ_{n+6} + R_i + Σ_j p_j·R_j, which alone is too small for large R_j;
 * and fl(x_j − max) is rounded, which counts as part of R_j.
 *
 * @throws ShapeError if there are no scores.
 */
export function softmaxInterval(x: IntervalVector): IntervalVector {
  const n = x.mid.length;
  if (n === 0) throw new ShapeError('softmaxInterval: at least one score is required, got 0');
  requireVector('softmaxInterval', x, n);
  const mid = new Float64Array(n);
  const largest = kernels.softmax(x.mid, mid, 0, n);
  const grown = x.rad.map((rad, j) =>
    growth(widened(rad + UNIT_ROUNDOFF * Math.abs(x.mid[j] - largest), 4)),
  );
  // p_i may be as large as this: the relative error, and what is lost to underflow.
  const upper = mid.map((p) => p * (1 + 2 * gamma(n + 6)) + 4 * Number.MIN_VALUE);
  const mean = kernels.dot(upper, 0, grown, 0, n);
  const rad = mid.map((p, i) => {
    const relative = grown[i] + mean + grown[i] * mean + 2 * gamma(n + 6);
    return finite('softmaxInterval', p, widened(upper[i] * relative, n + 24)).rad;
  });
  return { mid, rad };
}

/** At least e^r − 1 for r ≥ 0, up to 16 roundings: r + r²/2 + r³/4 up to 1, e^r − 1 beyond. */
function growth(r: number): number {
  return r <= 1 ? r * (1 + r * (0.5 + 0.25 * r)) : exp(r) * (1 + 8 * UNIT_ROUNDOFF) - 1;
}

function dot(
  caller: string,
  mids: Float64Array,
  rads: Float64Array,
  from: number,
  y: IntervalVector,
): Interval {
  const n = y.mid.length;
  if (n === 0) return { mid: 0, rad: 0 };
  const x = mids.subarray(from, from + n).map(Math.abs);
  const yAbs = y.mid.map(Math.abs);
  const yLargest = yAbs.map((entry, i) => entry + y.rad[i]);
  const rad =
    gamma(n) * kernels.dot(x, 0, yAbs, 0, n) +
    kernels.dot(x, 0, y.rad, 0, n) +
    kernels.dot(rads, from, yLargest, 0, n);
  return finite(caller, kernels.dot(mids, from, y.mid, 0, n), widened(rad, n + 8));
}

/** `rad` made larger than k − 1 roundings can have made it too small. */
export const widened = (rad: number, k: number): number =>
  rad * (1 + k * Number.EPSILON) + 2 * k * Number.MIN_VALUE;

/** @throws NonFiniteError */
export function finite(caller: string, mid: number, rad: number): Interval {
  if (!(Number.isFinite(mid) && Number.isFinite(rad))) {
    throw new NonFiniteError(
      `${caller}: midpoint and radius must be finite, got ${mid} and ${rad}`,
    );
  }
  return { mid, rad };
}

function requireVector(caller: string, x: IntervalVector, length: number): void {
  if (x.mid.length !== length || x.rad.length !== length) {
    throw new ShapeError(
      `${caller}: midpoints and radii must be ${length} in number, got ${x.mid.length} and ` +
        `${x.rad.length}`,
    );
  }
  requireFinite(caller, 'a midpoint', x.mid);
  requireFinite(caller, 'a radius', x.rad);
  const negative = x.rad.find((rad) => rad < 0);
  if (negative !== undefined) {
    throw new DomainError(`${caller}: radii must be at least 0, got ${negative}`);
  }
}
