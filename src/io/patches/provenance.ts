/**
 * What a patch was made from, in hashes: nothing of the context itself, no date, no path.
 *
 * @module
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Variant } from '../../icl/index.ts';
import { readIfThere } from '../files.ts';
import { refusing } from '../format-error.ts';
import { parseJson } from '../hugging-face/describe.ts';
import { sha256OfFile, sha256OfText } from '../sha256.ts';

/** What a patch was made from, and how. */
export interface Provenance {
  /** Section of the theorem, as in src/icl/README.md. */
  readonly theorem: string;
  readonly variant: Variant;
  /** Of this package. */
  readonly version: string;
  /** SHA-256 by the names of the files. */
  readonly model: Readonly<Record<string, string>>;
  /** SHA-256 of the ids of the removed tokens, and of those that stay: decimal, between commas. */
  readonly removed: string;
  readonly kept: string;
  /** Positions of the tokens that stay, and how many tokens there were. */
  readonly positions: readonly number[];
  readonly length: number;
}

/** The SHA-256 of token ids, written in decimal with commas between. */
export const sha256OfIds = (ids: readonly number[]): string => sha256OfText(ids.join(','));

/** SHA-256 of `config.json` and of every file with weights, by name. @throws FileError or FormatError if one cannot be read. */
export function sha256OfModel(folder: string): Record<string, string> {
  const names = ['config.json', ...weightFiles(folder)];
  return Object.fromEntries(names.map((name) => [name, sha256OfFile(join(folder, name))]));
}

/** `model.safetensors`, or the index and its shards, which `loadCheckpoint` has checked. */
function weightFiles(folder: string): string[] {
  const index = 'model.safetensors.index.json';
  const path = join(folder, index);
  const single = 'model.safetensors';
  const bytes = existsSync(join(folder, single)) ? undefined : readIfThere(path);
  if (bytes === undefined) return [single];
  const refuse = refusing('sha256OfModel', path);
  const found = parseJson(new TextDecoder().decode(bytes), refuse);
  const map =
    typeof found === 'object' && found !== null && 'weight_map' in found && found.weight_map;
  if (typeof map !== 'object' || map === null) throw refuse('a weight_map is required', 'none');
  return [index, ...[...new Set(Object.values(map).map(String))].sort()];
}
