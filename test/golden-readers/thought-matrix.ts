/**
 * thought_matrix: thought vector and thought matrix by every route, at three K and three ridges.
 *
 * @module
 */
import {
  addToRidgeSums,
  firstTokens,
  mapFromRidgeSums,
  noRidgeSums,
  type RidgeRoute,
  thoughtError,
  thoughtMatrix,
  thoughtTransform,
  thoughtVector,
} from '../../src/icl/index.ts';
import { frobeniusNorm, multiply, multiplyNT } from '../../src/linalg/index.ts';
import { type Agreement, byDeviation, type Golden, rowsOf, toMatrix } from '../support/golden.ts';

export const tolerance: typeof byDeviation = byDeviation;

export function read({ inputs, outputs }: Golden, agreement: Agreement): void {
  const W = toMatrix(inputs.W);
  const all = { inputs: toMatrix(inputs.A), differences: toMatrix(inputs.delta) };
  const heldOut = {
    inputs: toMatrix(inputs.A.slice(inputs.test_from)),
    differences: toMatrix(inputs.delta.slice(inputs.test_from)),
  };
  const pairs = inputs.train_sizes.flatMap((K: number) =>
    inputs.rhos.map((rho: number) => [K, rho]),
  );
  agreement.same('number of fits', outputs.fits.length, pairs.length);
  for (const { K, rho: ridge, ...fit } of outputs.fits) {
    const train = firstTokens(all, K);
    const where = `K = ${K}, rho = ${ridge}`;
    agreement.holds(
      where,
      pairs.some(([k, r]: number[]) => k === K && r === ridge),
    );
    agreement.close(`${where}: vector`, thoughtVector(train.differences), fit.thought_vector);
    const routes: RidgeRoute[] = ridge > 0 ? ['qr', 'dual', 'cholesky'] : ['qr', 'cholesky'];
    for (const route of routes) {
      const options = { ridge, route };
      const { map } = thoughtMatrix(W, train.inputs, train.differences, options);
      agreement.close(`${where}, ${route}: matrix`, rowsOf(map), fit.thought_matrix);
      const { map: D } = thoughtTransform(train.inputs, train.differences, options);
      agreement.close(`${where}, ${route}: D*`, rowsOf(D), fit.D_star);
      agreement.close(`${where}, ${route}: W·D*`, rowsOf(multiply(W, D)), fit.thought_matrix);
      agreement.close(`${where}, ${route}: train`, thoughtError(W, map, train), fit.train_mse);
      agreement.close(`${where}, ${route}: test`, thoughtError(W, map, heldOut), fit.test_mse);
      agreement.close(`${where}, ${route}: norm`, frobeniusNorm(map), fit.frob);
    }
    const none = noRidgeSums(W.cols, W.rows);
    const sums = addToRidgeSums(none, train.inputs, multiplyNT(train.differences, W));
    const { map } = mapFromRidgeSums(sums, { ridge });
    agreement.close(`${where}, sums: matrix`, rowsOf(map), fit.thought_matrix);
  }
}
