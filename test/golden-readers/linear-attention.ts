/**
 * linear_attention: the factorised patch, one layer as one gradient step, S as S, and the conversion of
 * a context into biases.
 *
 * @module
 */
import { eager, tanh } from '../../src/autograd/index.ts';
import {
  alignment,
  contextBiases,
  type FeatureLayer,
  gradientStep,
  linearAttentionPatch,
  proveGradientStep,
  proveGradientSteps,
  proveMemoryPatch,
  readTokens,
  squaredErrorStep,
} from '../../src/icl/index.ts';
import {
  dot,
  type Matrix,
  matrix,
  multiplyNT,
  type Rational,
  rankOneToMatrix,
  subtract,
} from '../../src/linalg/index.ts';
import { evaluateLayer, linearAttentionLayer } from '../../src/model/index.ts';
import {
  type Agreement,
  byDeviation,
  type Golden,
  rowsOf,
  toMatrix,
  toVector,
} from '../support/golden.ts';

export const tolerance: typeof byDeviation = byDeviation;

export function read(golden: Golden, agreement: Agreement): void {
  factorised(golden, agreement);
  oneStep(golden, agreement);
  manySteps(golden, agreement);
  biases(golden, agreement);
}

const toNumbers = (x: readonly Rational[]): number[] => x.map((entry) => entry.toNumber());

/** 4.1, in doubles and in fractions. */
function factorised({ inputs, outputs }: Golden, agreement: Agreement): void {
  const weights = {
    Wq: toMatrix(inputs.Wq),
    Wk: toMatrix(inputs.Wk),
    Wv: toMatrix(inputs.Wv),
  };
  const context = toMatrix(inputs.prompt.context);
  const query = toVector(inputs.prompt.query);
  const W = toMatrix(inputs.W1);
  const layer = linearAttentionLayer({ tokenWidth: query.length, width: weights.Wv.rows });
  for (const { Y, a, a_ctx, Delta, P_x, dW } of outputs.generic) {
    const where = `Y = {${Y}}`;
    const found = linearAttentionPatch(weights, W, context, query, { removed: Y });
    agreement.close(`${where}: a`, found.base, a);
    agreement.close(`${where}: a_ctx`, evaluateLayer(layer, weights, context, query), a_ctx);
    agreement.close(`${where}: Delta`, rowsOf(found.memory), Delta);
    agreement.close(`${where}: P_x`, rowsOf(rankOneToMatrix(found.reading)), P_x);
    agreement.close(`${where}: dW`, rowsOf(rankOneToMatrix(found.patch)), dW);
    const proof = proveMemoryPatch(weights, W, context, query, Y);
    agreement.same(`${where}: residual`, proof.residual, '0');
    agreement.same(`${where}: against Theorem 1`, proof.againstTheorem1, '0');
    agreement.close(`${where}: a in fractions`, toNumbers(proof.base), a);
    agreement.close(`${where}: dW in fractions`, proof.patch.map(toNumbers), dW);
  }
}

/** The prompt's tokens (x; t) as a regression. */
function examplesOf({ inputs }: Golden): {
  examples: { inputs: Matrix; labels: Float64Array };
  query: Float64Array;
} {
  const rows: number[][] = inputs.prompt.context;
  return {
    examples: {
      inputs: toMatrix(rows.map((row) => row.slice(0, -1))),
      labels: toVector(rows.map((row) => row[row.length - 1])),
    },
    query: toVector(inputs.prompt.query.slice(0, -1)),
  };
}

/** 4.2. */
function oneStep(golden: Golden, agreement: Agreement): void {
  const { examples, query } = examplesOf(golden);
  const omega = toVector(golden.inputs.omega0);
  const { eta } = golden.inputs;
  const { gd } = golden.outputs;
  const { contextual, prediction, patch } = gradientStep(examples, query, omega, eta);
  const next = squaredErrorStep(examples, omega, eta);
  const moved = subtract(next, omega);
  agreement.close(
    'grad',
    moved.map((entry) => -entry / eta),
    gd.grad,
  );
  agreement.close('omega1', next, gd.omega1);
  agreement.close('z_ctx', contextual, gd.z_ctx);
  agreement.close('pred', prediction, gd.pred);
  agreement.close('gd_pred', dot(next, query), gd.gd_pred);
  const { data: dW } = rankOneToMatrix(patch);
  agreement.close('dW', dW, gd.dW);
  agreement.close('projection', dW.slice(0, -1), gd.projection_of_gd_step);
  const step = matrix(1, moved.length + 1, Float64Array.of(...moved, 0));
  agreement.close('alignment', alignment(patch, step), gd.alignment);
  const exact = proveGradientStep(examples, query, omega, eta);
  agreement.same('residual', exact.residual, '0');
  agreement.same('projection in fractions', exact.projection, '0');
  agreement.close('pred in fractions', exact.contextual.toNumber(), gd.pred);
  const ascent = proveGradientStep(examples, query, omega, eta, { plusSign: true });
  agreement.close(
    'ascent is off by',
    Math.abs(ascent.contextual.minus(ascent.explicit).toNumber()),
    golden.residuals.mp50.neg_plus_sign_vs_gd,
  );
}

/** 4.3. */
function manySteps(golden: Golden, agreement: Agreement): void {
  const { examples, query } = examplesOf(golden);
  const { eta, multi_steps } = golden.inputs;
  const layers = proveGradientSteps(examples, query, eta, multi_steps);
  agreement.same('layers', layers.length, golden.outputs.multi.length);
  layers.forEach(({ labels, omega, residual }, s) => {
    const expected = golden.outputs.multi[s];
    agreement.same(`layer ${s + 1}: residual`, residual, '0');
    agreement.close(`layer ${s + 1}: labels`, toNumbers(labels), expected.labels);
    agreement.close(`layer ${s + 1}: omega`, toNumbers(omega), expected.omega);
    const answer = -(labels[labels.length - 1]?.toNumber() ?? NaN);
    agreement.close(`layer ${s + 1}: pred`, answer, expected.pred);
    agreement.close(`layer ${s + 1}: gd_pred`, answer, expected.gd_pred);
  });
}

/** 4.4: layers r + tanh(W2·r), r = x + attention. */
function biases({ inputs, outputs }: Golden, agreement: Agreement): void {
  const { Wq, Wk, Wv, W2, layers: count, query_tokens } = inputs.iclca;
  const second = toMatrix(W2);
  const sum = (x: Matrix, y: Matrix): Matrix =>
    matrix(
      x.rows,
      x.cols,
      x.data.map((entry, i) => entry + y.data[i]),
    );
  const layer: FeatureLayer = {
    parameters: { Wq: toMatrix(Wq), Wk: toMatrix(Wk), Wv: toMatrix(Wv) },
    after: (x, attention) => {
      const r = sum(x, attention);
      return sum(r, eager.apply(tanh, multiplyNT(r, second)));
    },
  };
  const layers = Array.from({ length: count }, () => layer);
  const context = toMatrix(inputs.prompt.context);
  const later = toMatrix(query_tokens);
  const found = contextBiases(layers, context);
  const expected = outputs.iclca;
  agreement.same('biases', found.length, expected.biases.length);
  found.forEach(({ S, n }, l) => {
    agreement.close(`layer ${l}: b_KV`, rowsOf(S), expected.biases[l].b_KV);
    agreement.close(`layer ${l}: b_D`, n.data, expected.biases[l].b_D);
  });
  const alone = readTokens(layers, later, { biases: found }).outputs;
  agreement.close('out_query_tokens', rowsOf(alone), expected.out_query_tokens);
  const all = matrix(context.rows + later.rows, context.cols);
  all.data.set(context.data);
  all.data.set(later.data, context.data.length);
  const whole = rowsOf(readTokens(layers, all).outputs).slice(context.rows);
  rowsOf(alone).forEach((row, t) => {
    row.forEach((entry, c) => {
      agreement.same(`token ${t}, entry ${c}: same bits as with the context`, entry, whole[t][c]);
    });
  });
}
