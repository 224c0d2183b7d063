/**
 * multitoken_static: one change of the weights, exact at four positions.
 *
 * @module
 */
import { networkPatch, runNetwork, staticPatch, withStaticPatch } from '../../src/icl/index.ts';
import { matrix, multiply, rowOf } from '../../src/linalg/index.ts';
import { network, prefixed } from '../../src/model/index.ts';
import { type Agreement, byDeviation, type Golden, rowsOf, toMatrix } from '../support/golden.ts';
import { DESCRIBED } from '../support/golden-models.ts';

export const tolerance: typeof byDeviation = byDeviation;

export function read({ inputs, outputs }: Golden, agreement: Agreement): void {
  const X = toMatrix(inputs.X);
  const { keep } = inputs;
  const kept = matrix(keep.length, X.cols);
  keep.forEach((t: number, i: number) => {
    kept.data.set(rowOf(X, t), i * X.cols);
  });
  for (const family of ['preln', 'llama']) {
    const { block, parameters } = DESCRIBED[family](inputs[family]);
    const net = network([block]);
    const { base, contextual } = networkPatch(net, prefixed('blocks.0', parameters), X, keep);
    const targets = keep.map((t: number) => contextual[0][t]);
    const outputsWith = (found: ReturnType<typeof staticPatch>): Float64Array[] => {
      const changed = prefixed('blocks.0', withStaticPatch(parameters, found));
      return runNetwork(net, changed, kept, keep)[0].map(({ output }) => output);
    };
    const both = staticPatch(block, parameters, base[0], targets);
    const expected = outputs[family];
    agreement.close(
      `${family}: ctx_out`,
      targets.map(({ output }: Golden) => output),
      expected.ctx_out,
    );
    agreement.close(`${family}: static`, outputsWith(both), expected.ctx_out);
    agreement.same(`${family}: rank of A`, both.ranks.inputs, keep.length);
    agreement.same(`${family}: rank of H`, both.ranks.outputs, keep.length);
    if (family === 'llama') {
      for (const name of ['Wg', 'Wu']) {
        const shared = multiply(parameters[`mlp.${name}`], toMatrix(expected.Dstar));
        agreement.close(`${name}·D*`, rowsOf(both.weights[name]), rowsOf(shared));
      }
      continue;
    }
    agreement.close('dW1', rowsOf(both.weights['W1']), expected.dW1);
    agreement.close('dW2', rowsOf(both.weights['W2']), expected.dW2);
    const only = staticPatch(block, parameters, base[0], targets, 'w2only');
    agreement.close('dW2_only', rowsOf(only.weights['W2']), expected.dW2_only);
    agreement.close('W2 only: static', outputsWith(only), expected.ctx_out);
  }
}
