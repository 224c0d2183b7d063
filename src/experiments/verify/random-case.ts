/**
 * Random blocks, contexts and removed parts.
 *
 * @module
 */
import { type Matrix, matrix, type Random } from '../../linalg/index.ts';
import {
  ACTIVATIONS,
  type ActivationName,
  type Block,
  contextualBlock,
  initialise,
  mapParameters,
  type Parameters,
  softmaxAttention,
  type WiringName,
} from '../../model/index.ts';

export interface RandomCase {
  readonly block: Block;
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

const ACTIVATION_NAMES = Object.keys(ACTIVATIONS) as ActivationName[];

/**
 * A softmax layer and block of random small sizes (from 1 on; behind a norm from 4 on, because the norm
 * of two or three numbers hardly depends on them), with and without attention biases, any activation, a context of 1 to
 * 12 tokens, and a random non-empty part of it.
 */
export function randomCase(random: Random, wiring: WiringName = 'plain'): RandomCase {
  const size = (most: number): number => 1 + random.integer(most);
  const least = wiring === 'pre-ln' || wiring === 'post-ln' ? 3 : 0;
  const tokenWidth = least + size(5);
  const kvHeads = size(2);
  const layer = softmaxAttention({
    tokenWidth,
    width: wiring === 'plain' ? size(12) : tokenWidth,
    heads: kvHeads * size(3),
    kvHeads,
    headWidth: size(4),
    biases: random.integer(2) === 1,
  });
  const block = contextualBlock({
    wiring,
    layer,
    hidden: size(16),
    outputWidth: wiring === 'plain' ? size(4) : tokenWidth,
    activation: ACTIVATION_NAMES[random.integer(ACTIVATION_NAMES.length)],
  });
  // Three times the usual first values: attention is then far from uniform.
  const parameters = mapParameters(initialise(block.shapes, random), ({ rows, cols, data }) =>
    matrix(
      rows,
      cols,
      data.map((entry) => 3 * entry + 0.1 * random.normal()),
    ),
  );
  const n = size(12);
  const context = normalMatrix(n, tokenWidth, random);
  const query = normalMatrix(1, tokenWidth, random).data;
  const positions = random.shuffle(Array.from({ length: n }, (_, i) => i));
  const removed = positions.slice(0, size(n)).sort((i, j) => i - j);
  return { block, parameters, context, query, removed };
}
