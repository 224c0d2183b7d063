/**
 * recurrent_layers: layers other than attention, with a tanh perceptron behind each.
 *
 * @module
 */

import { eager } from '../../src/autograd/index.ts';
import { marginalNorms, prefixVectors, proveContextPatch } from '../../src/icl/index.ts';
import { type Matrix, matrix } from '../../src/linalg/index.ts';
import {
  type ContextualLayer,
  contextualBlock,
  convolutionLayer,
  diagonalStateSpaceLayer,
  elmanLayer,
  gruLayer,
  lstmLayer,
  meanLayer,
  type Parameters,
  prefixed,
  selectiveStateSpaceLayer,
} from '../../src/model/index.ts';
import {
  type Agreement,
  byDeviation,
  type Golden,
  rowsOf,
  toMatrix,
  toRow,
} from '../support/golden.ts';

export const tolerance: typeof byDeviation = byDeviation;

const zeros = (width: number): Matrix => matrix(1, width);

/** A layer of the file: itself and its parameters. */
type Read = (p: Golden, tokenWidth: number) => [ContextualLayer, Parameters];

const gated =
  (make: typeof gruLayer, gates: number): Read =>
  ({ Wi, Wh, bi, bh }, tokenWidth) => {
    const width = Wh.length / gates;
    const states = { s0: zeros(width), ...(gates === 4 && { c0: zeros(width) }) };
    return [
      make({ tokenWidth, width }),
      { Wi: toMatrix(Wi), Wh: toMatrix(Wh), bi: toRow(bi), bh: toRow(bh), ...states },
    ];
  };

const LAYERS: Readonly<Record<string, Read>> = {
  elman: ({ U, V, c }, tokenWidth) => [
    elmanLayer({ tokenWidth, width: U.length }),
    { U: toMatrix(U), V: toMatrix(V), c: toRow(c), s0: zeros(U.length) },
  ],
  gru: gated(gruLayer, 3),
  lstm: gated(lstmLayer, 4),
  ssm: ({ A_re, A_im, B_re, B_im, C_re, C_im, D, dt }, tokenWidth) => [
    diagonalStateSpaceLayer({ tokenWidth, states: A_re[0].length }),
    {
      ...Object.fromEntries(
        Object.entries({ A_re, A_im, B_re, B_im, C_re, C_im }).map(([name, rows]) => {
          return [name, toMatrix(rows as number[][])];
        }),
      ),
      D: toRow(D),
      dt: toRow(dt),
    },
  ],
  selective: ({ A_log, Wdt, bdt, WB, WC, D }, tokenWidth) => [
    selectiveStateSpaceLayer({ tokenWidth, states: WB.length }),
    {
      A_log: toMatrix(A_log),
      Wdt: toMatrix(Wdt),
      bdt: toRow(bdt),
      WB: toMatrix(WB),
      WC: toMatrix(WC),
      D: toRow(D),
    },
  ],
  meanpool: ({ W }, tokenWidth) => [meanLayer({ tokenWidth, width: W.length }), { W: toMatrix(W) }],
  causalconv: ({ kernel, bias }, tokenWidth) => [
    convolutionLayer({ tokenWidth, length: kernel[0].length }),
    { kernel: toMatrix(kernel), bias: toRow(bias) },
  ],
};

export function read({ inputs, outputs }: Golden, agreement: Agreement): void {
  const X = toMatrix(inputs.X);
  const context = matrix(X.rows - 1, X.cols, X.data.slice(0, (X.rows - 1) * X.cols));
  const query = X.data.slice((X.rows - 1) * X.cols);
  const names = Object.keys(inputs.layers).sort().join();
  agreement.same('layers', names, Object.keys(LAYERS).sort().join());
  for (const [name, golden] of Object.entries(inputs.layers)) {
    const [layer, own] = LAYERS[name](golden, X.cols);
    const { W1, b1, W2, b2, act } = inputs.mlps[name];
    const sizes = { hidden: W1.length, outputWidth: W2.length };
    const block = contextualBlock({ layer, ...sizes, activation: act });
    const mlp = { W1: toMatrix(W1), b1: toRow(b1), W2: toMatrix(W2), b2: toRow(b2) };
    const parameters = { ...prefixed('layer', own), ...prefixed('mlp', mlp) };
    const expected = outputs[name];
    agreement.close(`${name}: A_all`, rowsOf(layer.atEach(eager, own, X, 1)), expected.A_all);
    for (const { Y, A_base, u, v, T_patched } of expected.subsets) {
      const where = `${name}, Y = {${Y}}`;
      const proof = proveContextPatch(block, parameters, context, query, { removed: Y });
      const { p, v: right } = proof.patch.weights.W1;
      agreement.close(`${where}: A_base`, proof.base.attention, A_base);
      agreement.close(`${where}: u`, p, u);
      agreement.close(`${where}: v`, right, v);
      agreement.close(`${where}: T_full`, proof.contextual.output, expected.T_full);
      agreement.close(`${where}: T_patched`, proof.patched.output, T_patched);
      agreement.holds(`${where}: within its bound`, proof.output.overBound <= 1);
    }
    const prefixes = prefixVectors(layer, own, context, query);
    const norms = marginalNorms(parameters['mlp.W1'], prefixes);
    agreement.close(`${name}: marginal_norms`, norms, expected.marginal_norms);
  }
}
