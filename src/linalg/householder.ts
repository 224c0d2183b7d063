/**
 * Householder reflections, and the triangularisation of a matrix by them.
 *
 * P = I − β·v·vᵀ with β = 2/vᵀv takes x to ∓‖x‖·e₀ for v = x ± ‖x‖·e₀; the sign is the one of x₀,
 * so that v₀ = x₀ ± ‖x‖ does not cancel. Then vᵀv = 2·‖x‖·|v₀|, and β = 1/(‖x‖·|v₀|).
 *
 * Error. Let x and b have n entries and N = ⌊n/2⌋ + 2, so that a dot product in the two-lane order
 * has terms ⟨N⟩. In the notation of `unit-roundoff.ts`: ‖x‖ is computed as ‖x‖⟨N/2 + 1⟩, v₀ as
 * v₀⟨N/2 + 2⟩, β as β⟨N + 5⟩, hence v_i·(β·vᵀb) termwise as ⟨3N + 11⟩; β·‖v‖² = 2. So the computed
 * P·b is y with ‖y − P·b‖ ≤ u·‖b‖ + 2γ_{3N+12}·‖b‖ ≤ ε·‖b‖,
 *
 *     ε = γ_{3n+37},
 *
 * where P is exactly orthogonal. After r of them the error is at most γ_{r(3n+37)}·‖b‖ (Higham,
 * Accuracy and Stability of Numerical Algorithms, 2nd ed., Lemmas 19.1 to 19.3, with γ̃ worked out).
 * Underflow adds less than n·2⁻¹⁰⁷³ where the largest entry of b is in [1, 2), which 37 has room for.
 *
 * @module
 */
import { type ScaledColumns, scaledColumns, scaleTo, unscaledMatrix } from './columns.ts';
import * as kernels from './kernels.ts';
import type { Matrix } from './matrix.ts';
import { exponentOf, timesPowerOfTwo } from './powers-of-two.ts';

/** Q = P₀·P₁·…·P_{r−1}, not formed. */
export interface Reflections {
  /** The order of Q. */
  readonly size: number;
  /** v_k of P_k = I − β_k·v_k·v_kᵀ from k·size on; its first k entries are 0. */
  readonly vectors: Float64Array;
  /** β_k; 0 stands for P_k = I. */
  readonly betas: Float64Array;
}

/**
 * Makes the reflection for x[from + i], i < n, n ≥ 1: writes v to `v` from `fromV` on, and returns
 * β and the image of x, the number that P·x has in its first place. If x is already a multiple of
 * e₀ then P = I, β = 0.
 */
export function reflectionOf(
  x: Float64Array,
  from: number,
  n: number,
  v: Float64Array,
  fromV: number,
): { beta: number; image: number } {
  let below = 0;
  for (let i = 1; i < n; i++) below = Math.max(below, Math.abs(x[from + i]));
  if (below === 0) {
    v.fill(0, fromV, fromV + n);
    return { beta: 0, image: x[from] };
  }
  const exponent = exponentOf(Math.max(below, Math.abs(x[from])));
  scaleTo(x, from, n, -exponent, v, fromV);
  const length = Math.sqrt(kernels.dot(v, fromV, v, fromV, n)); // from 1 to 2√n
  const image = v[fromV] > 0 ? -length : length;
  v[fromV] -= image;
  return {
    beta: 1 / (length * Math.abs(v[fromV])),
    image: timesPowerOfTwo(image, exponent),
  };
}

/** b ← P_k·b for the `size` numbers of b from `fromB` on; b_i − v_i·(β·(vᵀb)), vᵀb in two lanes. */
export function reflect(q: Reflections, k: number, b: Float64Array, fromB: number): void {
  const beta = q.betas[k];
  if (beta === 0) return;
  const n = q.size - k;
  const fromV = k * q.size + k;
  const w = beta * kernels.dot(q.vectors, fromV, b, fromB + k, n);
  for (let i = 0; i < n; i++) b[fromB + k + i] -= q.vectors[fromV + i] * w;
}

/** What triangularisation leaves behind. */
export interface Triangular {
  readonly Q: Reflections;
  /** r×n, r = min(m, n): upper trapezoidal, zeros below the diagonal. */
  readonly R: Matrix;
  /** Column j of Q·R is column columns[j] of the matrix. */
  readonly columns: Int32Array;
}

/**
 * Q and R with a·Π = Q·R. Before step k `choose` names the column that is exchanged with column k.
 *
 * Shapes: `a` m×n. The working columns are scaled each by its own power of two, so the bound
 * ‖a_j − Q·r_j‖ ≤ γ_{r(3m+37)}·‖a_j‖ holds for each column j, however graded they are.
 *
 * @throws NonFiniteError if an entry of R overflows.
 */
export function triangularise(
  caller: string,
  a: Matrix,
  choose: (k: number, work: ScaledColumns) => number,
): Triangular {
  const { rows: m, cols: n } = a;
  const r = Math.min(m, n);
  const work = scaledColumns(a);
  const columns = Int32Array.from({ length: n }, (_, j) => j);
  const Q: Reflections = {
    size: m,
    vectors: new Float64Array(r * m),
    betas: new Float64Array(r),
  };
  for (let k = 0; k < r; k++) {
    exchange(work, columns, m, k, choose(k, work));
    const { beta, image } = reflectionOf(work.data, k * m + k, m - k, Q.vectors, k * m + k);
    Q.betas[k] = beta;
    work.data[k * m + k] = image;
    work.data.fill(0, k * m + k + 1, (k + 1) * m);
    for (let j = k + 1; j < n; j++) reflect(Q, k, work.data, j * m);
  }
  const full = unscaledMatrix(caller, 'R', m, n, work);
  return { Q, R: { rows: r, cols: n, data: full.data.slice(0, r * n) }, columns };
}

function exchange(work: ScaledColumns, columns: Int32Array, m: number, j: number, k: number): void {
  if (j === k) return;
  const { data, exponents } = work;
  const column = data.slice(j * m, (j + 1) * m);
  data.copyWithin(j * m, k * m, (k + 1) * m);
  data.set(column, k * m);
  [exponents[j], exponents[k]] = [exponents[k], exponents[j]];
  [columns[j], columns[k]] = [columns[k], columns[j]];
}
