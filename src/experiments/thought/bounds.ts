/**
 * Fits of figure `thought` over what rounding allows them: at most 1.
 *
 * @module
 */
import { interpolationBound, normalEquations, type RidgeMap, residual } from '../../icl/index.ts';
import { type Matrix, multiplyNT, norm, rowOf } from '../../linalg/index.ts';

/** The largest |M·a_i − t_i| over its bound, for a map of least norm through independent tokens. */
export function overInterpolationBound(inputs: Matrix, targets: Matrix, map: Matrix): number {
  const bound = interpolationBound(inputs, targets, map);
  return residual(multiplyNT(inputs, map).data, targets.data, bound.data).overBound;
}

/** The longest row of what a fit leaves of its normal equations, over its bound. */
export function overNormalBound(inputs: Matrix, targets: Matrix, fit: RidgeMap): number {
  const { residual: left, bound } = normalEquations(inputs, targets, fit);
  const lengths = Float64Array.from(bound, (_, k) => norm(rowOf(left, k)));
  return residual(lengths, new Float64Array(bound.length), bound).overBound;
}
