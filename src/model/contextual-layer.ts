/**
 * What a contextual layer is: a function A(C, x) of a token sequence C and a query token x, whose
 * value has the same length for every C, the empty one included.
 *
 * @module
 */
import { type Evaluator, eager, lastRows } from '../autograd/index.ts';
import {
  DomainError,
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
   * the query row reads is computed. `positions` are those of the tokens of one sequence, strictly
   * ascending, where the layer knows positions; default: 0 … n.
   */
  atQuery<V>(
    on: Evaluator<V>,
    parameters: Parameters<V>,
    sequences: V,
    batch: number,
    positions?: ArrayLike<number>,
  ): V;
  /**
   * The outputs at every token, (batch·(n+1))×width. A token sees itself and those before it, unless
   * the layer was made to see all.
   */
  atEach<V>(
    on: Evaluator<V>,
    parameters: Parameters<V>,
    sequences: V,
    batch: number,
    positions?: ArrayLike<number>,
  ): V;
  /** Where the layer is causal and has a memory of rows. */
  readonly incremental?: Incremental;
}

/** What a layer has to remember of the tokens so far, to read one more: keys and values, a row a token. */
export interface LayerMemory {
  readonly keys: Matrix;
  readonly values: Matrix;
  readonly positions: readonly number[];
}

/** How a layer reads token after token. Its outputs have the bits of `atEach`. */
export interface Incremental {
  /** Keys and values of the tokens, at these positions. */
  remember(parameters: Parameters, tokens: Matrix, positions: readonly number[]): LayerMemory;
  /** The output at one token, which is the last of the memory. */
  recall(parameters: Parameters, token: Matrix, memory: LayerMemory): Matrix;
}

/** What a layer computes its outputs from. */
export interface LayerInputs<V> {
  readonly on: Evaluator<V>;
  readonly p: Parameters<V>;
  /** All tokens of all sequences. */
  readonly tokens: V;
  /** The tokens whose outputs are asked for: the last one of each sequence, or all. */
  readonly queries: V;
  /** Whether it is the last ones. */
  readonly queryRow: boolean;
  readonly batch: number;
  /** Tokens of one sequence. */
  readonly length: number;
  readonly positions: ArrayLike<number> | undefined;
}

/** The layer that a function of these inputs describes. */
export function contextualLayer({
  outputs,
  ...rest
}: Pick<ContextualLayer, 'name' | 'tokenWidth' | 'width' | 'shapes' | 'incremental'> & {
  outputs<V>(inputs: LayerInputs<V>): V;
}): ContextualLayer {
  const evaluate = <V>(
    queryRow: boolean,
    on: Evaluator<V>,
    p: Parameters<V>,
    tokens: V,
    batch: number,
    positions?: ArrayLike<number>,
  ): V => {
    const length = on.read(tokens).rows / batch;
    const queries = queryRow ? on.apply(lastRows(length), tokens) : tokens;
    return outputs({ on, p, tokens, queries, queryRow, batch, length, positions });
  };
  return {
    ...rest,
    atQuery: (on, p, tokens, batch, positions) => evaluate(true, on, p, tokens, batch, positions),
    atEach: (on, p, tokens, batch, positions) => evaluate(false, on, p, tokens, batch, positions),
  };
}

/** @throws DomainError naming the first size that is not a positive integer. */
export function requireSizes(caller: string, sizes: Readonly<Record<string, number>>): void {
  for (const [what, size] of Object.entries(sizes)) {
    if (!(Number.isInteger(size) && size > 0)) {
      throw new DomainError(`${caller}: ${what} must be a positive integer, got ${size}`);
    }
  }
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
