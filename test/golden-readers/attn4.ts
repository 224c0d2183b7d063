/**
 * attn4_gelu_noskip: all positions of a block with biases and GELU, and the variants of the update.
 *
 * @module
 */
import { softmaxRows } from '../../src/autograd/index.ts';
import {
  blockPatch,
  headsOf,
  patchBehindRelu,
  patchJointly,
  patchWeight,
  patchWeightedBy,
  runPatched,
} from '../../src/icl/index.ts';
import {
  type Matrix,
  matrix,
  norm,
  rankOneNorm,
  rankOneToMatrix,
  rowMatrix,
  rowOf,
} from '../../src/linalg/index.ts';
import { part } from '../../src/model/index.ts';
import { type Agreement, byDeviation, type Golden, rowsOf, toMatrix } from '../support/golden.ts';
import { goldenBlock, rowsAt, runAtAll } from '../support/golden-blocks.ts';

export const tolerance: typeof byDeviation = byDeviation;

export function read({ inputs, outputs }: Golden, agreement: Agreement): void {
  const { block, parameters } = goldenBlock(inputs.params, 'plain');
  const X = toMatrix(inputs.X);
  const full = runAtAll(block, parameters, X);
  agreement.close(
    'A_all',
    full.map((run) => run.attention),
    outputs.A_all,
  );
  agreement.close(
    'out_all',
    full.map((run) => run.output),
    outputs.out_all,
  );
  const { heads } = inputs.params.attn;
  const last = rowOf(X, X.rows - 1);
  const before = matrix(X.rows - 1, X.cols, X.data.slice(0, X.data.length - X.cols));
  const weights = headsOf({ ...block.layer, heads }, part(parameters, 'layer'), before, last).map(
    ({ scores }) => softmaxRows.forward([rowMatrix(scores)]).value.data,
  );
  agreement.close('weights_last', weights, outputs.weights_last);
  const W1 = parameters['mlp.W1'];
  const b1 = parameters['mlp.b1'].data;
  agreement.same('subsets', inputs.subsets.length, outputs.subsets.length);
  for (const expected of outputs.subsets) {
    const name = `Y = {${expected.Y}}`;
    const kept = rowsAt(X, expected.keep);
    const base = runAtAll(block, parameters, kept);
    agreement.close(
      `${name}: A_base`,
      base.map((run) => run.attention),
      expected.A_base,
    );
    agreement.close(
      `${name}: out_base`,
      base.map((run) => run.output),
      expected.out_base,
    );
    base.forEach((run, i) => {
      const target = full[expected.keep[i]];
      const patch = blockPatch(block, parameters, run, target);
      agreement.close(`${name}: patch ${i} u`, patch.weights.W1.p, expected.patches[i].W1.u);
      agreement.close(`${name}: patch ${i} v`, patch.weights.W1.v, expected.patches[i].W1.v);
      const context = matrix(i, X.cols, kept.data.slice(0, i * X.cols));
      const patched = runPatched(block, parameters, context, rowOf(kept, i), patch);
      agreement.close(`${name}: patched ${i}`, patched.output, outputs.out_all[expected.keep[i]]);
    });
    const a = base[base.length - 1].input;
    const contextual = full[full.length - 1].input;
    const update = patchWeight(W1, a, contextual);
    const dense = (m: Matrix): number[][] => rowsOf(m);
    agreement.close(`${name}: dW_last`, dense(rankOneToMatrix(update)), expected.dW_last);
    agreement.close(`${name}: frob_last`, rankOneNorm(update), expected.frob_last);
    const joint = patchJointly(W1, a, contextual, inputs.lambda);
    const { ridge_bias } = expected;
    agreement.close(`${name}: ridge dW`, dense(rankOneToMatrix(joint.weight)), ridge_bias.dW);
    agreement.close(`${name}: ridge db`, joint.bias, ridge_bias.db);
    const weighted = patchWeightedBy(toMatrix(inputs.second_moment), W1, a, contextual);
    const covariance = dense(rankOneToMatrix(weighted));
    agreement.close(`${name}: covariance_dW`, covariance, expected.covariance_dW);
    const behind = patchBehindRelu(W1, b1, a, contextual);
    agreement.close(`${name}: row_coeff`, behind.p, expected.relu_minimal.row_coeff);
    agreement.close(`${name}: relu frob`, rankOneNorm(behind), expected.relu_minimal.frob);
    agreement.holds(`${name}: never larger`, norm(behind.p) <= norm(update.p));
  }
}
