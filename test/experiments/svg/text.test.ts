import { expect, test } from 'vitest';
import {
  coordinate,
  escapeMarkup,
  textWidth,
  wrapText,
} from '../../../src/experiments/svg/text.ts';

test('the five characters of markup are escaped and control characters replaced', () => {
  expect(escapeMarkup(`<a href="x">&'`)).toBe('&lt;a href=&quot;x&quot;&gt;&amp;&#39;');
  expect(escapeMarkup('a\u0000b\u001bc\ud800d')).toBe('a\ufffdb\ufffdc\ufffdd');
  expect(escapeMarkup('‖ΔW‖ 😀\n')).toBe('‖ΔW‖ 😀\n');
});

test('a coordinate has at most two decimals and no negative zero', () => {
  expect([1 / 3, 100, 2.5, -0.001, 1e-9, 120].map(coordinate)).toEqual([
    '0.33',
    '100',
    '2.5',
    '0',
    '0',
    '120',
  ]);
});

test('wrapped lines keep all words in order and stay within the width', () => {
  const text = 'the loss of the model that was patched, without its context';
  const lines = wrapText(text, 14, 150);
  expect(lines.length).toBeGreaterThan(1);
  expect(lines.join(' ')).toBe(text);
  for (const line of lines) expect(textWidth(line, 14)).toBeLessThanOrEqual(150);
});

test('a word wider than the line is cut, and an empty text is one empty line', () => {
  const lines = wrapText('Wordwithoutanyspace', 10, 30);
  expect(lines.join('')).toBe('Wordwithoutanyspace');
  for (const line of lines) expect(textWidth(line, 10)).toBeLessThanOrEqual(30);
  expect(wrapText('', 10, 30)).toEqual(['']);
});
