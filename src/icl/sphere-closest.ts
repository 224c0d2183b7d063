/**
 * The point of a sphere whose scaled image is closest to a goal: a secular equation.
 *
 * @module
 */
import {
  DegenerateBase,
  DomainError,
  norm,
  requireFinite,
  requireVector,
  ShapeError,
} from '../linalg/index.ts';

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
 *   ŷ_j = goal_j·s_j/(g_j + τ),  g_j = s_j² − min s², τ = min s² − μ > 0 the root of
 *   f(τ) = mean(ŷ²) − ρ², which is strictly decreasing
 *
 * Hard case: where goal_k·s_k = 0 for every k with the least s_k², f may stay below 0. Then τ = 0, the
 * other coordinates come from the formula, and the missing length goes into the first such k, with
 * the sign of goal_k·s_k, or + where that is 0. As in the trust-region problem (Moré & Sorensen, SIAM J.
 * Sci. Stat. Comput. 4, 1983); arXiv:2511.17864, appendix B, overlooks it.
 *
 * Shapes: goal, s and ŷ d. ρ > 0. Error: near the hard case τ is far below u·min s², where μ has no digits
 * for it; so τ itself is bisected, first by exponents and then to its last bit, and g_j is formed as
 * (|s_j| − min|s|)·(|s_j| + min|s|). Then ŷ is scaled to the sphere.
 *
 * @throws DegenerateBase if all goal_j·s_j are 0: every direction is as good as any other.
 * @throws DomainError unless ρ is positive and finite; ShapeError or NonFiniteError for vectors of different
 * lengths or with a NaN or an infinity.
 */
export function sphereClosest(goal: Float64Array, s: Float64Array, rho: number): SphereClosest {
  requireProblem(goal, s, rho);
  const numerators = goal.map((entry, j) => entry * s[j]);
  requireFinite('sphereClosest', 'goal∘s', numerators);
  if (numerators.every((entry) => entry === 0)) {
    throw new DegenerateBase(
      'sphereClosest: a goal that the gains can reach is required, got none',
    );
  }
  const least = s.reduce((found, entry) => Math.min(found, Math.abs(entry)), Infinity);
  const gaps = s.map((entry) => (Math.abs(entry) - least) * (Math.abs(entry) + least));
  const at = (tau: number): Float64Array =>
    numerators.map((entry, j) => (entry === 0 ? 0 : entry / (gaps[j] + tau)));
  const tooLong = (tau: number): boolean => {
    const point = at(tau);
    return !point.every(Number.isFinite) || norm(point) / Math.sqrt(s.length) > rho;
  };
  if (!tooLong(0)) {
    const point = at(0);
    const k = s.findIndex((entry) => Math.abs(entry) === least);
    const [full, taken] = [Math.sqrt(s.length) * rho, norm(point)];
    const missing = Math.sqrt(Math.max(0, full - taken)) * Math.sqrt(full + taken);
    point[k] = (Math.sign(goal[k]) * Math.sign(s[k]) || 1) * missing;
    return { point, mu: least * least, kind: 'hard' };
  }
  const tau = firstWhereNot(tooLong);
  const point = at(tau);
  const correction = rho / (norm(point) / Math.sqrt(s.length));
  return {
    point: point.map((entry) => entry * correction),
    mu: least * least - tau,
    kind: 'interior',
  };
}

function requireProblem(goal: Float64Array, s: Float64Array, rho: number): void {
  requireVector('sphereClosest', 'the goal', goal);
  requireVector('sphereClosest', 's', s);
  if (goal.length !== s.length) {
    throw new ShapeError(
      `sphereClosest: goal and s need one length, got ${goal.length} and ${s.length}`,
    );
  }
  requireFinite('sphereClosest', 'the goal', goal);
  requireFinite('sphereClosest', 's', s);
  if (!(rho > 0 && rho < Infinity)) {
    throw new DomainError(`sphereClosest: ρ must be positive and finite, got ${rho}`);
  }
}

/** The least positive double for which `holds` does not, where it holds below some number and not above. */
function firstWhereNot(holds: (x: number) => boolean): number {
  let [low, high] = [0, Number.MAX_VALUE];
  for (;;) {
    const from = Math.max(low, Number.MIN_VALUE);
    const middle = high > 2 * from ? Math.sqrt(from) * Math.sqrt(high) : low + (high - low) / 2;
    if (!(low < middle && middle < high)) return high;
    if (holds(middle)) low = middle;
    else high = middle;
  }
}
