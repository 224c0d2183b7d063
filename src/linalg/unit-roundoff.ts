/**
 * The unit roundoff and the constants γ_k that error bounds are written with.
 *
 * Model: fl(x op y) = (x op y)·(1 + δ), |δ| ≤ u = 2⁻⁵³. A product of k such factors or their
 * inverses is written ⟨k⟩ (Stewart's counter: ⟨j⟩·⟨k⟩ = ⟨j + k⟩, 1/⟨k⟩ = ⟨k⟩, √⟨k⟩ = ⟨k/2⟩, a
 * weighted mean of ⟨k⟩s with positive weights is ⟨k⟩), and |⟨k⟩ − 1| ≤ γ_k = k·u/(1 − k·u).
 *
 * Source: Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed. (2002), Lemma 3.1, p. 68.
 *
 * @module
 */
import { DomainError } from './errors.ts';

/** u = 2⁻⁵³: half the distance from 1 to the next double. */
export const UNIT_ROUNDOFF: number = Number.EPSILON / 2;

/**
 * γ_k = k·u/(1 − k·u), k real; relative error 3u.
 *
 * @throws DomainError unless 0 ≤ k and k·u < 1.
 */
export function gamma(k: number): number {
  const ku = k * UNIT_ROUNDOFF;
  if (!(ku >= 0 && ku < 1)) {
    throw new DomainError(`gamma: 0 <= k and k·2^-53 < 1 are required, got k = ${k}`);
  }
  return ku / (1 - ku);
}
