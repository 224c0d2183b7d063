/**
 * Random blocks, contexts and removed parts.
 *
 * @module
 */
import { type Matrix, matrix, type Random } from '../../linalg/index.ts';
import {
  initialise,
  mapParameters,
  type Parameters,
  type PlainBlock,
  plainBlock,
  softmaxAttention,
} from '../../model/index.ts';

export interface RandomCase {
  readonly block: PlainBlock;
  readonly parameters: Parameters;
  readonly context: Matrix;
  readonly query: Float64Array;
  /** A non-empty set of positions, in ascending order. */
  readonly removed: readonly number[];
}

/** A matrix of standard normal draws. */
export function normalMatrix(rows: number, cols: number, random: Random): Matrix {
  const result = matrix(rows, cols);
  random.fillNormal(result.data);
  return result;
}

/**
 * A softmax layer and plain block of random small sizes (1 included everywhere), with and without
 * attention biases, weights N(0, 1/fan-in)-like, a context of 1 to 12 tokens, and a random
 * non-empty part of it.
 */
export function randomCase(random: Random): RandomCase {
  const size = (most: number): number => 1 + random.integer(most);
  const tokenWidth = size(5);
  const kvHeads = size(2);
  const layer = softmaxAttention({
    tokenWidth,
    width: size(12),
    heads: kvHeads * size(3),
    kvHeads,
    headWidth: size(4),
    biases: random.integer(2) === 1,
  });
  const block = plainBlock({ layer, hidden: size(16), outputWidth: size(4) });
  // Three times the usual first values: attention is then far from uniform.
  const parameters = mapParameters(initialise(block.shapes, random), ({ rows, cols, data }) =>
    matrix(
      rows,
      cols,
      data.map((entry) => 3 * entry),
    ),
  );
  const n = size(12);
  const context = normalMatrix(n, tokenWidth, random);
  const query = normalMatrix(1, tokenWidth, random).data;
  const positions = random.shuffle(Array.from({ length: n }, (_, i) => i));
  const removed = positions.slice(0, size(n)).sort((i, j) => i - j);
  return { block, parameters, context, query, removed };
}
