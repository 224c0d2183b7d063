/**
 * Updates that share the change between weight and bias, or put all of it into the bias.
 *
 * On the token itself a change of W and a change of b cannot be told apart. So where Theorem 1 has
 * no answer (a = 0) the bias has one, and in between there is a family.
 *
 * @module
 */
import {
  DegenerateBase,
  DomainError,
  type Matrix,
  type RankOne,
  scaleToUnit,
  subtract,
  timesPowerOfTwo,
} from '../linalg/index.ts';
import { finiteProduct, patchWeight, representable, requireSiteVectors } from './patch-weight.ts';

/** A change of a weight matrix, of its bias, or of both. */
export interface SitePatch {
  readonly weight: RankOne | null;
  readonly bias: Float64Array | null;
}

/**
 * The bias patch Δb = W·δ: exact for every a, zero or not.
 *
 *   W·a + (b + Δb) = W·a' + b
 *
 * Shapes: W m×d, vectors d; Δb m. Error: |Δb̂ − W·δ| ≤ γ_{d+1}·|W||δ| entrywise.
 *
 * @throws ShapeError or NonFiniteError as `patchWeight`.
 */
export function patchBias(W: Matrix, base: Float64Array, contextual: Float64Array): Float64Array {
  requireSiteVectors('patchBias', W, base, contextual);
  const shift = finiteProduct('patchBias', W, subtract(contextual, base));
  return representable('patchBias', { p: shift, v: new Float64Array(0) }).p;
}

/**
 * The joint patch, for any λ > 0 and any a:
 *
 *   ΔW = W·δ·aᵀ/(‖a‖² + λ²),  Δb = λ²·W·δ/(‖a‖² + λ²)
 *
 * It is exact, and of all exact pairs it minimises ‖ΔW‖_F² + ‖Δb‖²/λ²: it is Theorem 1 for the
 * longer input (a, λ) and the wider matrix [W, b/λ]. λ → 0 gives the weight patch, λ → ∞ the bias
 * patch. This is no softening: what the denominator takes from ΔW, Δb gives back.
 *
 * Shapes: as `patchBias`. Error: bound 9.2 with d + 1 in place of d.
 *
 * @throws DomainError unless λ is positive and finite. @throws ShapeError or NonFiniteError as
 * `patchWeight`.
 */
export function patchJointly(
  W: Matrix,
  base: Float64Array,
  contextual: Float64Array,
  lambda: number,
): { readonly weight: RankOne; readonly bias: Float64Array } {
  requireSiteVectors('patchJointly', W, base, contextual);
  if (!(lambda > 0 && lambda < Infinity)) {
    throw new DomainError(`patchJointly: λ must be positive and finite, got ${lambda}`);
  }
  const d = base.length;
  const longer = new Float64Array(d + 1);
  longer.set(base);
  longer[d] = lambda;
  const { scaled, exponent } = scaleToUnit(longer);
  const q = scaled.reduce((sum, entry) => sum + entry * entry, 0);
  const v = Float64Array.from(base, (_, j) => timesPowerOfTwo(scaled[j] / q, -exponent));
  const p = finiteProduct('patchJointly', W, subtract(contextual, base));
  const share = (scaled[d] * scaled[d]) / q; // λ²/(‖a‖² + λ²)
  const weight = representable('patchJointly', { p, v });
  return { weight, bias: p.map((entry) => share * entry) };
}

/**
 * Theorem 1 where it applies, the bias patch where a = 0 and it does not.
 *
 * @throws ShapeError or NonFiniteError as `patchWeight`.
 */
export function patchWeightOrBias(
  W: Matrix,
  base: Float64Array,
  contextual: Float64Array,
): SitePatch {
  try {
    return { weight: patchWeight(W, base, contextual), bias: null };
  } catch (error) {
    if (!(error instanceof DegenerateBase)) throw error;
    return { weight: null, bias: patchBias(W, base, contextual) };
  }
}
