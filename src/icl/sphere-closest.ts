/**
 * The point of a sphere whose scaled image is closest to a goal: a secular equation.
 *
 * @module
 */
import { DegenerateBase, norm } from '../linalg/index.ts';

export interface SphereClosest {
  /** ŷ, with mean(ŷ²) = ρ². */
  readonly point: Float64Array;
  /** The multiplier: at most min_j s_j². */
  readonly mu: number;
  /** 'hard' where the secular equation has no root. */
  readonly kind: 'interior' | 'hard';
}

/**
 * min ‖s∘ŷ − goal‖ over the ŷ with mean(ŷ²) = ρ².
 *
 *   ŷ_j = goal_j·s_j/(s_j² − μ),  μ < min s_j² the root of f(μ) = mean(ŷ²) − ρ², which is strictly
 *   increasing
 *
 * Hard case: where goal_k·s_k = 0 for every k with the least s_k², f may stay below 0. Then μ = min s_j²,
 * the other coordinates come from the formula, and the missing length goes into the first such k, with
 * the sign of goal_k·s_k, or + where that is 0. As in the trust-region problem (Moré & Sorensen, SIAM J.
 * Sci. Stat. Comput. 4, 1983); arXiv:2511.17864, appendix B, overlooks it.
 *
 * Shapes: goal, s and ŷ d. ρ > 0. Error: μ is found by bisection to the last bit; then ŷ is scaled to
 * the sphere.
 *
 * @throws DegenerateBase if all goal_j·s_j are 0: every direction is as good as any other.
 */
export function sphereClosest(goal: Float64Array, s: Float64Array, rho: number): SphereClosest {
  const numerators = goal.map((entry, j) => entry * s[j]);
  if (numerators.every((entry) => entry === 0)) {
    throw new DegenerateBase(
      'sphereClosest: a goal that the gains can reach is required, got none',
    );
  }
  const squares = s.map((entry) => entry * entry);
  const least = Math.min(...squares);
  const at = (mu: number): Float64Array =>
    numerators.map((entry, j) => (entry === 0 ? 0 : entry / (squares[j] - mu)));
  const size = (mu: number): number => norm(at(mu)) / Math.sqrt(s.length);
  const isLeast = (j: number): boolean => squares[j] === least;
  const hidden = numerators.every((entry, j) => entry === 0 || !isLeast(j));
  if (hidden && !(size(least) > rho)) {
    const point = at(least);
    const k = squares.findIndex((_, j) => isLeast(j));
    const missing = s.length * rho * rho - norm(point) * norm(point);
    point[k] = Math.sqrt(Math.max(0, missing));
    return { point, mu: least, kind: 'hard' };
  }
  let step = Math.max(least, norm(numerators) / rho, Number.MIN_VALUE);
  while (size(least - step) > rho) step *= 2; // size falls to 0 as μ goes to −∞
  let [low, high] = [least - step, least];
  for (let middle = (low + high) / 2; low < middle && middle < high; middle = (low + high) / 2) {
    if (size(middle) > rho) high = middle;
    else low = middle;
  }
  const point = at(low);
  const correction = rho / (norm(point) / Math.sqrt(s.length));
  return { point: point.map((entry) => entry * correction), mu: low, kind: 'interior' };
}
