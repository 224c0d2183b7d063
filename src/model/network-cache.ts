/**
 * A network that reads token after token and remembers keys and values.
 *
 * What it computes has the bits of the whole sequence run again: a row of a matrix product, and an output
 * of causal attention, do not depend on the rows after them. Keys and values are kept with room for
 * more (`row-buffer.ts`), so a token costs its own row and not a copy of all before it.
 *
 * @module
 */
import { eager, takeRows } from '../autograd/index.ts';
import {
  DomainError,
  type Matrix,
  matrix,
  requireFinite,
  requireMatrix,
  ShapeError,
  StateError,
} from '../linalg/index.ts';
import type { Block, Mixed } from './block.ts';
import type { Incremental, LayerMemory } from './contextual-layer.ts';
import type { Network } from './network.ts';
import { type Parameters, part, requireParameters } from './parameters.ts';
import { extended, type Rows, rowsOf, viewOf } from './row-buffer.ts';
import { asRun, type BlockRun } from './run-block.ts';
import type { BlockPatch } from './sites.ts';

/** Chooses the patch of block l, from what that block does without one. */
export type ChoosePatch = (l: number, actual: BlockRun) => BlockPatch | null;

/** What one layer remembers. */
interface Remembered {
  readonly keys: Rows;
  readonly values: Rows;
  readonly positions: readonly number[];
}

export class NetworkCache {
  readonly network: Network;
  readonly #parameters: Parameters;
  /** Those of each block, and of its layer. */
  readonly #own: readonly { readonly block: Parameters; readonly layer: Parameters }[];
  #memories: readonly (Remembered | null)[];

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
    return this.#memories.map((memory) => memory && memoryOf(memory));
  }

  /** Another cache with the rows of some of the tokens only: what is left after an eviction. */
  slice(rows: readonly number[]): NetworkCache {
    const other = new NetworkCache(this.network, this.#parameters);
    other.#memories = this.#memories.map(
      (memory) =>
        memory && {
          keys: rowsOf(eager.apply(takeRows(rows), viewOf(memory.keys))),
          values: rowsOf(eager.apply(takeRows(rows), viewOf(memory.values))),
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
    const memories: Remembered[] = [];
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

  /**
   * Reads the first tokens all at once, which is faster than one by one: T×width, at T ascending positions. Returns
   * what leaves the last block at each of them, with the bits that `append` gives.
   *
   * @throws StateError if tokens have been read before; ShapeError or NonFiniteError if they do not fit or are not finite.
   */
  begin(tokens: Matrix, positions: readonly number[]): Matrix {
    requireMatrix('NetworkCache.begin', 'the tokens', tokens);
    const { width, blocks } = this.network;
    if (this.#memories.some((memory) => memory !== null)) {
      throw new StateError('NetworkCache.begin: a cache that has read nothing is required');
    }
    if (tokens.cols !== width || tokens.rows === 0 || positions.length !== tokens.rows) {
      throw new ShapeError(
        `NetworkCache.begin: tokens of ${width} entries and a position for each are required, got ` +
          `${tokens.rows}x${tokens.cols} and ${positions.length}`,
      );
    }
    requireFinite('NetworkCache.begin', 'the tokens', tokens.data);
    const memories: Remembered[] = [];
    const last = blocks.reduce((x, block, l) => {
      const own = this.#own[l];
      const mixed = block.mixBy(eager, own.block, x, (read) => {
        const inputs = read();
        const memory = incrementalOf(block).remember(own.layer, inputs, positions);
        memories.push(joined(null, memory));
        return block.layer.atEach(eager, own.layer, inputs, 1, positions);
      });
      return block.finish(eager, own.block, mixed).output;
    }, tokens);
    this.#memories = memories;
    return last;
  }

  /** The mixing part at one token; the memory with its key and value is put at the end of `memories`. */
  #mix(
    block: Block,
    l: number,
    x: Matrix,
    position: number,
    memories: Remembered[],
  ): Mixed<Matrix> {
    const incremental = incrementalOf(block);
    const own = this.#own[l];
    return block.mixBy(eager, own.block, x, (read) => {
      const token = read();
      const memory = joined(this.#memories[l], incremental.remember(own.layer, token, [position]));
      memories.push(memory);
      return incremental.recall(own.layer, token, memoryOf(memory));
    });
  }
}

/** How the layer of a block reads token after token. The constructor has seen that it can. */
function incrementalOf({ layer: { incremental, name } }: Block): Incremental {
  if (!incremental)
    throw new DomainError(`NetworkCache: a layer that remembers is required, got ${name}`);
  return incremental;
}

const memoryOf = ({ keys, values, positions }: Remembered): LayerMemory => ({
  keys: viewOf(keys),
  values: viewOf(values),
  positions,
});

function joined(before: Remembered | null, own: LayerMemory): Remembered {
  if (before === null) {
    const { keys, values, positions } = own;
    return { keys: rowsOf(keys), values: rowsOf(values), positions: [...positions] };
  }
  return {
    keys: extended(before.keys, own.keys),
    values: extended(before.values, own.values),
    positions: [...before.positions, ...own.positions],
  };
}
