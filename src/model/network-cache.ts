/**
 * A network that reads token after token and remembers keys and values.
 *
 * What it computes has the bits of the whole sequence run again: a row of a matrix product, and an output
 * of causal attention, do not depend on the rows after them.
 *
 * @module
 */
import { eager, takeRows } from '../autograd/index.ts';
import { DomainError, type Matrix, matrix, requireFinite, ShapeError } from '../linalg/index.ts';
import type { Block, Mixed } from './block.ts';
import type { LayerMemory } from './contextual-layer.ts';
import type { Network } from './network.ts';
import { type Parameters, part, requireParameters } from './parameters.ts';
import { asRun, type BlockRun } from './run-block.ts';
import type { BlockPatch } from './sites.ts';

/** Chooses the patch of block l, from what that block does without one. */
export type ChoosePatch = (l: number, actual: BlockRun) => BlockPatch | null;

export class NetworkCache {
  readonly network: Network;
  readonly #parameters: Parameters;
  /** Those of each block, and of its layer. */
  readonly #own: readonly { readonly block: Parameters; readonly layer: Parameters }[];
  #memories: readonly (LayerMemory | null)[];

  /**
   * Parameters of other names than the network's are left unread.
   *
   * @throws DomainError if a layer has no memory of rows; DomainError, ShapeError or NonFiniteError if a
   * parameter is missing or does not fit.
   */
  constructor(network: Network, parameters: Parameters) {
    network.blocks.forEach(({ layer }, l) => {
      if (layer.incremental) return;
      throw new DomainError(
        `NetworkCache: layers that remember rows are required, got ${layer.name} in block ${l}`,
      );
    });
    const needed = Object.keys(network.shapes).filter((name) => Object.hasOwn(parameters, name));
    const own = Object.fromEntries(needed.map((name) => [name, parameters[name]]));
    requireParameters('NetworkCache', network.shapes, own);
    this.network = network;
    this.#parameters = own;
    this.#own = network.blocks.map((_, l) => {
      const block = network.own(own, l);
      return { block, layer: part(block, 'layer') };
    });
    this.#memories = network.blocks.map(() => null);
  }

  /** Keys and values so far, a block each. */
  get memories(): readonly (LayerMemory | null)[] {
    return this.#memories;
  }

  /** Another cache with the rows of some of the tokens only: what is left after an eviction. */
  slice(rows: readonly number[]): NetworkCache {
    const other = new NetworkCache(this.network, this.#parameters);
    other.#memories = this.#memories.map(
      (memory) =>
        memory && {
          keys: eager.apply(takeRows(rows), memory.keys),
          values: eager.apply(takeRows(rows), memory.values),
          positions: rows.map((row) => memory.positions[row]),
        },
    );
    return other;
  }

  /**
   * Reads one more token: the row that enters the first block, at a position after all those before.
   * Returns what each block does at it, patched as `choose` says. If anything is thrown, by `choose` too,
   * the token is not remembered by any block.
   *
   * @throws ShapeError or NonFiniteError if the token is not one of the network's, or not finite.
   */
  append(token: Float64Array, position: number, choose?: ChoosePatch): BlockRun[] {
    const { width, blocks } = this.network;
    if (token.length !== width) {
      throw new ShapeError(
        `NetworkCache.append: the token must have ${width} entries, got ${token.length}`,
      );
    }
    requireFinite('NetworkCache.append', 'the token', token);
    const memories: LayerMemory[] = [];
    let x = matrix(1, width, token);
    const runs = blocks.map((block, l) => {
      const own = this.#own[l].block;
      const mixed = this.#mix(block, l, x, position, memories);
      const actual = asRun(block.finish(eager, own, mixed));
      const patch = choose?.(l, actual);
      const run = patch ? asRun(block.finish(eager, own, mixed, patch)) : actual;
      x = matrix(1, width, run.output);
      return run;
    });
    this.#memories = memories;
    return runs;
  }

  /** The mixing part at one token; the memory with its key and value is put at the end of `memories`. */
  #mix(
    block: Block,
    l: number,
    x: Matrix,
    position: number,
    memories: LayerMemory[],
  ): Mixed<Matrix> {
    const { incremental } = block.layer;
    const own = this.#own[l];
    return block.mixBy(eager, own.block, x, (read) => {
      if (!incremental) throw new DomainError('NetworkCache: a layer lost its memory');
      const token = read();
      const memory = joined(this.#memories[l], incremental.remember(own.layer, token, [position]));
      memories.push(memory);
      return incremental.recall(own.layer, token, memory);
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
