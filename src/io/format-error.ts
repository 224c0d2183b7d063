/**
 * Refusing a file whose content is not what its format requires.
 *
 * @module
 */
import { FileError } from './files.ts';

/** A file that can be read and whose content breaks its format: damaged, cut short, or made to deceive. */
export class FormatError extends FileError {
  override readonly name: string = 'FormatError';
}

/** The error that says what was required and what was found, for one function and one file. */
export type Refuse = (required: string, got: string) => FormatError;

/** Errors that read `caller: path: what is required, got what`. */
export const refusing =
  (caller: string, path: string): Refuse =>
  (required, got) =>
    new FormatError(`${caller}: ${path}: ${required}, got ${got}`);

/** A name from a file in quotes, without control characters, and cut off where it is very long. */
export function quoted(name: string): string {
  const text = JSON.stringify(name.length > 120 ? `${name.slice(0, 120)}…` : name);
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (c) => `\\u{${c.codePointAt(0)?.toString(16)}}`);
}
