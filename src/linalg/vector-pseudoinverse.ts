/**
 * The pseudoinverse of a vector.
 *
 * @module
 */
import { DegenerateBase, NonFiniteError } from './errors.ts';
import * as kernels from './kernels.ts';
import { scaleToUnit, timesPowerOfTwo } from './powers-of-two.ts';
import { maxAbs } from './products.ts';

/**
 * v = a/‖a‖², the one vector along a with v·a = 1 (the Moore–Penrose pseudoinverse of a column).
 *
 *   e = ⌊log₂ max|a_j|⌋,  s = a·2^−e,  q = Σ s_j² ∈ [1, 4n),  v = (s/q)·2^−e
 *
 * The scaling is by powers of two only, so v(2^k·a) = 2^−k·v(a) bit for bit, and a/‖a‖² is found
 * wherever it is representable: from ‖a‖ about 2⁻¹⁰²⁴ up, where (aᵀa)⁻¹·a fails below 1e-154.
 *
 * Precondition: a ≠ 0. Nothing is added to ‖a‖²; that would make v·a ≠ 1 for every a.
 *
 * Error: v̂_j = v_j·(1 + θ), |θ| ≤ γ_{2n+1}, barring underflow on the way.
 *
 * @throws NonFiniteError if an entry of a is NaN or infinite.
 * @throws DegenerateBase if a is zero, empty, or so small that some v_j is not finite.
 */
export function vectorPseudoinverse(a: Float64Array): Float64Array {
  const largest = maxAbs(a);
  if (!Number.isFinite(largest)) {
    throw new NonFiniteError(`vectorPseudoinverse: the vector must be finite, got ${largest}`);
  }
  if (largest === 0) {
    throw new DegenerateBase(
      `vectorPseudoinverse: the vector must not be zero, got ${a.length} entries of 0`,
    );
  }
  const { scaled, exponent } = scaleToUnit(a);
  const q = kernels.dot(scaled, 0, scaled, 0, a.length);
  const v = scaled.map((s) => timesPowerOfTwo(s / q, -exponent));
  const worst = maxAbs(v);
  if (!Number.isFinite(worst)) {
    throw new DegenerateBase(
      `vectorPseudoinverse: a/‖a‖² must be representable, so ‖a‖ above about 6e-309, got a ` +
        `vector whose largest entry is ${largest}`,
    );
  }
  return v;
}
