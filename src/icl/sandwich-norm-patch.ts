/**
 * What a norm between the feed-forward network and the sum asks of a patch (Gemma, OLMo2).
 *
 * With out = r + s∘n(y), n(y) = y/√(mean(y²) + ε), the sum is contextual if s∘n(y) = goal. A change of
 * y alone cannot do it, since the norm takes away y's length; a change of s alone can, where no n_j is 0.
 *
 * Source: A. Goldwaser et al., arXiv:2511.17864, Theorem 1 and appendix B (component-wise, secular); the scalar form
 * and the hard case are our own.
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
import { representable } from './patch-weight.ts';
import { sphereClosest } from './sphere-closest.ts';

/** How the change is shared between the network's output y and the gain s. */
export type GainMethod = 'scalar' | 'component-wise' | 'secular';

/** The methods by name. */
export const GAIN_METHODS: readonly GainMethod[] = ['scalar', 'component-wise', 'secular'];

/** The output that the network must have, and what is added to the gain. */
export interface NormTarget {
  readonly y: Float64Array;
  readonly gain: Float64Array;
}

/**
 * (y_new, Δs) with (s + Δs)∘n(y_new) = goal.
 *
 *   scalar          ỹ = goal/s, R² = mean(y²), ρ₀² = R²/(R² + ε), c = rms(ỹ)/ρ₀:
 *                   y_new = (ỹ/c)·√(R² + ε), Δs = (c − 1)·s; closed form, exact with ε; the length
 *                   of y is kept. Precondition: s_j ≠ 0 or goal_j = 0.
 *   component-wise  y_new = y, Δs_j = goal_j/n_j(y) − s_j. Precondition: n_j ≠ 0 or goal_j = 0 (Δs_j is
 *                   then 0). Ill conditioned where an n_j is small.
 *   secular         y_new on the sphere of y's length, s∘n(y_new) as near to goal as it can be, and Δs
 *                   takes the rest (`sphere-closest.ts`). Precondition: no ŷ_j is 0, unless goal_j is.
 *
 * Where every entry of y is 0, R = 1 stands for its length; where goal = 0, s + Δs = 0 and y stays.
 *
 * Shapes: all d. ε positive. Error: O(u)·|goal| relative to min|s| (scalar), min|n(y)| (component-wise).
 *
 * @throws DegenerateBase naming the entry that breaks the precondition, or one that overflows.
 * @throws DomainError for another method or an ε that is not positive and finite; ShapeError or
 * NonFiniteError for vectors of different lengths or with a NaN or an infinity.
 */
export function patchThroughNorm(
  method: GainMethod,
  goal: Float64Array,
  y: Float64Array,
  s: Float64Array,
  epsilon: number,
): NormTarget {
  requireTarget(method, goal, y, s, epsilon);
  if (goal.every((entry) => entry === 0)) return { y, gain: s.map((entry) => -entry) };
  const R = y.every((entry) => entry === 0) ? 1 : rootMeanSquare(y);
  const length = norm(Float64Array.of(R, Math.sqrt(epsilon))); // √(R² + ε), also where R² underflows
  if (method === 'component-wise') {
    const gain = goal.map((entry, j) => quotient(method, entry, y[j] / length, j) - s[j]);
    return finite({ y, gain: gain.map((entry, j) => (goal[j] === 0 && y[j] === 0 ? 0 : entry)) });
  }
  const radius = R / length; // ρ₀
  if (method === 'scalar') {
    const unscaled = goal.map((entry, j) => quotient(method, entry, s[j], j)); // ỹ
    const c = rootMeanSquare(unscaled) / radius;
    return finite({
      y: unscaled.map((entry) => (entry / c) * length),
      gain: s.map((entry) => (c - 1) * entry),
    });
  }
  const { point } = sphereClosest(goal, s, radius);
  const gain = goal.map((entry, j) => quotient(method, entry - s[j] * point[j], point[j], j));
  return finite({ y: point.map((entry) => entry * length), gain });
}

function requireTarget(
  method: GainMethod,
  goal: Float64Array,
  y: Float64Array,
  s: Float64Array,
  epsilon: number,
): void {
  if (!GAIN_METHODS.includes(method)) {
    throw new DomainError(
      `patchThroughNorm: the method must be one of ${GAIN_METHODS.join(', ')}, got ${method}`,
    );
  }
  for (const [name, x] of Object.entries({ goal, y, s })) {
    requireVector('patchThroughNorm', name, x);
    if (x.length !== goal.length) {
      throw new ShapeError(
        `patchThroughNorm: goal, y and s need one length, got ${goal.length}, ${y.length} and ${s.length}`,
      );
    }
    requireFinite('patchThroughNorm', name, x);
  }
  if (!(epsilon > 0 && epsilon < Infinity)) {
    throw new DomainError(`patchThroughNorm: ε must be positive and finite, got ${epsilon}`);
  }
}

/** √mean(x²) of an x that is not 0: scaled, and so not 0 where the squares underflow. */
const rootMeanSquare = (x: Float64Array): number =>
  Math.max(norm(x) / Math.sqrt(x.length), Number.MIN_VALUE);

/** The target, if all of it is finite. */
function finite(target: NormTarget): NormTarget {
  representable('patchThroughNorm', { p: target.y, v: target.gain });
  return target;
}

/** a/b, where 0/0 is 0. */
function quotient(method: GainMethod, a: number, b: number, j: number): number {
  if (b !== 0) return a / b;
  if (a === 0) return 0;
  throw new DegenerateBase(
    `patchThroughNorm: ${method} needs a divisor other than 0 wherever the goal is not, got 0 at entry ${j}`,
  );
}
