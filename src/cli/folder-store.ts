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
  readonly #prefixes: readonly string[];
  /** The file that was read last: what an error while reading speaks of. */
  lastRead: string | undefined;

  /** States called PREFIX or PREFIX.ANYTHING belong to the run. */
  constructor(folder: string, prefixes: readonly string[]) {
    this.#folder = folder;
    this.#prefixes = prefixes;
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

  /** Removes all states of the run. */
  clear(): void {
    for (const file of readdirSync(this.#folder)) {
      if (!file.endsWith(ENDING)) continue;
      const [prefix] = file.slice(0, -ENDING.length).split('.');
      if (this.#prefixes.includes(prefix)) removeIfThere(join(this.#folder, file));
    }
  }
}
