/**
 * A file that is read at given places, never as a whole.
 *
 * @module
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { FileError } from './files.ts';
import { FormatError } from './format-error.ts';

/** Bytes asked for at once; Node allows 2^31 − 1. */
const MOST_AT_ONCE = 2 ** 30;

/** A regular file, open for reading. */
export class OpenFile {
  readonly path: string;
  /** Its length when it was opened. */
  readonly bytes: number;
  readonly #caller: string;
  #descriptor: number | undefined;

  /** @throws FileError naming the file if it cannot be opened or is no regular file. */
  constructor(caller: string, path: string) {
    this.path = path;
    this.#caller = caller;
    try {
      // Opening a pipe waits for a writer, so it is looked at first.
      if (!statSync(path).isFile()) throw new Error('something else');
      this.#descriptor = openSync(path, 'r');
      this.bytes = fstatSync(this.#descriptor).size;
    } catch (error) {
      this.close();
      throw new FileError(`${caller}: ${path} must be a file that can be read, got ${why(error)}`);
    }
  }

  /**
   * Fills `into` with the bytes from `position` on.
   *
   * @throws FormatError if the file ends before; FileError if it is closed or cannot be read.
   */
  read(into: Uint8Array, position: number): void {
    const descriptor = this.#descriptor;
    if (descriptor === undefined) {
      throw new FileError(`${this.#caller}: ${this.path} must be open, got one that was closed`);
    }
    for (let done = 0; done < into.length; ) {
      const wanted = Math.min(into.length - done, MOST_AT_ONCE);
      const got = this.#attempt(() => readSync(descriptor, into, done, wanted, position + done));
      if (got === 0) {
        throw new FormatError(
          `${this.#caller}: ${this.path} must have ${position + into.length} bytes, got ` +
            `${position + done}`,
        );
      }
      done += got;
    }
  }

  /** Lets go of the file. A second time does nothing. */
  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #attempt(read: () => number): number {
    try {
      return read();
    } catch (error) {
      throw new FileError(`${this.#caller}: ${this.path} must be readable, got ${why(error)}`);
    }
  }
}

const why = (error: unknown): string => (error instanceof Error ? error.message : String(error));
