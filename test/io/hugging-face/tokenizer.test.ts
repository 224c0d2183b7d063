/**
 * Text and token ids: what the package gives on a real vocabulary, and what is said without it.
 *
 * @module
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  FileError,
  FormatError,
  loadTokenizer,
  MissingPackageError,
} from '../../../src/io/index.ts';
import { tokensOf } from '../../support/imports.ts';
import { MODELS } from '../../support/models.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'deltaw-tokenizer-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Whole words, split at spaces. */
const WORDS = {
  version: '1.0',
  ...{ truncation: null, padding: null, added_tokens: [], normalizer: null },
  pre_tokenizer: { type: 'WhitespaceSplit' },
  ...{ post_processor: null, decoder: null },
  model: {
    ...{ type: 'WordPiece', unk_token: '?', continuing_subword_prefix: '##' },
    ...{ max_input_chars_per_word: 100, vocab: { '?': 0, call: 1, me: 2, ishmael: 3 } },
  },
};
const write = (name: string, content: unknown): void =>
  writeFileSync(
    join(folder, name),
    typeof content === 'string' ? content : JSON.stringify(content),
  );

test('a vocabulary of words gives ids, names and the text again', async () => {
  write('tokenizer.json', WORDS);
  const tokenizer = await loadTokenizer(folder);
  expect(tokenizer.encode('call me ishmael')).toEqual([1, 2, 3]);
  expect(tokenizer.encode('me whale', false)).toEqual([2, 0]);
  expect(tokenizer.decode([1, 2, 3])).toBe('call me ishmael');
  expect([tokenizer.nameOf(3), tokenizer.nameOf(4)]).toEqual(['ishmael', null]);
});

test('without the package the message names it, and says that token ids work', async () => {
  write('tokenizer.json', WORDS);
  const absent = () => Promise.reject(new Error('Cannot find package'));
  const loading = loadTokenizer(folder, absent);
  await expect(loading).rejects.toThrow(MissingPackageError);
  await expect(loading).rejects.toThrow(
    /package @huggingface\/tokenizers must be installed .*token ids work without it.*Cannot find/,
  );
});

test('the package is asked for by a dynamic import only, when a text is read', () => {
  const path = join(import.meta.dirname, '../../../src/io/hugging-face/tokenizer.ts');
  const tokens = tokensOf(readFileSync(path, 'utf8'));
  const uses = tokens.flatMap(({ kind, text }, i) =>
    kind === 'string' && text === '@huggingface/tokenizers' ? [tokens[i - 1]?.text] : [],
  );
  expect(uses.sort()).toEqual(['(', '=']); // import(…), and the name in messages
});

describe('refused are', () => {
  test('a folder without a vocabulary', async () => {
    const empty = mkdtempSync(join(folder, 'empty-'));
    await expect(loadTokenizer(empty)).rejects.toThrow(FileError);
    await expect(loadTokenizer(empty)).rejects.toThrow('must hold tokenizer.json, got none');
  });

  test.each([
    ['{"version', 'JSON is required'],
    ['[1', 'JSON is required'],
    ['7', 'an object is required'],
    ['{}', 'a file that @huggingface/tokenizers reads is required'],
    ['{"model":{"type":"Alphabet"}}', 'a file that @huggingface/tokenizers reads is required'],
  ])('the vocabulary %s', async (text, message) => {
    write('tokenizer.json', text);
    await expect(loadTokenizer(folder)).rejects.toThrow(FormatError);
    await expect(loadTokenizer(folder)).rejects.toThrow(`tokenizer.json: ${message}`);
  });
});

describe.each(MODELS === undefined ? [] : ['stories260K'])('%s', (name) => {
  const own = join(MODELS ?? '', name);

  test('encodes as the golden values say, and decodes to the text again', async () => {
    const golden = JSON.parse(readFileSync(join(own, 'golden.json'), 'utf8'));
    const tokenizer = await loadTokenizer(own);
    expect(golden.encodings.length).toBeGreaterThan(0);
    for (const { text, ids } of golden.encodings) {
      expect(tokenizer.encode(text), text).toEqual(ids);
      expect(tokenizer.decode(ids)).toBe(text);
    }
    expect(tokenizer.encode(golden.prompt)).toEqual(golden.ids);
    expect(tokenizer.encode('Once', false)).not.toContain(1);
  });
});
