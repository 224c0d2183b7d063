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
import { DegenerateBase, norm, subtract } from '../linalg/index.ts';
import { sphereClosest } from './sphere-closest.ts';

/** How the change is shared between the network's output y and the gain s. */
export type GainMethod = 'scalar' | 'component-wise' | 'secular';

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
 * Where y = 0, R = 1 stands for its length; where goal = 0, s + Δs = 0 and y stays.
 *
 * Shapes: all d. Error: O(u)·|goal| relative to min|s| (scalar), min|n(y)| (component-wise).
 *
 * @throws DegenerateBase naming the entry that breaks the precondition.
 */
export function patchThroughNorm(
  method: GainMethod,
  goal: Float64Array,
  y: Float64Array,
  s: Float64Array,
  epsilon: number,
): NormTarget {
  if (goal.every((entry) => entry === 0)) return { y, gain: s.map((entry) => -entry) };
  const square = meanSquare(y) || 1; // R²
  const length = Math.sqrt(square + epsilon);
  if (method === 'component-wise') {
    const gain = goal.map((entry, j) => quotient(method, entry, y[j] / length, j) - s[j]);
    return { y, gain: gain.map((entry, j) => (goal[j] === 0 && y[j] === 0 ? 0 : entry)) };
  }
  const radius = Math.sqrt(square / (square + epsilon)); // ρ₀
  if (method === 'scalar') {
    const unscaled = goal.map((entry, j) => quotient(method, entry, s[j], j)); // ỹ
    const c = Math.sqrt(meanSquare(unscaled)) / radius;
    return {
      y: unscaled.map((entry) => (entry / c) * length),
      gain: s.map((entry) => (c - 1) * entry),
    };
  }
  const { point } = sphereClosest(goal, s, radius);
  const gain = goal.map((entry, j) => quotient(method, entry - s[j] * point[j], point[j], j));
  return { y: point.map((entry) => entry * length), gain };
}

const meanSquare = (x: Float64Array): number => {
  const size = norm(x);
  return (size / x.length) * size;
};

/** a/b, where 0/0 is 0. */
function quotient(method: GainMethod, a: number, b: number, j: number): number {
  if (b !== 0) return a / b;
  if (a === 0) return 0;
  throw new DegenerateBase(
    `patchThroughNorm: ${method} needs a divisor other than 0 wherever the goal is not, got 0 at entry ${j}`,
  );
}

/** goal = U(y') + (r' − r), of a wiring whose update is a norm of gain s. */
export const normGoal = (contextualSum: Float64Array, residual: Float64Array): Float64Array =>
  subtract(contextualSum, residual);
