/**
 * How large an update is: beside its matrix, beside what it steers, and how it takes a perturbed base.
 *
 * Ratios of norms, each null where it would divide by 0. Norms are scaled, so none is lost to the square of a
 * tiny or huge entry. Error of a ratio of n and k entries: relative γ_{n+k+8}, barring underflow.
 *
 * @module
 */
import {
  type Matrix,
  NonFiniteError,
  norm,
  type RankOne,
  rankOneNorm,
  requireFinite,
  subtract,
} from '../linalg/index.ts';

/** ‖x‖/‖y‖. */
function over(caller: string, x: number, y: number): number | null {
  if (!(x < Infinity && y < Infinity)) {
    throw new NonFiniteError(
      `${caller}: finite vectors of finite norms are required, got ${x} and ${y}`,
    );
  }
  return y > 0 ? x / y : null;
}

/** ‖ΔW‖_F/‖W‖_F; null for W = 0. @throws NonFiniteError if a norm is not finite. */
export const normRatio = (update: RankOne, W: Matrix): number | null =>
  over('normRatio', rankOneNorm(update), norm(W.data));

/**
 * ‖δ‖/‖a‖, δ = a′ − a: how much of a perturbation of the base reaches the output through ΔW. If the patched
 * run sees a + e, ΔW adds W·δ·(a·e)/‖a‖² (9.4). Large where ‖a‖ is small beside ‖a′‖; null for a = 0.
 *
 * @throws ShapeError if the lengths differ. @throws NonFiniteError if a norm is not finite.
 */
export const robustness = (base: Float64Array, contextual: Float64Array): number | null =>
  over('robustness', norm(subtract(contextual, base)), norm(base));

/**
 * ‖Δb‖/‖out′ − out‖: how much of what the context does to a block is a constant added to its output. Above 1
 * where the network takes part of it back; null where the outputs are equal.
 *
 * @throws ShapeError if the outputs' lengths differ. @throws NonFiniteError if a norm is not finite.
 */
export const steeringShare = (
  shift: Float64Array,
  base: Float64Array,
  contextual: Float64Array,
): number | null => over('steeringShare', norm(shift), norm(subtract(contextual, base)));

/**
 * |ŷ_{i+1} − ŷ_i|, i = 0 … n−1, for the predictions after 0 … n context tokens: what one more token changes
 * where it is read, beside `marginalNorms`, what it changes in W. Each correctly rounded.
 *
 * @throws NonFiniteError if a prediction is NaN or infinite.
 */
export function predictionMarginals(predictions: ArrayLike<number>): Float64Array {
  requireFinite('predictionMarginals', 'the predictions', Float64Array.from(predictions));
  return Float64Array.from({ length: Math.max(0, predictions.length - 1) }, (_, i) =>
    Math.abs(predictions[i + 1] - predictions[i]),
  );
}
