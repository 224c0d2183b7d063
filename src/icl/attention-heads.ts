/**
 * The heads of plain softmax attention, opened up at one query.
 *
 * @module
 */
import { addBias, eager, linear } from '../autograd/index.ts';
import { type Matrix, matrix, norm, spectralNorm } from '../linalg/index.ts';
import { type Parameters, type SoftmaxAttentionOptions, sequenceOf } from '../model/index.ts';

/** Attention whose scores are scaled products of query and key, and nothing else. */
export type PlainAttentionOptions = Pick<
  SoftmaxAttentionOptions,
  'tokenWidth' | 'width' | 'heads' | 'kvHeads' | 'headWidth' | 'biases' | 'scale'
>;

/** What a head computes with, for the n context tokens and, last, the query. */
export interface AttentionHead {
  /** s_j, n + 1 of them. */
  readonly scores: Float64Array;
  /** v_j, e numbers each. */
  readonly values: readonly Float64Array[];
  /** The columns of Wo that read this head, width×e. */
  readonly Wo: Matrix;
  /** ‖Wo_h‖, the 2-norm. */
  readonly sizeOfWo: number;
  /** max_j ‖v_j‖. */
  readonly sizeOfValues: number;
  /** max_j |s_j|. */
  readonly sizeOfScores: number;
  /** scale·max_j Σ_a |q_a·k_ja|, which scales the rounding of the scores. */
  readonly absoluteScore: number;
}

/**
 * The heads at query x. Queries, keys and values have the bits that the layer computes with.
 *
 * Shapes: context n×tokenWidth. Error of a score: γ_{e+1}·`absoluteScore`, given q and k.
 */
export function headsOf(
  { heads, kvHeads = heads, scale }: PlainAttentionOptions,
  p: Parameters,
  context: Matrix,
  query: Float64Array,
): AttentionHead[] {
  const tokens = sequenceOf(context, query);
  const project = (letter: string): Matrix => {
    const y = eager.apply(linear, tokens, p[`W${letter}`]);
    const bias = p[`b${letter}`];
    return bias === undefined ? y : eager.apply(addBias, y, bias);
  };
  const [q, k, v] = ['q', 'k', 'v'].map(project);
  const e = q.cols / heads;
  const by = scale ?? 1 / Math.sqrt(e);
  return Array.from({ length: heads }, (_, h): AttentionHead => {
    const g = Math.floor((h * kvHeads) / heads);
    const own = headRows(q, h, e)[context.rows];
    const products = headRows(k, g, e).map((key) => own.map((entry, a) => entry * key[a]));
    const scores = Float64Array.from(products, (terms) => by * sum(terms));
    const values = headRows(v, g, e);
    const Wo = matrix(p.Wo.rows, e);
    headRows(p.Wo, h, e).forEach((row, r) => {
      Wo.data.set(row, r * e);
    });
    return {
      scores,
      values,
      Wo,
      sizeOfWo: spectralNorm(Wo),
      sizeOfValues: values.reduce((most, value) => Math.max(most, norm(value)), 0),
      sizeOfScores: scores.reduce((most, s) => Math.max(most, Math.abs(s)), 0),
      absoluteScore: products.reduce(
        (most, terms) => Math.max(most, by * sum(terms.map(Math.abs))),
        0,
      ),
    };
  });
}

/** Columns h·e … (h + 1)·e − 1 of every row. */
const headRows = (x: Matrix, h: number, e: number): Float64Array[] =>
  Array.from({ length: x.rows }, (_, j) =>
    x.data.slice(j * x.cols + h * e, j * x.cols + (h + 1) * e),
  );

const sum = (terms: Float64Array): number => terms.reduce((total, term) => total + term, 0);
