/**
 * Running operations with or without recording them.
 *
 * A layer is written once, over an `Evaluator`: `eager` computes values and forgets how, a `Tape`
 * also remembers, for gradients. Both call the same `forward`, so a proof about the eager value is
 * a proof about what training computed.
 *
 * @module
 */
import type { Matrix } from '../linalg/index.ts';
import type { Op } from './op.ts';

/** Something that can apply operations to values of type V. */
export interface Evaluator<V> {
  /** A value that no gradient is asked of. */
  constant(value: Matrix): V;
  /** The value of `op` at the arguments. */
  apply<Saved>(op: Op<Saved>, ...args: readonly V[]): V;
  /** The matrix behind a value. */
  read(value: V): Matrix;
}

/** Computes at once; a value is its matrix. */
export const eager: Evaluator<Matrix> = {
  constant: (value) => value,
  apply: (op, ...args) => op.forward(args).value,
  read: (value) => value,
};
