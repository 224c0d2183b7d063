/**
 * What a differentiable operation is.
 *
 * An operation is one record in one file: its name, its value, its vector-Jacobian product, and
 * inputs it may be checked on. `probe` is not optional, so there is no way to add an operation
 * that the gradient check never sees. An operation with attributes is made by a factory that
 * returns such a record.
 *
 * @module
 */
import { type Matrix, matrix, type Random, requireMatrix, ShapeError } from '../linalg/index.ts';

export interface Op<Saved = unknown> {
  readonly name: string;
  /** What the factory was given, for evaluators that compute something else than the value. */
  readonly attributes?: Readonly<Record<string, number | boolean>>;
  /** The value, and whatever `backward` will need again. Arguments are read, never changed. */
  forward(args: readonly Matrix[]): { value: Matrix; saved: Saved };
  /**
   * From dL/dvalue, dL/darg for each argument: same order, same shapes. Where `needed[i]` is false
   * nobody will read the gradient of argument i, and null may stand in its place.
   */
  backward(dvalue: Matrix, saved: Saved, needed: readonly boolean[]): readonly (Matrix | null)[];
  /** Arguments of size about 1, away from kinks and poles, for finite-difference checks. */
  probe(random: Random): readonly Matrix[];
}

/**
 * Refuses a call with another number of arguments, or shapes that do not fit.
 *
 * @throws ShapeError `name: requirement, got the shapes of all arguments`.
 */
export function requireShapes(
  name: string,
  requirement: string,
  args: readonly Matrix[],
  count: number,
  fits: () => boolean,
): void {
  args.forEach((arg, i) => {
    requireMatrix(name, `argument ${i}`, arg);
  });
  if (args.length !== count || !fits()) {
    const shapes = args.map((arg) => `${arg.rows}x${arg.cols}`).join(', ');
    throw new ShapeError(`${name}: ${requirement}, got ${shapes || 'no arguments'}`);
  }
}

/** A rows×cols matrix of draws from [−1, 1): the usual probe. */
export function probeMatrix(rows: number, cols: number, random: Random): Matrix {
  const result = matrix(rows, cols);
  random.fillUniform(result.data, -1, 1);
  return result;
}
