/**
 * attn1_relu_noskip: Theorem 1 for six subsets of a prompt.
 *
 * @module
 */
import {
  absoluteProduct,
  contextPatch,
  patchedProductBound,
  proveContextPatch,
} from '../../src/icl/index.ts';
import { gamma, norm, rankOneNorm, rankOneToMatrix, subtract } from '../../src/linalg/index.ts';
import {
  type Block,
  contextualBlock,
  type Parameters,
  runBlock,
  softmaxAttention,
} from '../../src/model/index.ts';
import {
  type Agreement,
  byDeviation,
  type Golden,
  rowsOf,
  toMatrix,
  toRow,
  toVector,
} from '../support/golden.ts';

/** The block of the file and its parameters. */
export function attn1Block({ attn, W1, b1, W2, b2, act }: Golden): {
  block: Block;
  parameters: Parameters;
} {
  const layer = softmaxAttention({
    tokenWidth: attn.Wq[0].length,
    width: attn.Wo.length,
    heads: attn.heads,
    headWidth: attn.Wq.length / attn.heads,
  });
  return {
    block: contextualBlock({ layer, hidden: W1.length, outputWidth: W2.length, activation: act }),
    parameters: {
      'layer.Wq': toMatrix(attn.Wq),
      'layer.Wk': toMatrix(attn.Wk),
      'layer.Wv': toMatrix(attn.Wv),
      'layer.Wo': toMatrix(attn.Wo),
      'mlp.W1': toMatrix(W1),
      'mlp.b1': toRow(b1),
      'mlp.W2': toMatrix(W2),
      'mlp.b2': toRow(b2),
    },
  };
}

export const tolerance: typeof byDeviation = byDeviation;

export function read({ inputs, outputs }: Golden, agreement: Agreement): void {
  const { block, parameters } = attn1Block(inputs.params);
  const query = toVector(inputs.prompt.query);
  const context = toMatrix(inputs.prompt.context, query.length);
  const W1 = parameters['mlp.W1'];
  const full = runBlock(block, parameters, context, query);
  agreement.close('A_full', full.attention, outputs.A_full);
  agreement.close('T_full', full.output, outputs.T_full);
  agreement.close('prediction', full.output[full.output.length - 1], outputs.prediction);
  agreement.same('subsets', inputs.subsets.length, outputs.subsets.length);
  for (const expected of outputs.subsets) {
    const name = `Y = {${expected.Y}}`;
    const {
      patch: found,
      base,
      contextual,
    } = contextPatch(block, parameters, context, query, { removed: expected.Y });
    const patch = found.weights.W1;
    const [a, delta] = [base.attention, subtract(contextual.attention, base.attention)];
    agreement.close(`${name}: A_base`, a, expected.A_base);
    agreement.close(`${name}: delta`, delta, expected.delta);
    agreement.close(`${name}: norm2`, norm(a) * norm(a), expected.norm2);
    agreement.close(`${name}: u`, patch.p, expected.u);
    agreement.close(`${name}: v`, patch.v, expected.v);
    agreement.close(`${name}: dW`, rowsOf(rankOneToMatrix(patch)), expected.dW);
    agreement.close(`${name}: frob`, rankOneNorm(patch), expected.frob);
    agreement.close(`${name}: T_base_unpatched`, base.output, expected.T_base_unpatched);
    for (const application of ['factored', 'dense'] as const) {
      const proof = proveContextPatch(block, parameters, context, query, {
        removed: expected.Y,
        application,
      });
      agreement.close(
        `${name}: T_patched, ${application}`,
        proof.patched.output,
        expected.T_patched,
      );
      agreement.holds(`${name}: ${application} within its bound`, proof.output.overBound <= 1);
    }
    const d = W1.cols;
    const sum = (x: Float64Array, f: number, y: Float64Array, g: number): Float64Array =>
      x.map((entry, i) => f * entry + g * y[i]);
    const [atA, atDelta] = [absoluteProduct(W1, a), absoluteProduct(W1, delta)];
    const dense = patchedProductBound(W1, a, contextual.attention);
    const atContext = absoluteProduct(W1, contextual.attention);
    for (const [column, bound] of [
      ['dense_vs_exact', dense],
      ['unitfactor_vs_exact', sum(atA, gamma(d + 1), atDelta, gamma(d + 2))],
      ['dense_vs_float_context', sum(dense, 1, atContext, gamma(d))],
    ] as const) {
      agreement.within(`${name}: ${column}`, bound, expected.bounds[column], relative);
    }
  }
}

/** A bound carries no cancellation: 1e-12 of itself. */
const relative = (golden: number): number => 1e-12 * Math.abs(golden);
