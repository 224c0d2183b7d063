/**
 * dynamics: reading a context token by token, form (a).
 *
 * @module
 */
import {
  implicitDescent,
  marginalNorms,
  prefixVectors,
  withoutPositions,
} from '../../src/icl/index.ts';
import { addRankOne, rankOneToMatrix, rowOf } from '../../src/linalg/index.ts';
import { softmaxAttention } from '../../src/model/index.ts';
import { type Agreement, byDeviation, type Golden, rowsOf, toMatrix } from '../support/golden.ts';

export const tolerance: typeof byDeviation = byDeviation;

/** What the file holds beyond this reader. */
export const notCovered: readonly string[] = ['form_b'];

export function read({ inputs, outputs }: Golden, agreement: Agreement): void {
  const { attn } = inputs;
  const layer = softmaxAttention({
    tokenWidth: attn.Wq[0].length,
    width: attn.Wo.length,
    heads: attn.heads,
    headWidth: attn.Wq.length / attn.heads,
  });
  const parameters = {
    Wq: toMatrix(attn.Wq),
    Wk: toMatrix(attn.Wk),
    Wv: toMatrix(attn.Wv),
    Wo: toMatrix(attn.Wo),
  };
  const X = toMatrix(inputs.X);
  const context = withoutPositions(X, [X.rows - 1]);
  const query = rowOf(X, X.rows - 1);
  const W0 = toMatrix(inputs.W0);
  const prefixes = prefixVectors(layer, parameters, context, query);
  const expected = outputs.form_a;
  agreement.close('A', prefixes, expected.A);
  const { stepSize, steps } = implicitDescent(W0, prefixes);
  agreement.close('h', stepSize, expected.h);
  agreement.same('steps', steps.length, expected.steps.length);
  const marginals = marginalNorms(W0, prefixes);
  steps.forEach((step, i) => {
    const golden = expected.steps[i];
    const name = `step ${i}`;
    agreement.same(`${name}: i`, i, golden.i);
    agreement.close(`${name}: Delta`, rowsOf(rankOneToMatrix(step.gradient)), golden.Delta);
    agreement.close(`${name}: W_next`, rowsOf(addRankOne(W0, step.update)), golden.W_next);
    agreement.close(`${name}: L_before`, step.lossBefore, golden.L_before);
    agreement.close(`${name}: L_after`, step.lossAfter, golden.L_after);
    agreement.close(`${name}: marginal`, step.marginalNorm, golden.marginal);
    agreement.close(`${name}: marginalNorms`, marginals[i], golden.marginal);
  });
}
