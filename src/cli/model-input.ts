/**
 * What the commands on checkpoints have in common: a model from a folder, and a prompt as text, files or token ids.
 *
 *   prompt   begin token, where there is one; context; query
 *   keep     begin token and query, or all but what --remove names
 *
 * Context and query are made into tokens apart from each other, so that where one ends is where a token ends. The begin
 * token belongs to neither: with the context and without it, it is there.
 *
 * @module
 */
import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import {
  type Checkpoint,
  FileError,
  FormatError,
  loadCheckpoint,
  loadTokenizer,
  readIfThere,
  type Tokenizer,
} from '../io/index.ts';
import { DomainError } from '../linalg/index.ts';
import { requireTokenIds } from '../model/index.ts';
import { type Flags, type Given, UsageError } from './options.ts';
import { type TextTokens, textTokens } from './text-tokens.ts';

/** The model that comes with the package. */
const EMBEDDED = resolve(import.meta.dirname, '..', '..', 'models', 'moby-dick');

export const MODEL_FLAG: Flags = {
  model: {
    kind: 'text',
    value: 'DIR',
    help: 'a Hugging Face folder (default: the model that comes along)',
  },
};

export const PROMPT_FLAGS: Flags = {
  context: { kind: 'text', value: 'TEXT', help: 'what is removed from the prompt' },
  'context-file': { kind: 'text', value: 'FILE', help: 'the same from a file, as it stands' },
  'context-ids': { kind: 'text', value: 'IDS', help: 'the same as token ids: 403,407,261' },
  query: { kind: 'text', value: 'TEXT', help: 'what follows the context, and stays' },
  'query-file': { kind: 'text', value: 'FILE', help: 'the same from a file, as it stands' },
  'query-ids': { kind: 'text', value: 'IDS', help: 'the same as token ids' },
  remove: {
    kind: 'text',
    value: 'A:B',
    help: 'remove tokens A to B−1 of the whole prompt instead; several: 3:9,12:40',
  },
  'no-begin': {
    kind: 'switch',
    help: 'no begin token before a text; one that leads ids belongs to the context',
  },
};

/** For --help: what the flags above do not say. */
export const PROMPT_HELP: string = `Begin token: put before a text where the tokenizer does so, and recognised where ids begin with it. It
stays in both runs unless --remove or --no-begin says otherwise. Ids are taken as they are.`;

/** A model that has been read. */
export interface OpenModel {
  /** The last part of the folder's name. */
  readonly name: string;
  readonly folder: string;
  readonly checkpoint: Checkpoint;
  /** Null where the package or `tokenizer.json` is missing. */
  readonly tokenizer: Tokenizer | null;
}

/** A sequence of tokens, and which of them stay. */
export interface Prompt {
  readonly ids: readonly number[];
  readonly keep: readonly number[];
  /** How many tokens are begin tokens, of the context and of the query. */
  readonly begin: number;
  readonly context: number;
  readonly query: number;
}

/** Text, or token ids as they are. */
export type Words = string | readonly number[];

/** Context and query; the context is null where --remove says what to remove. */
export interface PromptWords {
  readonly context: Words | null;
  readonly query: Words;
}

/**
 * The model of --model. The tokenizer is looked at first, so that a text that nothing can read ends the
 * command before the weights are read; without `needsText` it may be missing.
 *
 * @throws FileError or FormatError as `loadCheckpoint` and `loadTokenizer`.
 */
export async function openModel(
  command: string,
  { texts }: Given,
  needsText: boolean,
): Promise<OpenModel> {
  const folder = texts['model'] ?? EMBEDDED;
  if (!existsSync(join(folder, 'config.json'))) {
    if (texts['model'] === undefined) {
      throw new UsageError(`${command}: --model is required, as no model came along, got none`);
    }
    throw new FileError(`--model: a folder with config.json is required, got ${folder}`);
  }
  const tokenizer = await loadTokenizer(folder).catch((error: unknown) => {
    // What is not there is not needed for ids; what is there and broken is an error.
    if (needsText || error instanceof FormatError || !(error instanceof FileError)) throw error;
    return null;
  });
  return { name: basename(resolve(folder)), folder, checkpoint: loadCheckpoint(folder), tokenizer };
}

/**
 * Context or query as given: one of --NAME, --NAME-file and --NAME-ids, or null.
 *
 * @throws UsageError if there are several, or ids are none; FileError if the file is not there or not UTF-8.
 */
export function wordsOf(command: string, { texts }: Given, name: string): Words | null {
  const flags = [name, `${name}-file`, `${name}-ids`].filter((flag) => Object.hasOwn(texts, flag));
  if (flags.length > 1) {
    const all = flags.map((flag) => `--${flag}`).join(' and ');
    throw new UsageError(`${command}: the ${name} is given once, got ${all}`);
  }
  const [flag] = flags;
  if (flag === undefined) return null;
  if (flag === name) return texts[flag];
  return flag.endsWith('-file') ? textIn(texts[flag]) : idsOf(command, flag, texts[flag]);
}

/** The text of a file, as it stands. @throws FileError if it is not there or not UTF-8. */
export function textIn(path: string): string {
  const bytes = readIfThere(path);
  if (bytes === undefined) throw new FileError(`${path} must be a file, got none`);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new FileError(`${path} must be text in UTF-8, got other bytes`);
  }
}

function idsOf(command: string, flag: string, text: string): readonly number[] {
  const ids = idsIn(text);
  if (ids !== null) return ids;
  throw new UsageError(`${command}: --${flag} needs numbers such as 403,407,261, got '${text}'`);
}

/** Token ids between commas or white space; null if the text is something else. */
export function idsIn(text: string): readonly number[] | null {
  if (!/^\s*\d+(?:[\s,]+\d+)*\s*$/.test(text)) return null;
  return text
    .trim()
    .split(/[\s,]+/)
    .map(Number);
}

/**
 * The tokens of a text, or ids as they are; `begin` is what stands before them, and is left out without `withBegin`.
 *
 * @throws DomainError naming `what` if a character or an id is none of the model's.
 */
export function tokensOf(
  what: string,
  { checkpoint: { model, beginToken }, tokenizer }: OpenModel,
  words: Words,
  withBegin: boolean,
): TextTokens {
  if (typeof words === 'string') {
    if (tokenizer === null) throw new Error('tokensOf: a tokenizer is required, got none');
    const { begin, ids } = textTokens(what, tokenizer, words);
    if (ids.length > 0) requireTokenIds(what, model, ids);
    return { begin: withBegin ? begin : [], ids };
  }
  requireTokenIds(what, model, words);
  const leads = withBegin && words[0] === beginToken;
  return leads ? { begin: words.slice(0, 1), ids: words.slice(1) } : { begin: [], ids: words };
}

/**
 * The prompt of these words. `more` tokens are to be generated after it.
 *
 * @throws UsageError if --remove does not fit; DomainError if context or query have no token, a character or an id is
 * none of the model's, or there are more tokens than the model was made for.
 */
export function promptOf(
  command: string,
  model: OpenModel,
  given: Given,
  { context, query }: PromptWords,
  more = 0,
): Prompt {
  const withBegin = !given.switches.has('no-begin');
  const own = (what: string, words: Words, first: boolean): TextTokens => {
    const found = tokensOf(`${command}: the ${what}`, model, words, first && withBegin);
    if (found.ids.length > 0) return found;
    throw new DomainError(`${command}: the ${what} must be one token at least, got none`);
  };
  const before = context === null ? null : own('context', context, true);
  const after = own('query', query, before === null);
  const begin = (before ?? after).begin;
  const length = before?.ids.length ?? 0;
  const ids = [...begin, ...(before?.ids ?? []), ...after.ids];
  requireRoom(command, model.checkpoint, ids.length, more);
  const remove = given.texts['remove'] ?? `${begin.length}:${begin.length + length}`;
  const removed = removedOf(command, remove, ids.length);
  const keep = ids.flatMap((_, t) => (removed.has(t) ? [] : [t]));
  return { ids, keep, begin: begin.length, context: length, query: after.ids.length };
}

/**
 * Context and query as given.
 *
 * @throws UsageError if one is missing or given twice; FileError if a file cannot be read.
 */
export function promptWords(command: string, given: Given): PromptWords {
  const [context, query] = [wordsOf(command, given, 'context'), wordsOf(command, given, 'query')];
  const missing = (what: string): UsageError =>
    new UsageError(`${command}: --${what}, --${what}-file or --${what}-ids is required, got none`);
  if (query === null) throw missing('query');
  if (context === null && given.texts['remove'] === undefined) throw missing('context');
  return { context, query };
}

/** @throws DomainError if the model was made for fewer tokens. */
function requireRoom(command: string, { context }: Checkpoint, prompt: number, more: number): void {
  if (context === null || prompt + more <= context) return;
  throw new DomainError(
    `${command}: the model reads at most ${context} tokens, got ${prompt} of the prompt` +
      `${more > 0 ? ` and ${more} to be generated` : ''}`,
  );
}

/** @throws UsageError unless they are ranges A:B of the prompt that leave its last token. */
function removedOf(command: string, text: string, length: number): ReadonlySet<number> {
  const removed = new Set<number>();
  for (const range of text.split(',')) {
    const [, a, b] = /^\s*(\d+):(\d+)\s*$/.exec(range) ?? [];
    const [from, to] = [Number(a), Number(b)];
    if (!(from < to && to < length)) {
      throw new UsageError(
        `${command}: --remove needs A:B with 0 ≤ A < B ≤ ${length - 1}, as the prompt has ${length} tokens ` +
          `and the last of them stays, got '${range}'`,
      );
    }
    for (let t = from; t < to; t++) removed.add(t);
  }
  return removed;
}
