/**
 * What a contextual layer is: a function A(C, x) of a token sequence C and a query token x, whose
 * value has the same length for every C, the empty one included.
 *
 * @module
 */
import type { Evaluator } from '../autograd/index.ts';
import { eager } from '../autograd/index.ts';
import {
  type Matrix,
  matrix,
  requireFinite,
  requireMatrix,
  requireVector,
  ShapeError,
} from '../linalg/index.ts';
import { type ParameterShapes, type Parameters, requireParameters } from './parameters.ts';

export interface ContextualLayer {
  /** The name in reports, for example 'softmax'. */
  readonly name: string;
  /** Entries of a token. */
  readonly tokenWidth: number;
  /** Entries of A(C, x). */
  readonly width: number;
  readonly shapes: ParameterShapes;
  /**
   * A(C, x) for `batch` sequences of equal length, whose last token is the query: one row each.
   *
   * Shapes: `sequences` is (batch·(n+1))×tokenWidth, n ≥ 0; the value is batch×width. Only what
   * the query row reads is computed.
   */
  atQuery<V>(on: Evaluator<V>, parameters: Parameters<V>, sequences: V, batch: number): V;
}

/**
 * The sequence (c_1 … c_n, x) as a matrix of n + 1 rows.
 *
 * Shapes: context n×w (n may be 0), query of w numbers.
 *
 * @throws ShapeError if the widths differ; NonFiniteError if a token is not finite.
 */
export function sequenceOf(context: Matrix, query: Float64Array): Matrix {
  requireMatrix('sequenceOf', 'the context', context);
  requireVector('sequenceOf', 'the query', query);
  if (context.cols !== query.length) {
    throw new ShapeError(
      `sequenceOf: context tokens must have the ${query.length} entries of the query, ` +
        `got ${context.rows} tokens of ${context.cols}`,
    );
  }
  requireFinite('sequenceOf', 'the context', context.data);
  requireFinite('sequenceOf', 'the query', query);
  const sequence = matrix(context.rows + 1, context.cols);
  sequence.data.set(context.data);
  sequence.data.set(query, context.data.length);
  return sequence;
}

/**
 * A(C, x).
 *
 * Shapes: context n×tokenWidth with n ≥ 0, query of tokenWidth numbers; the value has `width`
 * numbers. With n = 0 it is A(x), the layer on the query alone.
 *
 * @throws ShapeError, NonFiniteError or DomainError as `sequenceOf` and `requireParameters`.
 */
export function evaluateLayer(
  layer: ContextualLayer,
  parameters: Parameters,
  context: Matrix,
  query: Float64Array,
): Float64Array {
  requireParameters(`evaluateLayer: ${layer.name}`, layer.shapes, parameters);
  requireTokens(`evaluateLayer: ${layer.name}`, layer, query);
  return layer.atQuery(eager, parameters, sequenceOf(context, query), 1).data;
}

/** @throws ShapeError if the query is not a token of this layer. */
export function requireTokens(
  caller: string,
  { tokenWidth }: ContextualLayer,
  query: Float64Array,
): void {
  requireVector(caller, 'the query', query);
  if (query.length !== tokenWidth) {
    throw new ShapeError(`${caller}: tokens must have ${tokenWidth} entries, got ${query.length}`);
  }
}
