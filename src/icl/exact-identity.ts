/**
 * Theorem 1 as an identity of integers.
 *
 * For doubles W, a, a' put N = Σ a_j² and p = W·(a' − a); all are dyadic. (W + p·aᵀ/N)·a = W·a'
 * holds if and only if N·(W·a)_i + Σ_j p_i·a_j·a_j = N·(W·a')_i for every row, which needs no
 * division. It is true of any a ≠ 0, a': checking it checks the theorem and this arithmetic.
 * For what the library delivers in doubles there is `exact-residual.ts`.
 *
 * @module
 */
import {
  addExact,
  DegenerateBase,
  dotExact,
  dyadicToNumber,
  exactVector,
  type Matrix,
  multiplyExact,
  rowOf,
  subtractExact,
  sumExact,
} from '../linalg/index.ts';
import { requireSite } from './patch-weight.ts';

/**
 * max_i |N·(W·a)_i + Σ_j p_i·a_j² − N·(W·a')_i|, formed without rounding: 0 if the theorem holds.
 *
 * @throws DegenerateBase if a = 0. @throws ShapeError or NonFiniteError as `patchWeight`.
 */
export function exactIdentityResidual(
  W: Matrix,
  base: Float64Array,
  contextual: Float64Array,
): number {
  requireSite('exactIdentityResidual', W, base, contextual);
  const a = exactVector(base);
  const withContext = exactVector(contextual);
  const delta = withContext.map((entry, j) => subtractExact(entry, a[j]));
  const N = dotExact(a, a);
  if (N.numerator === 0n) {
    throw new DegenerateBase('exactIdentityResidual: the vector without context must not be 0');
  }
  let worst = 0;
  for (let i = 0; i < W.rows; i++) {
    const w = exactVector(rowOf(W, i));
    const p = dotExact(w, delta);
    const patched = addExact(
      multiplyExact(N, dotExact(w, a)),
      sumExact(a.map((entry) => multiplyExact(multiplyExact(p, entry), entry))),
    );
    const target = multiplyExact(N, dotExact(w, withContext));
    worst = Math.max(worst, Math.abs(dyadicToNumber(subtractExact(patched, target))));
  }
  return worst;
}
