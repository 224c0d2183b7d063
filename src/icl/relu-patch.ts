/**
 * The smallest update behind a rectifier.
 *
 * Equal pre-activations are more than equal outputs: a unit that is off in both runs may stay
 * anywhere below zero. Asking only for equal hidden values makes the update smaller.
 *
 * @module
 */
import {
  type Matrix,
  matrixVector,
  type RankOne,
  requireFinite,
  ShapeError,
  vectorPseudoinverse,
} from '../linalg/index.ts';
import { representable, requireSite } from './patch-weight.ts';

/**
 * ΔW = c·aᵀ/‖a‖² with relu((W + ΔW)·a + b) = relu(W·a' + b), of least Frobenius norm:
 *
 *   z = W·a + b, z' = W·a' + b
 *   c_i = z'_i − z_i   if z'_i > 0          reach the value
 *       = −z_i         if z'_i ≤ 0 < z_i    come down to the edge
 *       = 0            otherwise            off before and after
 *
 * |c_i| ≤ |z'_i − z_i|, so the norm is never larger than that of `patchWeight`. Row by row c_i is the
 * least shift that gives the same rectified value, and c_i·a/‖a‖² the least row that makes it.
 *
 * Shapes: W m×d, b m, vectors d. Precondition: a ≠ 0. Error: as bound 9.3; a unit brought down to
 * the edge may end a rounding above 0 instead of at it.
 *
 * @throws DegenerateBase if a = 0. @throws ShapeError or NonFiniteError as `patchWeight`.
 */
export function patchBehindRelu(
  W: Matrix,
  bias: Float64Array,
  base: Float64Array,
  contextual: Float64Array,
): RankOne {
  requireSite('patchBehindRelu', W, base, contextual);
  if (bias.length !== W.rows) {
    throw new ShapeError(
      `patchBehindRelu: the bias must have ${W.rows} entries, one a row of W, got ${bias.length}`,
    );
  }
  requireFinite('patchBehindRelu', 'the bias', bias);
  const z = matrixVector(W, base).map((entry, i) => entry + bias[i]);
  const target = matrixVector(W, contextual).map((entry, i) => entry + bias[i]);
  const p = z.map((entry, i) => {
    if (Number.isNaN(target[i])) return NaN; // refused below
    if (target[i] > 0) return target[i] - entry;
    return entry > 0 ? -entry : 0;
  });
  return representable('patchBehindRelu', { p, v: vectorPseudoinverse(base) });
}
