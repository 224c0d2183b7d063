/**
 * The angle that has a proof: for linear attention ΔW is the gradient step projected on the query.
 *
 *   ΔW(C) = ((ω_1 − ω_0)·x·xᵀ/‖x‖², 0)  on W = (ω_0ᵀ, −1),  so cos(ΔW, ω_1 − ω_0) = |cos∠(ω_1 − ω_0, x)|
 *
 * @module
 */
import {
  alignmentOfRankOnes,
  type Examples,
  gradientStep,
  proveGradientStep,
  squaredErrorStep,
} from '../../icl/index.ts';
import {
  dot,
  gamma,
  norm,
  type RankOne,
  rowOf,
  subtract,
  UNIT_ROUNDOFF,
} from '../../linalg/index.ts';

export interface LinearTask {
  readonly examples: Examples;
  readonly query: Float64Array;
  readonly omega: Float64Array;
  readonly eta: number;
}

export interface LinearTrial {
  /** |cos∠(ω_1 − ω_0, x)|. */
  readonly query: number;
  /** cos(ΔW, ω_1 − ω_0). */
  readonly update: number;
  /** |update − query| over its bound. */
  readonly overBound: number;
  /** Whether ΔW is the projected step as fractions. */
  readonly projected: boolean;
}

/** @throws DegenerateBase if x = 0. */
export function linearTrial(task: LinearTask): LinearTrial {
  const { examples, query, omega, eta } = task;
  const { patch } = gradientStep(examples, query, omega, eta);
  const step = subtract(squaredErrorStep(examples, omega, eta), omega);
  // A step of 0 has no angle: NaN, which fails the check.
  const update = alignmentOfRankOnes(patch, asRow(Float64Array.of(...step, 0))) ?? NaN;
  const cosine = alignmentOfRankOnes(asRow(query), asRow(step)) ?? NaN;
  return {
    query: Math.abs(cosine),
    update,
    overBound: Math.abs(update - Math.abs(cosine)) / cosineBound(task, step),
    projected: proveGradientStep(examples, query, omega, eta).projection === '0',
  };
}

/** xᵀ as an update of one row. */
const asRow = (v: Float64Array): RankOne => ({ p: Float64Array.of(1), v });

/**
 * |cos(p̂·v̂ᵀ, g) − |cos∠(g, x)||, both as computed, for the patch p̂·v̂ᵀ and the step g in doubles:
 *
 *   2γ_{3(d+2)+16} + 2γ_{2d+3} + 2E/(‖g‖‖x‖),  |p̂ − g·x| ≤ E
 *   E = (γ_{n+2d+10} + γ_{n+d+4})·(|ω|·|x| + |η|·Σ_j (|ω|·|x_j| + |t_j|)·(|x_j|·|x|)) + u·|g|·|x|
 *
 * Two cosines are rounded (`alignmentOfRankOnes`); v̂ is x/‖x‖² with an error of θ_{2d+3} an entry; and p̂, of
 * which the cosine reads the sign alone, has another sign than g·x only where |g·x| ≤ E: there the two
 * differ by 2|cos∠(g, x)|. E is the bounds of `gradientStep` and `squaredErrorStep`, and two subtractions.
 */
function cosineBound({ examples, query, omega, eta }: LinearTask, g: Float64Array): number {
  const { rows: n, cols: d } = examples.inputs;
  const [x, start] = [query.map(Math.abs), omega.map(Math.abs)];
  const size = Array.from(examples.labels, Math.abs).reduce(
    (sum, label, j) => {
      const input = rowOf(examples.inputs, j).map(Math.abs);
      return sum + Math.abs(eta) * (dot(start, input) + label) * dot(input, x);
    },
    dot(start, x),
  );
  const E =
    (gamma(n + 2 * d + 10) + gamma(n + d + 4)) * size + UNIT_ROUNDOFF * dot(g.map(Math.abs), x);
  const rounding = gamma(3 * (d + 2) + 16) + gamma(2 * d + 3) + E / (norm(g) * norm(x));
  return 2.02 * rounding; // 1% for the rounding of the bound itself
}
