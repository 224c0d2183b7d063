/**
 * Blocks one after another.
 *
 * @module
 */
import type { Evaluator } from '../autograd/index.ts';
import { DomainError } from '../linalg/index.ts';
import type { Block } from './block.ts';
import { type ParameterShapes, type Parameters, part, prefixed } from './parameters.ts';

export interface Network {
  readonly blocks: readonly Block[];
  /** Entries of a token, in, out and between. */
  readonly width: number;
  /** `blocks.0.layer.Wq`, `blocks.0.mlp.W1` and so on. */
  readonly shapes: ParameterShapes;
  /** The parameters of block l. */
  own<V>(parameters: Parameters<V>, l: number): Parameters<V>;
  /**
   * The residual stream after the last block, a row a token: at every token of `batch` sequences, or at
   * the last one. Then the last block computes only what is read.
   */
  forward<V>(
    on: Evaluator<V>,
    parameters: Parameters<V>,
    sequences: V,
    batch: number,
    rows: 'query' | 'each',
    positions?: ArrayLike<number>,
  ): V;
}

/**
 * The network of these blocks.
 *
 * @throws DomainError if there is none, or their widths differ.
 */
export function network(blocks: readonly Block[]): Network {
  if (blocks.length === 0) throw new DomainError('network: a block is required, got none');
  const [{ layer }] = blocks;
  const width = layer.tokenWidth;
  blocks.forEach((block, l) => {
    if (block.layer.tokenWidth !== width || block.feedForward.outputWidth !== width) {
      throw new DomainError(
        `network: every block must read and give ${width} entries, got ${block.layer.tokenWidth} and ` +
          `${block.feedForward.outputWidth} in block ${l}`,
      );
    }
  });
  const own = <V>(parameters: Parameters<V>, l: number): Parameters<V> =>
    part(parameters, `blocks.${l}`);
  return {
    blocks,
    width,
    shapes: Object.assign({}, ...blocks.map(({ shapes }, l) => prefixed(`blocks.${l}`, shapes))),
    own,
    forward: (on, parameters, sequences, batch, rows, positions) =>
      blocks.reduce((x, block, l) => {
        const which = rows === 'query' && l === blocks.length - 1 ? 'query' : 'each';
        const p = own(parameters, l);
        return block.finish(on, p, block.mix(on, p, x, batch, which, positions)).output;
      }, sequences),
  };
}
