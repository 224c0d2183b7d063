/**
 * Where the parameters of a model lie among the tensors of a checkpoint.
 *
 * A family names the tensors of one block and those around the blocks. Which shape each has follows from the
 * model: a weight (named with a capital here) is stored [out, in], all else is a row of numbers.
 *
 * @module
 */
import type { ParameterShapes } from '../../model/index.ts';

/** Where one parameter is stored. */
export interface Stored {
  readonly tensor: string;
  /** Whether it is stored [in, out], as by the Conv1D of GPT-2. */
  readonly transposed?: boolean;
  /** Where several parameters share a tensor: how many outputs it has, and which of them is output i. */
  readonly fused?: Fused;
}

export interface Fused {
  readonly outputs: number;
  at(i: number): number;
}

/** The same, with what follows from the parameter. */
export interface Place extends Stored {
  /** Sizes of the stored tensor. */
  readonly shape: readonly number[];
  /** Whether it belongs to what reads the logits, which stands outside the body of the model. */
  readonly head: boolean;
}

/** Tensors by the names of parameters; of a block without its number. A text stands for { tensor: text }. */
export interface TensorNames {
  /** What stands before the number of a block, and a dot: `h`. */
  readonly blocks: string;
  readonly around: Readonly<Record<string, string>>;
  block(name: string): Stored | string | undefined;
}

/** A place for each parameter. @throws Error if a family forgot one, which is no fault of a file. */
export function placesOf(
  shapes: ParameterShapes,
  { blocks, around, block }: TensorNames,
): Readonly<Record<string, Place>> {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, { rows, cols }]) => {
      const [, number, rest] = /^blocks\.(\d+)\.(.*)$/.exec(name) ?? [];
      const found = rest === undefined ? around[name] : block(rest);
      if (found === undefined) throw new Error(`placesOf: no tensor is named for ${name}`);
      const stored = typeof found === 'string' ? { tensor: found } : found;
      const tensor = rest === undefined ? stored.tensor : `${blocks}.${number}.${stored.tensor}`;
      const isWeight = /^[A-Z]/.test(name.split('.').at(-1) ?? '');
      const outputs = stored.fused?.outputs ?? (isWeight ? rows : cols);
      const [out, into] = [outputs, cols];
      const shape = isWeight ? (stored.transposed ? [into, out] : [out, into]) : [out];
      return [name, { ...stored, tensor, shape, head: name === 'U' || name === 'u' }];
    }),
  );
}

/** Part k of three that stand one after another, `each` outputs long: q, k and v of GPT-2. */
export const third = (k: number, each: number): Fused => ({
  outputs: 3 * each,
  at: (i) => k * each + i,
});

/** Part k of three within every head of `width` outputs: q, k and v of NeoX. */
export const thirdOfHeads = (k: number, heads: number, width: number): Fused => ({
  outputs: 3 * heads * width,
  at: (i) => (3 * Math.floor(i / width) + k) * width + (i % width),
});
