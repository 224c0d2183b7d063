/**
 * Text to token ids and back, by the package `@huggingface/tokenizers` where it is installed.
 *
 * The package is an optional peer: it is asked for when a text is to be read, and not before. All else
 * takes token ids and works without it.
 *
 * @module
 */
import { join } from 'node:path';
import { FileError, readIfThere } from '../files.ts';
import { quoted, type Refuse, refusing } from '../format-error.ts';
import { parseJson } from './describe.ts';

/** The package is not installed. */
export class MissingPackageError extends FileError {
  override readonly name: string = 'MissingPackageError';
}

/** Text to token ids and back. */
export interface Tokenizer {
  /** The ids of a text. With `special` (the default) those that the model expects around it too. */
  encode(text: string, special?: boolean): number[];
  /** The text of token ids, without special tokens. */
  decode(ids: readonly number[]): string;
  /** The name of one token in the vocabulary, or null if there is none. */
  nameOf(id: number): string | null;
}

/** What is used of the package. */
export interface TokenizersPackage {
  readonly Tokenizer: new (tokenizer: object, config: object) => PackageTokenizer;
}

interface PackageTokenizer {
  encode(text: string, options: { add_special_tokens: boolean }): { readonly ids: number[] };
  decode(ids: number[], options: { skip_special_tokens: boolean }): string;
  id_to_token(id: number): string | undefined;
}

const VOCABULARY = 'tokenizer.json';
const CONFIG = 'tokenizer_config.json';
const PACKAGE = '@huggingface/tokenizers';

/**
 * The tokenizer of a checkpoint's folder: `tokenizer.json`, and `tokenizer_config.json` if it is there.
 *
 * @throws MissingPackageError where the package is not installed; FileError if there is no `tokenizer.json`; FormatError
 * naming a file that the package cannot read.
 */
export async function loadTokenizer(
  folder: string,
  load: () => Promise<TokenizersPackage> = () => import('@huggingface/tokenizers'),
): Promise<Tokenizer> {
  const path = join(folder, VOCABULARY);
  const refuse = refusing('loadTokenizer', path);
  const vocabulary = jsonIn(path, refuse);
  if (vocabulary === undefined) {
    throw new FileError(`loadTokenizer: ${folder} must hold ${VOCABULARY}, got none`);
  }
  const configPath = join(folder, CONFIG);
  const config = jsonIn(configPath, refusing('loadTokenizer', configPath)) ?? {};
  const { Tokenizer } = await packageFrom(load);
  const own = attempt(refuse, () => new Tokenizer(vocabulary, config));
  return {
    encode: (text, special = true) =>
      attempt(refuse, () => own.encode(text, { add_special_tokens: special }).ids),
    decode: (ids) => attempt(refuse, () => own.decode([...ids], { skip_special_tokens: true })),
    nameOf: (id) => own.id_to_token(id) ?? null,
  };
}

async function packageFrom(load: () => Promise<TokenizersPackage>): Promise<TokenizersPackage> {
  try {
    return await load();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new MissingPackageError(
      `loadTokenizer: to read or write text the package ${PACKAGE} must be installed ` +
        `(npm install ${PACKAGE}; token ids work without it), got ${reason}`,
    );
  }
}

/** The object in a file, or undefined if there is no file. */
function jsonIn(path: string, refuse: Refuse): object | undefined {
  const bytes = readIfThere(path);
  if (bytes === undefined) return undefined;
  const value = parseJson(new TextDecoder().decode(bytes), refuse);
  if (typeof value !== 'object' || value === null) throw refuse('an object is required', 'another');
  return value;
}

/** What the package makes of a file, or the error that says which file it was. */
function attempt<T>(refuse: Refuse, f: () => T): T {
  try {
    return f();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw refuse(`a file that ${PACKAGE} reads is required`, quoted(reason));
  }
}
