/**
 * Both forms of the implicit dynamics as genuine gradient descent, on least squares (Kaczmarz).
 *
 *   form (a)   inputs a, a, …, a        targets W_0·A_1, …, W_0·A_n     `implicit-descent.ts`
 *   form (b)   inputs a_1, a_2, …, a_n  targets t, t, …, t              `changing-base.ts`
 *
 * The trace loss of the papers is linear in W, unbounded below, and its descent a restatement. These
 * objectives have a minimum, and every step lands on it. Source: own; S. Kaczmarz (1937) for the step.
 *
 * @module
 */
import {
  dot,
  type Matrix,
  type RankOne,
  requireFinite,
  requireVector,
  ShapeError,
  subtract,
  vectorPseudoinverse,
} from '../linalg/index.ts';
import { applyFactored } from './factored-sum.ts';
import { representable, requireSite } from './patch-weight.ts';

/** From W_{i−1} to W_i. */
export interface LeastSquaresStep {
  /** ∇l_i(W_{i−1}) = (W_{i−1}·x_i − t_i)·x_iᵀ. */
  readonly gradient: RankOne;
  /** −h_i·∇l_i(W_{i−1}), h_i = 1/‖x_i‖². */
  readonly update: RankOne;
  /** l_i(W_{i−1}), and l_i(W_i), which is 0 up to rounding. */
  readonly lossBefore: number;
  readonly lossAfter: number;
}

/**
 * W_i = W_{i−1} − h_i·∇l_i(W_{i−1}),  l_i(W) = ½‖W·x_i − t_i‖²,  h_i = 1/‖x_i‖², i = 1 … n.
 *
 * W_i is the matrix nearest to W_{i−1} (Frobenius) with W_i·x_i = t_i. With the inputs and targets of form
 * (a) or (b) the steps are those of that form. Where one matrix W* solves all equations, ‖W_i − W*‖
 * never grows: then no product of condition factors is to be feared.
 *
 * Shapes: W m×d, n inputs of d entries, n targets of m. Error: `leastSquaresBound`. It does not
 * accumulate: each step measures what is left of its own equation.
 *
 * @throws DegenerateBase if an input is 0 or an update is not representable.
 * @throws ShapeError or NonFiniteError if lengths differ or an entry is not finite.
 */
export function leastSquaresDescent(
  W: Matrix,
  inputs: readonly Float64Array[],
  targets: readonly Float64Array[],
): LeastSquaresStep[] {
  if (inputs.length !== targets.length) {
    throw new ShapeError(
      `leastSquaresDescent: a target for each input is required, got ${inputs.length} inputs and ` +
        `${targets.length} targets`,
    );
  }
  const updates: RankOne[] = [];
  return inputs.map((x, i): LeastSquaresStep => {
    const t = targets[i];
    requireSite('leastSquaresDescent', W, x, x);
    requireVector('leastSquaresDescent', 'a target', t);
    requireFinite('leastSquaresDescent', 'a target', t);
    const missing = subtract(t, applyFactored(W, updates, x));
    const update = { p: missing, v: vectorPseudoinverse(x) };
    updates.push(representable('leastSquaresDescent', update));
    const left = subtract(t, applyFactored(W, updates, x));
    return {
      gradient: { p: missing.map((entry) => -entry), v: x.slice() },
      update,
      lossBefore: dot(missing, missing) / 2,
      lossAfter: dot(left, left) / 2,
    };
  });
}
