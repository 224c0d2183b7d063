/**
 * A network that reads token after token and remembers keys and values.
 *
 * What it computes has the bits of the whole sequence run again: a row of a matrix product, and an output
 * of causal attention, do not depend on the rows after them.
 *
 * @module
 */
import { eager } from '../autograd/index.ts';
import { DomainError, type Matrix, matrix, requireFinite } from '../linalg/index.ts';
import type { Block, Mixed } from './block.ts';
import type { LayerMemory } from './contextual-layer.ts';
import type { Network } from './network.ts';
import { type Parameters, part } from './parameters.ts';
import { asRun, type BlockRun } from './run-block.ts';
import type { BlockPatch } from './sites.ts';

/** Chooses the patch of block l, from what that block does without one. */
export type ChoosePatch = (l: number, actual: BlockRun) => BlockPatch | null;

export class NetworkCache {
  readonly network: Network;
  readonly #parameters: Parameters;
  readonly #memories: (LayerMemory | null)[];

  /** @throws DomainError if a layer has no memory of rows. */
  constructor(network: Network, parameters: Parameters) {
    network.blocks.forEach(({ layer }, l) => {
      if (layer.incremental) return;
      throw new DomainError(
        `NetworkCache: layers that remember rows are required, got ${layer.name} in block ${l}`,
      );
    });
    this.network = network;
    this.#parameters = parameters;
    this.#memories = network.blocks.map(() => null);
  }

  /** Keys and values so far, a block each. */
  get memories(): readonly (LayerMemory | null)[] {
    return this.#memories;
  }

  /** Another cache with the rows of some of the tokens only: what is left after an eviction. */
  slice(rows: readonly number[]): NetworkCache {
    const other = new NetworkCache(this.network, this.#parameters);
    this.#memories.forEach((memory, l) => {
      other.#memories[l] = memory && {
        keys: rowsOf(memory.keys, rows),
        values: rowsOf(memory.values, rows),
        positions: rows.map((row) => memory.positions[row]),
      };
    });
    return other;
  }

  /**
   * Reads one more token: the row that enters the first block, at a position after all those before.
   * Returns what each block does at it, patched as `choose` says.
   *
   * @throws NonFiniteError if the token is not finite.
   */
  append(token: Float64Array, position: number, choose?: ChoosePatch): BlockRun[] {
    requireFinite('NetworkCache.append', 'the token', token);
    let x = matrix(1, token.length, token);
    return this.network.blocks.map((block, l) => {
      const own = this.network.own(this.#parameters, l);
      const mixed = this.#mix(block, own, l, x, position);
      const actual = asRun(block.finish(eager, own, mixed));
      const patch = choose?.(l, actual);
      const run = patch ? asRun(block.finish(eager, own, mixed, patch)) : actual;
      x = matrix(1, run.output.length, run.output);
      return run;
    });
  }

  /** The mixing part at one token, whose key and value are remembered. */
  #mix(block: Block, own: Parameters, l: number, x: Matrix, position: number): Mixed<Matrix> {
    const { incremental } = block.layer;
    const layer = part(own, 'layer');
    return block.mixBy(eager, own, x, (read) => {
      if (!incremental) throw new DomainError('NetworkCache: a layer lost its memory');
      const token = read();
      const memory = joined(this.#memories[l], incremental.remember(layer, token, [position]));
      this.#memories[l] = memory;
      return incremental.recall(layer, token, memory);
    });
  }
}

function joined(before: LayerMemory | null, own: LayerMemory): LayerMemory {
  if (before === null) return own;
  return {
    keys: stacked(before.keys, own.keys),
    values: stacked(before.values, own.values),
    positions: [...before.positions, ...own.positions],
  };
}

function stacked(a: Matrix, b: Matrix): Matrix {
  const data = new Float64Array(a.data.length + b.data.length);
  data.set(a.data);
  data.set(b.data, a.data.length);
  return matrix(a.rows + b.rows, a.cols, data);
}

function rowsOf(x: Matrix, rows: readonly number[]): Matrix {
  const result = matrix(rows.length, x.cols);
  rows.forEach((row, i) => {
    result.data.set(x.data.subarray(row * x.cols, (row + 1) * x.cols), i * x.cols);
  });
  return result;
}
