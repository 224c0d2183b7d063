/**
 * diagnostics: angles between updates, singular values and ranks of their sum, with a base for each token
 * and with one for all.
 *
 * @module
 */
import {
  alignmentMatrix,
  alignmentOfRankOnes,
  entropyRank,
  factoredToMatrix,
  numericalRank,
  patchToTarget,
  patchWeight,
  shiftAlignments,
  stableRank,
  updateSpectrum,
} from '../../src/icl/index.ts';
import { matrix, type RankOne } from '../../src/linalg/index.ts';
import {
  type Agreement,
  byDeviation,
  type Golden,
  rowsOf,
  toMatrix,
  toVector,
} from '../support/golden.ts';

export const tolerance: typeof byDeviation = byDeviation;

export function read({ inputs, outputs }: Golden, agreement: Agreement): void {
  const W = toMatrix(inputs.W);
  const [bases, contextuals] = [inputs.a, inputs.ap].map((all: number[][]) => all.map(toVector));
  const same = bases.map((a: Float64Array, i: number) => patchWeight(W, a, contextuals[i]));
  agreement.close('same position', alignmentMatrix(same), outputs.alignment_same_position);
  compareSpectrum('same position', same, outputs.spectrum_same_position, agreement);

  // The cross-position form: the first base for all.
  const cross = contextuals.map((a: Float64Array) => patchWeight(W, bases[0], a));
  const shifts = cross.map(({ p }: RankOne) => p);
  agreement.close('cross position', alignmentMatrix(cross), outputs.alignment_cross_position);
  agreement.close('shortcut', shiftAlignments(shifts), outputs.alignment_cross_position);
  compareSpectrum('cross position', cross, outputs.spectrum_cross_position, agreement);

  const gradient = { p: toVector(inputs.grad_u), v: toVector(inputs.grad_a) };
  const step = { p: gradient.p.map((entry) => -entry), v: gradient.v };
  const cos = outputs.cos_with_gradient;
  const against = alignmentOfRankOnes(same[0], gradient);
  agreement.close('cos_with_gradient', against, cos);
  agreement.close('against the step', alignmentOfRankOnes(same[0], step), -cos);
  const along = alignmentOfRankOnes(same[0], patchToTarget(gradient.p, gradient.v));
  agreement.close('cos_with_gradient, another length', along, cos);
}

function compareSpectrum(
  name: string,
  updates: readonly RankOne[],
  expected: Golden,
  agreement: Agreement,
): void {
  const [m, d] = [expected.sum.length, expected.sum[0].length];
  agreement.close(`${name}: sum`, rowsOf(factoredToMatrix(matrix(m, d), updates)), expected.sum);
  const spectrum = updateSpectrum(updates);
  agreement.close(`${name}: σ`, spectrum.singularValues, expected.singular_values);
  agreement.close(`${name}: stable rank`, stableRank(spectrum), expected.stable_rank);
  agreement.close(`${name}: entropy rank`, entropyRank(spectrum), expected.entropy_rank);
  agreement.same(`${name}: numerical rank`, numericalRank(spectrum), expected.numerical_rank);
}
