/**
 * dynamics: reading a context token by token, forms (a) and (b), both also as least squares.
 *
 * @module
 */
import {
  applyFactored,
  attentionMarginals,
  changingBase,
  factoredToMatrix,
  implicitDescent,
  leastSquaresDescent,
  marginalNorms,
  prefixVectors,
  suffixVectors,
  withoutPositions,
} from '../../src/icl/index.ts';
import {
  addRankOne,
  dot,
  type Matrix,
  matrixVector,
  rankOneToMatrix,
  rowOf,
} from '../../src/linalg/index.ts';
import { softmaxAttention } from '../../src/model/index.ts';
import { type Agreement, byDeviation, type Golden, rowsOf, toMatrix } from '../support/golden.ts';

export const tolerance: typeof byDeviation = byDeviation;

export function read({ inputs, outputs }: Golden, agreement: Agreement): void {
  const { attn } = inputs;
  const options = {
    tokenWidth: attn.Wq[0].length,
    width: attn.Wo.length,
    heads: attn.heads,
    headWidth: attn.Wq.length / attn.heads,
  };
  const layer = softmaxAttention(options);
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
  const { data: a } = toMatrix([expected.A[0]]);
  const targets = prefixes.slice(1).map((next) => matrixVector(W0, next));
  leastSquaresDescent(
    W0,
    targets.map(() => a),
    targets,
  ).forEach(({ gradient }, i) => {
    const { Delta } = expected.steps[i];
    agreement.close(`step ${i}: gradient`, rowsOf(rankOneToMatrix(gradient)), Delta);
  });
  attentionMarginals(options, parameters, context, query).forEach(({ predicted }, i) => {
    const marginal = expected.A[i + 1].map((entry: number, c: number) => entry - expected.A[i][c]);
    agreement.close(`marginal ${i}`, predicted, marginal);
  });
  formB(W0, suffixVectors(layer, parameters, context, query), outputs.form_b, agreement);
}

/** A base that changes from step to step. */
function formB(
  W0: Matrix,
  suffixes: readonly Float64Array[],
  expected: Golden,
  agreement: Agreement,
): void {
  agreement.close('form b: a', suffixes, expected.a);
  const { steps, target } = changingBase(W0, suffixes);
  agreement.same('form b: steps', steps.length, expected.steps.length);
  const updates = steps.map(({ update }) => update);
  const honest = leastSquaresDescent(
    W0,
    suffixes.slice(1),
    steps.map(() => target),
  );
  steps.forEach(({ factor, stepSize, base }, i) => {
    const golden = expected.steps[i];
    const name = `form b, step ${golden.i}`;
    agreement.same(`${name}: i`, i + 1, golden.i);
    agreement.close(`${name}: h`, stepSize, golden.h);
    const outer = { p: factor.p, v: base };
    agreement.close(`${name}: A`, rowsOf(rankOneToMatrix(outer)), golden.A);
    agreement.close(`${name}: det`, 1 + dot(factor.p, factor.v), golden.det_factor);
    const done = updates.slice(0, i + 1);
    agreement.close(`${name}: W`, rowsOf(factoredToMatrix(W0, done)), golden.W);
    const kaczmarz = honest.slice(0, i + 1).map(({ update }) => update);
    agreement.close(`${name}: Kaczmarz`, rowsOf(factoredToMatrix(W0, kaczmarz)), golden.W);
    agreement.close(`${name}: at its base`, applyFactored(W0, done, base), target);
  });
  agreement.close('form b: W_n', rowsOf(factoredToMatrix(W0, updates)), expected.W_n);
}
