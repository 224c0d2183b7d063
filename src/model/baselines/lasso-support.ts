/**
 * Steps of the lasso on the support of w, the set S of its m entries other than 0.
 *
 * While no sign changes, F is quadratic on S with the gradient (G·w − b)/i + α·s, s = sign(w). Each step
 * goes down along a line to the first entry that becomes 0, or to the minimum of the quadratic:
 *
 *   m > i   p = −(the part of s orthogonal to the rows of X_S): X·w stays, Σ|w_j| falls
 *   m ≤ i   p = z − w_S with G_SS·z = b_S − i·α·s, the minimum with these signs
 *
 * Letters as in `lasso.ts`; for i < d the first kind ends the creeping of coordinate descent.
 *
 * @module
 */
import {
  applyQ,
  applyQTransposed,
  cholesky,
  choleskySolve,
  type Matrix,
  matrix,
  NotPositiveDefinite,
  qr,
} from '../../linalg/index.ts';

/**
 * Takes steps, in place, until the minimum on the support is reached. Every other step removes an
 * entry, so there are at most d + 1. None where columns of S with m ≤ i depend on each other.
 *
 * `threshold` is i·α. Trusts shapes, and that all numbers are finite.
 */
export function stepOnSupport(
  X: Matrix,
  gram: Matrix,
  b: Float64Array,
  w: Float64Array,
  threshold: number,
): void {
  for (;;) {
    const S = Array.from(w.keys()).filter((j) => w[j] !== 0);
    if (S.length === 0) return;
    const many = S.length > X.rows;
    const p = many ? flatDirection(X, w, S) : toMinimum(gram, b, w, S, threshold);
    if (p === null || !moveToFirstZero(w, S, p, many ? Infinity : 1)) return;
  }
}

/** −(part of sign(w_S) orthogonal to the rows of X_S); as X_Sᵀ = Q·[R; 0], that is by zeros in Qᵀ·s. */
function flatDirection(X: Matrix, w: Float64Array, S: readonly number[]): Float64Array {
  const { rows: i, cols: d } = X;
  const columns = Float64Array.from({ length: S.length * i }, (_, at) => {
    return X.data[(at % i) * d + S[Math.floor(at / i)]];
  });
  const { Q } = qr(matrix(S.length, i, columns));
  const signs = Float64Array.from(S, (j) => -Math.sign(w[j]));
  const { data } = applyQTransposed(Q, matrix(S.length, 1, signs));
  data.fill(0, 0, i);
  return applyQ(Q, matrix(S.length, 1, data)).data;
}

/** z − w_S, or null where G_SS is not positive definite. */
function toMinimum(
  gram: Matrix,
  b: Float64Array,
  w: Float64Array,
  S: readonly number[],
  threshold: number,
): Float64Array | null {
  const m = S.length;
  const block = Float64Array.from({ length: m * m }, (_, at) => {
    return gram.data[S[Math.floor(at / m)] * gram.cols + S[at % m]];
  });
  const right = Float64Array.from(S, (j) => b[j] - threshold * Math.sign(w[j]));
  try {
    const { data } = choleskySolve(cholesky(matrix(m, m, block)), matrix(m, 1, right));
    return data.map((z, k) => z - w[S[k]]);
  } catch (error) {
    if (error instanceof NotPositiveDefinite) return null;
    throw error;
  }
}

/**
 * w_S ← w_S + t·p with the least t ≤ `limit` at which an entry becomes 0, or t = `limit`. That entry
 * is set to 0 exactly (the first of several). Returns whether there is one.
 */
function moveToFirstZero(
  w: Float64Array,
  S: readonly number[],
  p: Float64Array,
  limit: number,
): boolean {
  let [t, zero] = [limit, -1];
  S.forEach((j, k) => {
    const at = -w[j] / p[k];
    if (at > 0 && at < t) [t, zero] = [at, j];
  });
  if (t === Infinity) return false;
  S.forEach((j, k) => {
    w[j] = j === zero ? 0 : w[j] + t * p[k];
  });
  return zero >= 0;
}
