/**
 * One-sided Jacobi: makes the columns of a matrix orthogonal by plane rotations from the right.
 *
 * @module
 */
import { lengthOf, scaleTo } from './columns.ts';
import { ConvergenceError } from './factorisation-errors.ts';
import * as kernels from './kernels.ts';
import { exponentOf, timesPowerOfTwo } from './powers-of-two.ts';
import { UNIT_ROUNDOFF } from './unit-roundoff.ts';

/** At most 14 were needed, here or in `symmetricEigen`, in `scripts/stress-factorisations.ts --seed 2`. */
export const MAX_SWEEPS = 40;

/**
 * Columns shorter than 2⁻⁹⁶⁹ = 2⁻¹⁰²²·2⁵³ have entries without 53 digits. They are set to zero, which
 * changes a matrix with entries near 1 by no more than that.
 */
const NEGLIGIBLE = 2.004168360008973e-292;

/** Below 2⁻⁴⁵⁰ a column is scaled up before its dot products, which could underflow. */
const SHORT = 3.4395525670743494e-136;

/** From here on 1 + ζ² is ζ² in doubles, and √(1 + ζ²) + |ζ| is 2|ζ|. */
const STEEP = 268435456; // 2²⁸

/** X·J, J and the lengths of the columns of X·J. */
export interface Orthogonalised {
  /** Column j from j·n on, in decreasing length; zeros where the length is 0. */
  readonly columns: Float64Array;
  readonly lengths: Float64Array;
  /** Column j of J from j·n on. */
  readonly rotation: Float64Array;
  readonly sweeps: number;
}

/**
 * X·J with orthogonal columns, longest first, and the orthogonal J.
 *
 * `x` holds the n columns of n numbers each, one after another, its largest entry about 1. A sweep
 * sorts the columns by length and then visits all pairs p < q by rows, making each orthogonal:
 *
 *   c = x_p·x_q/(‖x_p‖·‖x_q‖),  ζ = (‖x_q‖/‖x_p‖ − ‖x_p‖/‖x_q‖)/2c,
 *   t = ±1/(|ζ| + √(1 + ζ²)),  (x_p, x_q) ← (x_p − t·x_q, t·x_p + x_q)/√(1 + t²)
 *
 * Converged: a sweep that finds |c| ≤ (n + 16)·u for every pair. (A dot product alone may be off by
 * (n/2 + 2)·u, and the two columns of a rotation by 9u each.)
 *
 * Error: x' = X·J + E·J with an exactly orthogonal J, ‖E‖_F ≤ γ_{9(2n−3)S}·‖X‖_F after S sweeps, and
 * Ĵ within γ_{9(2n−3)S} of J row by row. (Rotation: the cosine is ⟨3⟩, the sine ⟨4⟩, so a pair of
 * numbers is off by √2·γ₆ ≤ γ₉ of its length: Higham, 2nd ed., Lemma 19.8. A sweep by rows is
 * equivalent to 2n − 3 stages of disjoint pairs: Lemma 19.9.) Relative to a short column
 * the errors are as small, since the sine is then below ‖x_q‖/‖x_p‖.
 *
 * @throws ConvergenceError if that does not happen in `maxSweeps` sweeps.
 *
 * Source: Demmel and Veselić, SIAM J. Matrix Anal. Appl. 13 (1992); de Rijk, SIAM J. Sci. Stat. Comput. 10
 * (1989), here sorting once a sweep, so that the stages stay disjoint.
 */
export function orthogonalise(
  caller: string,
  x: Float64Array,
  n: number,
  maxSweeps: number = MAX_SWEEPS,
): Orthogonalised {
  const tolerance = (n + 16) * UNIT_ROUNDOFF;
  let columns = x.slice();
  let rotation = new Float64Array(n * n);
  let lengths = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    rotation[j * n + j] = 1;
    measure(columns, j, n, lengths);
  }
  let largest = Infinity;
  for (let sweep = 1; sweep <= maxSweeps; sweep++) {
    const order = Array.from(lengths, (_, j) => j).sort((i, j) => lengths[j] - lengths[i]);
    columns = inOrder(columns, order, n);
    rotation = inOrder(rotation, order, n);
    lengths = Float64Array.from(order, (j) => lengths[j]);
    largest = 0;
    for (let p = 0; p < n - 1; p++) {
      for (let q = p + 1; q < n; q++) {
        if (lengths[p] === 0 || lengths[q] === 0) continue;
        const c = cosine(columns, p, q, n, lengths);
        largest = Math.max(largest, Math.abs(c));
        if (Math.abs(c) <= tolerance) continue;
        const t = tangent((lengths[q] / lengths[p] - lengths[p] / lengths[q]) / (2 * c));
        rotate(columns, p, q, n, t);
        rotate(rotation, p, q, n, t);
        measure(columns, p, n, lengths);
        measure(columns, q, n, lengths);
      }
    }
    if (largest <= tolerance) return { columns, lengths, rotation, sweeps: sweep };
  }
  const what = 'the largest cosine between two columns';
  throw new ConvergenceError(caller, what, maxSweeps, largest, tolerance);
}

/** The smaller root t of t² + 2ζt − 1 = 0: the tangent of an angle of at most 45°. */
export function tangent(zeta: number): number {
  const size = Math.abs(zeta);
  const t = size > STEEP ? 0.5 / size : 1 / (size + Math.sqrt(1 + size * size));
  return zeta < 0 ? -t : t;
}

/** (x_p, x_q) ← (c·x_p − s·x_q, s·x_p + c·x_q), c = 1/√(1 + t²), s = c·t; both of n numbers. */
export function rotate(x: Float64Array, p: number, q: number, n: number, t: number): void {
  const c = 1 / Math.sqrt(1 + t * t);
  const s = c * t;
  for (let i = 0; i < n; i++) {
    const xp = x[p * n + i];
    const xq = x[q * n + i];
    x[p * n + i] = c * xp - s * xq;
    x[q * n + i] = s * xp + c * xq;
  }
}

/** lengths[j] ← ‖x_j‖; a negligible column becomes zero. */
function measure(x: Float64Array, j: number, n: number, lengths: Float64Array): void {
  let length = lengthOf(x, j * n, n);
  if (length < NEGLIGIBLE) {
    x.fill(0, j * n, (j + 1) * n);
    length = 0;
  }
  lengths[j] = length;
}

/** x_p·x_q/(‖x_p‖·‖x_q‖). */
function cosine(x: Float64Array, p: number, q: number, n: number, lengths: Float64Array): number {
  const [ep, eq] = [shortExponent(lengths[p]), shortExponent(lengths[q])];
  if (ep === 0 && eq === 0) {
    return kernels.dot(x, p * n, x, q * n, n) / (lengths[p] * lengths[q]);
  }
  const scaled = new Float64Array(2 * n);
  scaleTo(x, p * n, n, -ep, scaled, 0);
  scaleTo(x, q * n, n, -eq, scaled, n);
  const product = timesPowerOfTwo(lengths[p], -ep) * timesPowerOfTwo(lengths[q], -eq);
  return kernels.dot(scaled, 0, scaled, n, n) / product;
}

/** The power of two to take out of a number of this size: 0 for one that is not short. */
const shortExponent = (size: number): number => (size < SHORT ? exponentOf(size) : 0);

function inOrder(x: Float64Array, order: readonly number[], n: number): Float64Array<ArrayBuffer> {
  const sorted = new Float64Array(n * n);
  order.forEach((from, to) => {
    sorted.set(x.subarray(from * n, (from + 1) * n), to * n);
  });
  return sorted;
}
