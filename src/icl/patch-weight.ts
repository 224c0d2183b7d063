/**
 * Theorem 1: the rank-one change of a weight matrix that makes up for a change of its input.
 *
 *   paper          here           meaning
 *   W              W              first matrix of the MLP, m×d
 *   A(C∖Y, x)      base, a        what W is applied to without the removed context Y, d
 *   A(C, x)        contextual, a' the same with the full context, d
 *   ΔA(Y)          δ              a' − a
 *   ΔW(Y)          p·vᵀ           the change, m×d of rank one
 *
 * Source: B. Dherin, M. Munn, H. Mazzawi, M. Wunder, J. Gonzalvo, "Learning without training: The
 * implicit dynamics of in-context learning", arXiv:2507.16003v1, Theorem 2.2 and eq. (8).
 *
 * @module
 */
import {
  DegenerateBase,
  type Matrix,
  matrixVector,
  NonFiniteError,
  type RankOne,
  requireFinite,
  requireMatrix,
  requireVector,
  ShapeError,
  subtract,
  vectorPseudoinverse,
} from '../linalg/index.ts';

/**
 * ΔW as its factors (p, v): with it, W sees `base` as it saw `contextual`.
 *
 *   p = W·δ,  v = a/‖a‖²,  δ = a' − a,  ΔW = p·vᵀ
 *   (W + ΔW)·a = W·a + p·(v·a) = W·a + W·(a' − a) = W·a'
 *
 * Of all matrices X with (W + X)·a = W·a' it is the one of least Frobenius norm, ‖W·δ‖/‖a‖
 * (`minimality.ts`). Where a' = a, p is +0 in every bit.
 *
 * Shapes: W is m×d, both vectors have d entries; p has m, v has d.
 *
 * Precondition: a ≠ 0. The paper does not state it. Nothing is added to ‖a‖² to soften it: with
 * ‖a‖² + ε the pre-activation is off by −W·δ·ε/(‖a‖² + ε), for every a.
 *
 * Error: with M = fl(W + fl(p·vᵀ)), |fl(M·a) − W·a'| ≤ γ_{d+1}·|W||a| + γ_{4d+4}·|W||δ| entrywise
 * (`rounding-bounds.ts`); evaluated factored, fl(W·a) + p·(v·a), the same.
 *
 * @throws ShapeError if the lengths do not match W.
 * @throws NonFiniteError if W or a vector has a NaN or an infinity.
 * @throws DegenerateBase if a is zero, or so small or W·δ so large that the patch overflows.
 */
export function patchWeight(W: Matrix, base: Float64Array, contextual: Float64Array): RankOne {
  requireSiteVectors('patchWeight', W, base, contextual);
  if (base.every((entry) => entry === 0)) {
    throw new DegenerateBase(
      'patchWeight: the vector without context must not be zero, because every matrix sends 0 to 0 ' +
        `and no ΔW can move it, got ${base.length} entries of 0`,
    );
  }
  const v = vectorPseudoinverse(base);
  const p = finiteProduct('patchWeight', W, subtract(contextual, base));
  return representable('patchWeight', { p, v });
}

/**
 * The update X = d·sᵀ/‖s‖² of least norm with X·s = d: it moves the output of a linear map at s by d.
 * Theorem 1 is the case d = W·(a' − a), s = a.
 *
 * Shapes: d m entries, s n; p = d has m, v has n. Error: X·s = d·(1 + θ_{3n+1}) in exact arithmetic.
 *
 * @throws NonFiniteError if an entry is NaN or infinite. @throws DegenerateBase if s = 0.
 */
export function patchToTarget(difference: Float64Array, input: Float64Array): RankOne {
  requireFinite('patchToTarget', 'the difference', difference);
  return representable('patchToTarget', { p: difference.slice(), v: vectorPseudoinverse(input) });
}

/**
 * The patch, if all of it is finite.
 *
 * @throws DegenerateBase naming the caller and the first entry that overflowed.
 */
export function representable(caller: string, patch: RankOne): RankOne {
  for (const [name, factor] of Object.entries(patch)) {
    const wrong = factor.findIndex((entry: number) => !Number.isFinite(entry));
    if (wrong >= 0) {
      throw new DegenerateBase(
        `${caller}: the patch must be representable, got ${factor[wrong]} at entry ${wrong} of ${name}`,
      );
    }
  }
  return patch;
}

/**
 * W·x for a finite x.
 *
 * W is not looked through beforehand, which would cost more than the product: an entry that is not finite
 * makes that of the product so, also where it meets a 0.
 *
 * @throws NonFiniteError if W has a NaN or an infinity.
 */
export function finiteProduct(caller: string, W: Matrix, x: Float64Array): Float64Array {
  const product = matrixVector(W, x);
  if (!product.every(Number.isFinite)) requireFinite(caller, 'W', W.data);
  return product;
}

/** Refuses a site whose vectors do not fit W, or one of which, or W, is not finite. */
export function requireSite(
  caller: string,
  W: Matrix,
  base: Float64Array,
  contextual: Float64Array,
): void {
  requireSiteVectors(caller, W, base, contextual);
  requireFinite(caller, 'W', W.data);
}

/** The same but for the entries of W, which `finiteProduct` finds. */
export function requireSiteVectors(
  caller: string,
  W: Matrix,
  base: Float64Array,
  contextual: Float64Array,
): void {
  requireMatrix(caller, 'W', W);
  requireVector(caller, 'the vector without context', base);
  requireVector(caller, 'the vector with context', contextual);
  if (base.length !== W.cols || contextual.length !== W.cols) {
    throw new ShapeError(
      `${caller}: W is ${W.rows}x${W.cols}, so both vectors need ${W.cols} entries, got ` +
        `${base.length} without the context and ${contextual.length} with it`,
    );
  }
  for (const [what, vector] of [
    ['without', base],
    ['with', contextual],
  ] as const) {
    const wrong = vector.findIndex((entry) => !Number.isFinite(entry));
    if (wrong >= 0) {
      throw new NonFiniteError(
        `${caller}: the vector ${what} context must be finite, got ${vector[wrong]} at entry ${wrong}`,
      );
    }
  }
}
