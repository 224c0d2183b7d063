/**
 * What the operations of recurrent layers share: a whole sequence in one operation, the input
 * projected before.
 *
 * @module
 */
import { type Matrix, matrix } from '../linalg/index.ts';
import * as kernels from '../linalg/kernels.ts';
import { type Op, probeMatrix, requireShapes } from './op.ts';
import { lastRows } from './ops/select.ts';
import { areSequences, requirePositiveIntegers } from './options.ts';

/** What a recurrent operation is made for. */
export interface RecurrentOptions {
  /** Sequences folded into the rows. */
  readonly batch: number;
  /** Whether the value is the last state of each sequence only. Default: false, every state. */
  readonly queryRow?: boolean;
}

type Arrays = readonly Float64Array[];

/** One kind of recurrence with states of h numbers; arguments z (B·T)×(g·h), W (g·h)×h, then rows. */
export interface Cell<Memory> {
  readonly name: string;
  /** g: blocks of h numbers in a row of z. */
  readonly gates: number;
  /** Blocks of h numbers in each of the single rows that follow W: bias, initial state … */
  readonly rows: readonly number[];
  /** The arguments in words. */
  readonly needs: string;
  /** All states, (B·T)×h, and what `backward` needs of the way there. */
  forward(sizes: kernels.RecurrentSizes, args: Arrays): { states: Float64Array; memory: Memory };
  /** Writes the gradient of each argument, in order, from that of all states. */
  backward(
    sizes: kernels.RecurrentSizes,
    args: Arrays,
    run: { states: Float64Array; memory: Memory },
    dstates: Float64Array,
    gradients: Arrays,
  ): void;
}

interface Saved<Memory> {
  readonly sizes: kernels.RecurrentSizes;
  readonly args: readonly Matrix[];
  readonly run: { states: Float64Array; memory: Memory };
}

/** The operation of a cell. */
export function recurrentOp<Memory>(
  cell: Cell<Memory>,
  { batch, queryRow = false }: RecurrentOptions,
): Op<Saved<Memory>> {
  requirePositiveIntegers(cell.name, { batch });
  return {
    name: `${cell.name}(batch ${batch}${queryRow ? ', query row' : ''})`,
    forward(args) {
      const [z, W, ...rows] = args;
      const needs = `${cell.needs} for ${batch} sequences are required`;
      requireShapes(cell.name, needs, args, 2 + cell.rows.length, () => {
        const h = W.cols;
        return (
          h > 0 &&
          W.rows === cell.gates * h &&
          z.cols === cell.gates * h &&
          areSequences(z.rows, batch) &&
          rows.every((row, i) => row.rows === 1 && row.cols === cell.rows[i] * h)
        );
      });
      const sizes = { batch, tokens: z.rows / batch, width: W.cols };
      const run = cell.forward(sizes, dataOf(args));
      const all = matrix(z.rows, sizes.width, run.states);
      const value = queryRow
        ? lastRows(sizes.tokens).forward([all]).value
        : matrix(all.rows, all.cols, all.data.slice());
      return { value, saved: { sizes, args, run } };
    },
    backward(dy, { sizes, args, run }) {
      const dstates = queryRow ? lastRows(sizes.tokens).backward(dy, args[0].rows, [true])[0] : dy;
      const gradients = args.map((arg) => matrix(arg.rows, arg.cols));
      if (dstates) cell.backward(sizes, dataOf(args), run, dstates.data, dataOf(gradients));
      return gradients;
    },
    /** Weights of size 1/3: the difference quotients of a long chain of steep maps would be coarse. */
    probe(random) {
      const [tokens, h] = [4, 3];
      const W = probeMatrix(cell.gates * h, h, random);
      kernels.scale(1 / 3, W.data, W.data);
      return [
        probeMatrix(batch * tokens, cell.gates * h, random),
        W,
        ...cell.rows.map((blocks) => probeMatrix(1, blocks * h, random)),
      ];
    },
  };
}

const dataOf = (args: readonly Matrix[]): Float64Array[] => args.map(({ data }) => data);
