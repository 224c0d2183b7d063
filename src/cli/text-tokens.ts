/**
 * Text to token ids, refusing what would be lost on the way.
 *
 * A tokenizer that has no token for a character leaves it out or puts an unknown token, both without a word. So the ids
 * are read back, and must give the text but for white space and compatible forms of characters.
 *
 * @module
 */
import type { Tokenizer } from '../io/index.ts';
import { DomainError } from '../linalg/index.ts';

/** Token ids of a text, and what the tokenizer puts before them. */
export interface TextTokens {
  readonly begin: readonly number[];
  readonly ids: readonly number[];
}

/**
 * The tokens of a text; none of an empty one.
 *
 * @throws DomainError naming the first character that the tokens do not give back. FormatError as `Tokenizer.encode`.
 */
export function textTokens(what: string, tokenizer: Tokenizer, text: string): TextTokens {
  if (text === '') return { begin: [], ids: [] };
  const ids = tokenizer.encode(text, false);
  const lost = firstLost(text, ids, tokenizer);
  if (lost !== null) {
    throw new DomainError(
      `${what}: every character must have a token in the vocabulary, got ${JSON.stringify(lost)}`,
    );
  }
  return { begin: beginIds(tokenizer.encode(text, true), ids), ids };
}

/** What stands before `ids` in the same text with the tokens that the model expects around it. */
function beginIds(around: readonly number[], ids: readonly number[]): readonly number[] {
  for (let k = 0; k + ids.length <= around.length; k++) {
    if (ids.every((id, i) => around[k + i] === id)) return around.slice(0, k);
  }
  return [];
}

/** The first character that is missing when the ids are read back, or null. */
function firstLost(text: string, ids: readonly number[], tokenizer: Tokenizer): string | null {
  if (ids.length === 0) return [...text][0];
  const back = plain(tokenizer.decode(ids));
  if (back === plain(text)) return null;
  // Special tokens that the text spells out are left out when it is read back.
  const spelled = [...new Set(ids)]
    .map((id) => tokenizer.nameOf(id))
    .filter((name) => name !== null);
  const special = spelled.filter(
    (name) => text.includes(name) && tokenizer.decode(tokenizer.encode(name, false)) === '',
  );
  const rest = special.reduce((left, name) => left.replaceAll(name, ''), text);
  const wanted = [...plain(rest)];
  const found = [...back];
  const at = wanted.findIndex((character, i) => character !== found[i]);
  return at < 0 ? null : wanted[at];
}

const plain = (text: string): string => text.normalize('NFKC').replaceAll(/\s/gu, '');
