/**
 * The delivered patch, judged without rounding.
 *
 * A patch in doubles is a definite rational matrix. Its residual (W + ΔW)·a − W·a' is formed in
 * BigInt from the very numbers the library returned, and compared with bound 9.2, also formed
 * exactly. No evaluation error hides the error of the patch, or adds to it.
 *
 * @module
 */
import {
  absExact,
  addExact,
  type Dyadic,
  dotExact,
  exact,
  exactVector,
  type Matrix,
  multiplyExact,
  quotientOfExact,
  type RankOne,
  rankOneToMatrix,
  rowOf,
  subtractExact,
} from '../linalg/index.ts';
import { requireSite } from './patch-weight.ts';

/**
 * max_i |((W + X)·a − W·a')_i| / (γ_{d+1}·|W||a| + γ_{4d+4}·|W||δ|)_i, every sum and product exact.
 *
 * For 'factored' X is p·vᵀ, unrounded; for 'dense' W + X is the matrix fl(W + fl(p·vᵀ)). At most 1
 * for a patch that `patchWeight` returned, and 0 where nothing is rounded.
 *
 * Shapes: W m×d, p m entries, the rest d.
 *
 * @throws ShapeError or NonFiniteError if the arguments do not fit or are not finite.
 */
export function exactErrorOverBound(
  W: Matrix,
  base: Float64Array,
  contextual: Float64Array,
  { p, v }: RankOne,
  application: 'factored' | 'dense' = 'factored',
): number {
  requireSite('exactErrorOverBound', W, base, contextual);
  const a = exactVector(base);
  const contextualExact = exactVector(contextual);
  const delta = contextualExact.map((entry, j) => subtractExact(entry, a[j]));
  const onto = dotExact(exactVector(v), a); // v·a, which is 1 up to rounding
  const rounded = application === 'dense' ? rankOneToMatrix({ p, v }) : undefined;
  const absA = a.map(absExact);
  const absDelta = delta.map(absExact);
  let worst = 0;
  for (let i = 0; i < W.rows; i++) {
    const row = rowOf(W, i);
    const w = exactVector(row);
    const target = dotExact(w, contextualExact);
    const value = rounded
      ? dotExact(exactVector(row.map((entry, j) => entry + rounded.data[i * W.cols + j])), a)
      : addExact(dotExact(w, a), multiplyExact(exact(p[i]), onto));
    const off = absExact(subtractExact(value, target));
    const absW = w.map(absExact);
    worst = Math.max(worst, overBound(off, dotExact(absW, absA), dotExact(absW, absDelta), W.cols));
  }
  return worst;
}

/** off/(γ_{d+1}·x + γ_{4d+4}·y), with γ_k = k/(2⁵³ − k). */
function overBound(off: Dyadic, x: Dyadic, y: Dyadic, d: number): number {
  const integer = (n: number): Dyadic => ({ numerator: BigInt(n), exponent: 0 });
  const [k, l] = [d + 1, 4 * d + 4];
  const TWO_TO_53 = 9007199254740992;
  // Multiplied through by (2⁵³ − k)·(2⁵³ − l), so that no division is needed.
  const [restK, restL] = [integer(TWO_TO_53 - k), integer(TWO_TO_53 - l)];
  const bound = addExact(
    multiplyExact(multiplyExact(integer(k), restL), x),
    multiplyExact(multiplyExact(integer(l), restK), y),
  );
  return quotientOfExact(multiplyExact(off, multiplyExact(restK, restL)), bound);
}
