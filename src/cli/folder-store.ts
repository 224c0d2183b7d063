/**
 * A store of states in a folder: NAME-state.bin.
 *
 * @module
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '../experiments/experiment.ts';
import { readIfThere, removeIfThere, writeWhole } from '../io/index.ts';

const ENDING = '-state.bin';

export class FolderStore implements Store {
  readonly #folder: string;
  /** The file that was read last: what an error while reading speaks of. */
  lastRead: string | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  pathOf(name: string): string {
    return join(this.#folder, `${name}${ENDING}`);
  }

  read(name: string): Uint8Array | undefined {
    const bytes = readIfThere(this.pathOf(name));
    if (bytes) this.lastRead = this.pathOf(name);
    return bytes;
  }

  write(name: string, bytes: Uint8Array): void {
    writeWhole(this.pathOf(name), bytes);
  }

  /** The names of all states. */
  names(): string[] {
    return readdirSync(this.#folder)
      .filter((file) => file.endsWith(ENDING))
      .map((file) => file.slice(0, -ENDING.length));
  }

  /** Removes the states called PREFIX or PREFIX.ANYTHING. */
  remove(prefixes: readonly string[]): void {
    for (const name of this.names()) {
      if (prefixes.includes(name.split('.')[0])) removeIfThere(this.pathOf(name));
    }
  }
}
