/**
 * A context as biases of normalised linear attention, against the context itself, on continuations of many lengths.
 *
 * @module
 */
import { eager, tanh } from '../../autograd/index.ts';
import {
  type AttentionBias,
  contextBiases,
  type FeatureLayer,
  readTokens,
} from '../../icl/index.ts';
import { type Matrix, matrix, multiplyNT } from '../../linalg/index.ts';
import type { Parameters } from '../../model/index.ts';

export interface BiasesTask {
  /** Of each layer Wq, Wk and Wv, and M of the tanh network after it; all width×width. */
  readonly layers: readonly Parameters[];
  readonly heads: number;
  readonly context: Matrix;
  /** Continuations, one a length. */
  readonly later: readonly Matrix[];
}

/** One number a continuation. */
export interface BiasesTrial {
  /** Outputs whose bits differ between context and biases. */
  readonly differing: Float64Array;
  /** The largest |difference| of an output: with the biases, with n 0.1% too large, with neither. */
  readonly biased: Float64Array;
  readonly scaled: Float64Array;
  readonly forgotten: Float64Array;
}

export function biasesTrial({
  layers: parameters,
  heads,
  context,
  later,
}: BiasesTask): BiasesTrial {
  const layers = parameters.map(({ M, ...projections }): FeatureLayer => {
    const after = (x: Matrix, attention: Matrix): Matrix => {
      const r = sum(x, attention);
      return sum(r, eager.apply(tanh, multiplyNT(r, M)));
    };
    return { parameters: projections, heads, after };
  });
  const biases = contextBiases(layers, context);
  const off = biases.map(
    ({ S, n }): AttentionBias => ({
      S,
      n: matrix(
        n.rows,
        n.cols,
        n.data.map((entry) => 1.001 * entry),
      ),
    }),
  );
  const rows = later.map((tokens) => {
    const all = readTokens(layers, joined(context, tokens)).outputs.data;
    const whole = all.subarray(all.length - tokens.data.length);
    const read = (used?: readonly AttentionBias[]): Float64Array =>
      readTokens(layers, tokens, used && { biases: used }).outputs.data;
    const biased = read(biases);
    return {
      // Not ===: −0 is not 0, and NaN would be equal to nothing.
      differing: biased.filter((entry, i) => !Object.is(entry, whole[i])).length,
      biased: farthest(biased, whole),
      scaled: farthest(read(off), whole),
      forgotten: farthest(read(), whole),
    };
  });
  return {
    differing: Float64Array.from(rows, ({ differing }) => differing),
    biased: Float64Array.from(rows, ({ biased }) => biased),
    scaled: Float64Array.from(rows, ({ scaled }) => scaled),
    forgotten: Float64Array.from(rows, ({ forgotten }) => forgotten),
  };
}

const sum = (x: Matrix, y: Matrix): Matrix =>
  matrix(
    x.rows,
    x.cols,
    x.data.map((entry, i) => entry + y.data[i]),
  );

const joined = (x: Matrix, y: Matrix): Matrix =>
  matrix(x.rows + y.rows, x.cols, Float64Array.of(...x.data, ...y.data));

/** max |x_i − y_i|; NaN where one is NaN. */
const farthest = (x: Float64Array, y: Float64Array): number =>
  x.reduce((most, entry, i) => Math.max(most, Math.abs(entry - y[i])), 0);
