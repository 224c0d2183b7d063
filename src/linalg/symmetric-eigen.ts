/**
 * Eigenvalues and eigenvectors of a symmetric matrix, by Jacobi's method.
 *
 * @module
 */
import { fromColumns } from './columns.ts';
import { NonFiniteError } from './errors.ts';
import { ConvergenceError, requireSymmetric } from './factorisation-errors.ts';
import type { Matrix } from './matrix.ts';
import { MAX_SWEEPS, rotate, tangent } from './one-sided-jacobi.ts';
import { scaleToUnit, timesPowerOfTwo } from './powers-of-two.ts';
import { norm } from './products.ts';
import { identity } from './qr.ts';
import { UNIT_ROUNDOFF } from './unit-roundoff.ts';

/** A = V·diag(values)·Vᵀ. */
export interface SymmetricEigen {
  /** Ascending. */
  readonly values: Float64Array;
  /** n×n, orthonormal columns; column j belongs to values[j]. */
  readonly V: Matrix;
  /** How many sweeps it took, the last one without a rotation. */
  readonly sweeps: number;
}

/**
 * The eigenvalues of `a` in ascending order, and orthonormal eigenvectors.
 *
 * A sweep visits all pairs p < q by rows and makes a_pq zero by a rotation from both sides:
 *
 *   ζ = (a_qq − a_pp)/2a_pq,  t = ±1/(|ζ| + √(1 + ζ²)),  a_pp −= t·a_pq,  a_qq += t·a_pq
 *
 * Shapes: a is n×n, symmetric to the bit; it is scaled by a power of two. Converged: a sweep that
 * finds |a_pq| ≤ (u/n)·‖a‖_F for every pair; what is left off the diagonal is then dropped.
 *
 * Error, in ‖·‖_F and with S = `sweeps` and j = (2n − 3)·S stages of disjoint rotations:
 *   ‖a − V̂·diag(v̂alues)·V̂ᵀ‖ ≤ (γ_{36j} + (2 + f)·f + u)·(1 + f)²·‖a‖,  f = √n·γ_{9j},   ‖V̂ᵀV̂ − I‖ ≤ (2 + f)·f.
 * (A rotation from one side is off by γ₉, see `one-sided-jacobi.ts`, from both by γ₁₈ with the 2×2
 * block, where t is ⟨6⟩; each entry is met by two rotations of a stage.) Small eigenvalues have
 * this absolute accuracy, not a relative one.
 *
 * @throws ShapeError, NonFiniteError; DomainError naming entries that break the symmetry.
 * @throws ConvergenceError after 40 sweeps.
 *
 * Source: Golub and Van Loan, Matrix Computations, 4th ed., section 8.5; Rutishauser, Numer. Math. 9
 * (1966); Higham (2002), Lemmas 19.8 and 19.9.
 */
export function symmetricEigen(a: Matrix, maxSweeps: number = MAX_SWEEPS): SymmetricEigen {
  requireSymmetric('symmetricEigen', 'a', a);
  const n = a.rows;
  const { scaled: data, exponent } = scaleToUnit(a.data);
  const V = identity(n).data; // eigenvector j from j·n on
  const tolerance = (UNIT_ROUNDOFF / Math.max(n, 1)) * norm(data);
  let largest = Infinity;
  for (let sweep = 1; sweep <= maxSweeps; sweep++) {
    largest = 0;
    for (let p = 0; p < n - 1; p++) {
      for (let q = p + 1; q < n; q++) {
        const apq = data[p * n + q];
        largest = Math.max(largest, Math.abs(apq));
        if (Math.abs(apq) <= tolerance) continue;
        const t = tangent((data[q * n + q] - data[p * n + p]) / (2 * apq));
        rotateBothSides(data, p, q, n, t);
        rotate(V, p, q, n, t);
      }
    }
    if (largest <= tolerance) return sorted(data, V, n, exponent, sweep);
  }
  const what = 'the largest entry off the diagonal';
  throw new ConvergenceError('symmetricEigen', what, maxSweeps, largest, tolerance);
}

/** a ← Gᵀ·a·G for the rotation G that makes a_pq zero; a stays symmetric to the bit. */
function rotateBothSides(a: Float64Array, p: number, q: number, n: number, t: number): void {
  const shift = t * a[p * n + q];
  const [app, aqq] = [a[p * n + p] - shift, a[q * n + q] + shift];
  rotate(a, p, q, n, t);
  for (let i = 0; i < n; i++) {
    a[i * n + p] = a[p * n + i];
    a[i * n + q] = a[q * n + i];
  }
  a[p * n + p] = app;
  a[q * n + q] = aqq;
  a[p * n + q] = 0;
  a[q * n + p] = 0;
}

function sorted(
  a: Float64Array,
  vectors: Float64Array,
  n: number,
  exponent: number,
  sweeps: number,
): SymmetricEigen {
  const order = Array.from({ length: n }, (_, j) => j).sort((i, j) => a[i * n + i] - a[j * n + j]);
  const values = Float64Array.from(order, (j) => timesPowerOfTwo(a[j * n + j], exponent));
  const overflow = values.find((value) => !Number.isFinite(value));
  if (overflow !== undefined) {
    throw new NonFiniteError(`symmetricEigen: eigenvalues must be below 2^1024, got ${overflow}`);
  }
  const columns = new Float64Array(n * n);
  order.forEach((from, to) => {
    columns.set(vectors.subarray(from * n, (from + 1) * n), to * n);
  });
  return { values, V: fromColumns(n, n, columns), sweeps };
}
