/**
 * SHA-256 of bytes and of files, read piece by piece.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { OpenFile } from './open-file.ts';

/** Bytes that are in memory at once. */
const CHUNK = 2 ** 22;

/** 64 hexadecimal digits of the bytes of a text in UTF-8. */
export const sha256OfText = (text: string): string =>
  createHash('sha256').update(text, 'utf8').digest('hex');

/** The same of a file. @throws FileError or FormatError if it cannot be read to its end. */
export function sha256OfFile(path: string): string {
  const file = new OpenFile('sha256OfFile', path);
  try {
    const hash = createHash('sha256');
    for (let at = 0; at < file.bytes; at += CHUNK) {
      const bytes = new Uint8Array(Math.min(CHUNK, file.bytes - at));
      file.read(bytes, at);
      hash.update(bytes);
    }
    return hash.digest('hex');
  } finally {
    file.close();
  }
}

/**
 * The same of notes and arrays in the order of their names: each note as a line NAME=VALUE in JSON, then each array as a line
 * with its name and its numbers as little-endian float64.
 */
export function sha256OfArrays(
  notes: ReadonlyMap<string, string>,
  arrays: ReadonlyMap<string, Float64Array>,
): string {
  const hash = createHash('sha256');
  for (const [name, value] of inOrder(notes)) {
    hash.update(`${JSON.stringify(name)}=${JSON.stringify(value)}\n`, 'utf8');
  }
  for (const [name, array] of inOrder(arrays)) {
    hash.update(`${JSON.stringify(name)}\n`, 'utf8');
    const bytes = new DataView(new ArrayBuffer(8 * array.length));
    array.forEach((x, i) => {
      bytes.setFloat64(8 * i, x, true);
    });
    hash.update(new Uint8Array(bytes.buffer));
  }
  return hash.digest('hex');
}

const inOrder = <V>(map: ReadonlyMap<string, V>): [string, V][] =>
  [...map].sort(([a], [b]) => (a < b ? -1 : 1));
