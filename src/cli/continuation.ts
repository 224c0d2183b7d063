/**
 * Token ids as the text that they add to what stands before.
 *
 * @module
 */
import type { Tokenizer } from '../io/index.ts';

/**
 * The text that `ids` add after `before`: decoders treat the first token of a text apart, so both are decoded and
 * compared. Null without a tokenizer.
 */
export function continuation(
  tokenizer: Tokenizer | null,
  before: readonly number[],
  ids: readonly number[],
): string | null {
  if (tokenizer === null) return null;
  if (ids.length === 0) return '';
  const start = before.length > 0 ? tokenizer.decode(before) : '';
  const whole = tokenizer.decode([...before, ...ids]);
  return whole.startsWith(start) ? whole.slice(start.length) : tokenizer.decode(ids);
}

/** One token for people: the text that it adds, or its name where it adds none. */
export function tokenText(
  tokenizer: Tokenizer | null,
  before: readonly number[],
  id: number,
): string | null {
  const text = continuation(tokenizer, before, [id]);
  return text === '' ? (tokenizer?.nameOf(id) ?? '') : text;
}
