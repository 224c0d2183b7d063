/**
 * Errors on their way from one thread to another.
 *
 * A structured clone keeps of an error its message and forgets its class. Here it keeps both, and the
 * fields, for the classes that deltaw throws on purpose; any other error keeps its name.
 *
 * @module
 */
import {
  DegenerateBase,
  DomainError,
  NonFiniteError,
  ShapeError,
  StateError,
} from '../linalg/errors.ts';
import {
  ConvergenceError,
  NotPositiveDefinite,
  SingularMatrix,
} from '../linalg/factorisation-errors.ts';
import { FileError } from './files.ts';

const CLASSES: Readonly<Record<string, { readonly prototype: Error }>> = {
  ConvergenceError,
  DegenerateBase,
  DomainError,
  FileError,
  NonFiniteError,
  NotPositiveDefinite,
  RangeError,
  ShapeError,
  SingularMatrix,
  StateError,
  TypeError,
};

/** What is left of an error in a message. */
export interface PackedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Fields of its own, such as the index of a pivot. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export function packError(thrown: unknown): PackedError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const { name, message, stack } = error;
  return { name, message, stack, fields: { ...error } };
}

/** An error of the same class, name, message, stack and fields. */
export function unpackError({ name, message, stack, fields }: PackedError): Error {
  const error = new Error(message);
  if (Object.hasOwn(CLASSES, name)) Object.setPrototypeOf(error, CLASSES[name].prototype);
  else Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true });
  Object.defineProperty(error, 'stack', { value: stack, configurable: true, writable: true });
  return Object.assign(error, fields);
}
