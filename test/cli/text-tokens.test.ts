import { expect, test } from 'vitest';
import { continuation, tokenText } from '../../src/cli/continuation.ts';
import { textTokens } from '../../src/cli/text-tokens.ts';
import type { Tokenizer } from '../../src/io/index.ts';

/** Letters; <s> before a text where asked; decoding drops special tokens and a space at the beginning. */
const NAMES = ['<s>', ...'abc ', '<end>'];
const tokenizer: Tokenizer = {
  encode(text, special = true) {
    const ids = (text.match(/<s>|<end>|[abc ]/g) ?? []).map((part) => NAMES.indexOf(part));
    return special ? [0, ...ids] : ids;
  },
  decode: (ids) =>
    ids
      .filter((id) => id !== 0 && id !== 5)
      .map((id) => NAMES[id])
      .join('')
      .replace(/^ /, ''),
  nameOf: (id) => NAMES[id] ?? null,
};

test('a begin token is what the tokenizer puts before a text', () => {
  expect(textTokens('x', tokenizer, 'ab a')).toEqual({ begin: [0], ids: [1, 2, 4, 1] });
  expect(textTokens('x', tokenizer, '')).toEqual({ begin: [], ids: [] });
});

test.each([
  ['abd', 'd'],
  ['d', 'd'],
  ['a日b', '日'],
  ['ab😀', '😀'],
])('%j is refused for the character %j, which the tokenizer would leave out', (text, character) => {
  expect(() => textTokens('the context', tokenizer, text)).toThrow(
    `the context: every character must have a token in the vocabulary, got "${character}"`,
  );
});

test('special tokens that a text spells out are no loss', () => {
  expect(textTokens('x', tokenizer, 'ab<end>c').ids).toEqual([1, 2, 5, 3]);
  expect(() => textTokens('x', tokenizer, 'ab<end>d')).toThrow('got "d"');
});

test('a token is shown as the text that it adds, or by its name where it adds none', () => {
  expect(continuation(tokenizer, [1, 2], [4, 3])).toBe(' c');
  expect(continuation(tokenizer, [], [4, 3])).toBe('c');
  expect(continuation(tokenizer, [1], [])).toBe('');
  expect(continuation(null, [1], [2])).toBeNull();
  expect([4, 5].map((id) => tokenText(tokenizer, [1], id))).toEqual([' ', '<end>']);
  expect(tokenText(null, [1], 4)).toBeNull();
});
