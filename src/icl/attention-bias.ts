/**
 * A context as biases of linear attention: exact, for every query, at every later token.
 *
 *   paper   here      meaning
 *   b_KV    bias.S    Σ_{c∈C} φ(k_c)·v_cᵀ of each head, below each other, (H·e)×e
 *   b_D     bias.n    Σ_{c∈C} φ(k_c), a row a head, H×e
 *   φ       –         elu + 1
 *   R_p     rope      rotation by position p, after φ, in the numerator
 *
 * Source: Chen et al., arXiv:2406.02847 (ICLCA); the layer is that of arXiv:2006.16236, eq. 7, its
 * rotary form arXiv:2104.09864, eq. 19.
 *
 * @module
 */
import { addBias, eager, linear, type RopeOptions, rope } from '../autograd/index.ts';
import { DomainError, type Matrix, matrix, NonFiniteError, ShapeError } from '../linalg/index.ts';
import { eluPlusOne } from '../linalg/kernels.ts';
import type { Parameters } from '../model/index.ts';

/** What a context leaves behind in one layer: all that later tokens read of it. */
export interface AttentionBias {
  readonly S: Matrix;
  readonly n: Matrix;
}

/** A layer of causal normalised linear attention, and what follows it at each token. */
export interface FeatureLayer {
  /** Wq, Wk, Wv (H·e)×w, optionally bq, bk, bv, and Wo w′×(H·e). */
  readonly parameters: Parameters;
  /** Default: 1. */
  readonly heads?: number;
  /** Rotation of features by position. Default: none. */
  readonly rope?: Pick<RopeOptions, 'style' | 'base' | 'rotated'>;
  /** The next layer's tokens, row by row, from this one's and the attention output: any function. */
  readonly after: (tokens: Matrix, attention: Matrix) => Matrix;
}

export interface ReadOptions {
  /** One a layer. Default: nothing was read before. */
  readonly biases?: readonly AttentionBias[];
  /** The position of the first token, for layers with rotation. Default: 0. */
  readonly first?: number;
}

export interface Reading {
  /** What the last layer leaves at each token. */
  readonly outputs: Matrix;
  /** The biases that stand for all that was read so far. */
  readonly biases: readonly AttentionBias[];
}

/**
 * Reads tokens, beginning where the biases left off.
 *
 *   S_t = b_KV + Σ_{j≤t} R_j·φ(k_j)·v_jᵀ,  n_t = b_D + Σ_{j≤t} φ(k_j)
 *   out_t = ((R_t·φ(q_t))ᵀ·S_t)/(φ(q_t)ᵀ·n_t),  then `after` at each token, layer by layer
 *
 * The theorem: `readTokens(layers, X)` and `readTokens(layers, Y, { biases, first })`, with the biases of
 * `contextBiases(layers, C)` and X = C then Y, have the same bits at every token of Y, in every layer,
 * whatever Y is. By causality the context does not depend on Y, so its sums are constants; and sums that
 * are continued in the same order round alike.
 *
 * Shapes: tokens T×w, outputs T×w′. Preconditions: φ(q)·n > 0, which elu + 1 gives short of underflow;
 * `after` works row by row. No precondition a ≠ 0, no dependence on the query. Softmax attention has no such
 * bias: the kernel exp(q·k) is of infinite rank, and the exact statistic is the cache itself.
 *
 * @throws NonFiniteError if a divisor is not positive and finite. @throws ShapeError if sizes do not fit.
 * @throws DomainError if there are not as many biases as layers.
 */
export function readTokens(
  layers: readonly FeatureLayer[],
  tokens: Matrix,
  { biases, first = 0 }: ReadOptions = {},
): Reading {
  if (biases && biases.length !== layers.length) {
    throw new DomainError(
      `readTokens: a bias for each of ${layers.length} layers is required, got ${biases.length}`,
    );
  }
  let x = tokens;
  const after = layers.map((layer, l): AttentionBias => {
    const { outputs, bias } = attend(layer, x, biases?.[l], first);
    x = layer.after(x, outputs);
    return bias;
  });
  return { outputs: x, biases: after };
}

/** b_KV and b_D of every layer: what a context is to all tokens after it. As `readTokens`. */
export const contextBiases = (
  layers: readonly FeatureLayer[],
  context: Matrix,
  first = 0,
): readonly AttentionBias[] => readTokens(layers, context, { first }).biases;

/** One layer of attention, from a bias to the next. Orders of rounding: those of the operation `linearAttention`. */
function attend(
  { parameters, heads = 1, rope: rotation }: FeatureLayer,
  tokens: Matrix,
  start: AttentionBias | undefined,
  first: number,
): { outputs: Matrix; bias: AttentionBias } {
  const { q, k, v } = projected(parameters, tokens);
  const [width, e] = [q.cols, q.cols / heads];
  const S = start ? start.S.data.slice() : new Float64Array(width * e);
  const n = start ? start.n.data.slice() : new Float64Array(width);
  if (!Number.isInteger(e) || v.cols !== width || S.length !== width * e || n.length !== width) {
    throw new ShapeError(
      `readTokens: ${heads} heads of ${e} numbers and a bias of as many are required, got values of ` +
        `${v.cols}, S of ${S.length} and n of ${n.length} numbers`,
    );
  }
  const positions = Array.from({ length: tokens.rows }, (_, j) => first + j);
  const place = (x: Matrix): Matrix =>
    rotation ? eager.apply(rope({ ...rotation, heads, width: e, positions }), x) : x;
  const [turnedQ, turnedK] = [place(q), place(k)];
  const outputs = matrix(tokens.rows, width);
  for (let t = 0; t < tokens.rows; t++) {
    for (let h = 0; h < heads; h++) {
      const at = t * width + h * e;
      let divisor = 0;
      for (let a = 0; a < e; a++) {
        const row = (h * e + a) * e;
        for (let c = 0; c < e; c++) S[row + c] += turnedK.data[at + a] * v.data[at + c];
        n[h * e + a] += k.data[at + a];
        divisor += q.data[at + a] * n[h * e + a];
      }
      if (!(divisor > 0 && divisor < Infinity)) {
        throw new NonFiniteError(
          `readTokens: divisors must be positive and finite, got ${divisor} at token ${t}`,
        );
      }
      for (let c = 0; c < e; c++) {
        let sum = 0;
        for (let a = 0; a < e; a++) sum += turnedQ.data[at + a] * S[(h * e + a) * e + c];
        outputs.data[at + c] = sum / divisor;
      }
    }
  }
  const bias = { S: matrix(width, e, S), n: matrix(heads, e, n) };
  const { Wo } = parameters;
  return { outputs: Wo === undefined ? outputs : eager.apply(linear, outputs, Wo), bias };
}

/** φ(q), φ(k) and v of every token, a row each. */
export function projected(
  parameters: Parameters,
  tokens: Matrix,
): Readonly<Record<'q' | 'k' | 'v', Matrix>> {
  const project = (letter: string): Matrix => {
    const y = eager.apply(linear, tokens, parameters[`W${letter}`]);
    const bias = parameters[`b${letter}`];
    return bias === undefined ? y : eager.apply(addBias, y, bias);
  };
  return { q: features(project('q')), k: features(project('k')), v: project('v') };
}

/** φ = elu + 1, entry by entry. */
function features(x: Matrix): Matrix {
  const y = matrix(x.rows, x.cols);
  eluPlusOne(x.data, y.data, new Float64Array(x.data.length));
  return y;
}
