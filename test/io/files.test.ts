import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  FileError,
  readIfThere,
  removeIfThere,
  requireWritableFolder,
  writeWhole,
} from '../../src/io/index.ts';
import { temporaryFolder } from '../support/run-cli.ts';

test('a file is written whole, folders are made, and nothing else is left', () => {
  const folder = temporaryFolder();
  const path = join(folder, 'a', 'b', 'file');
  writeWhole(path, 'first');
  writeWhole(path, Uint8Array.of(1, 2, 3));
  expect(Array.from(readFileSync(path))).toEqual([1, 2, 3]);
  expect(readdirSync(join(folder, 'a', 'b'))).toEqual(['file']);
});

test('a write that fails leaves the old file and no temporary one', () => {
  const folder = temporaryFolder();
  const path = join(folder, 'taken');
  mkdirSync(path); // a folder stands where the file should go
  writeFileSync(join(path, 'inside'), 'kept');
  expect(() => writeWhole(path, 'new')).toThrow(FileError);
  expect(() => writeWhole(path, 'new')).toThrow(/taken must be writable, got E/);
  expect(readdirSync(folder)).toEqual(['taken']);
  expect(readFileSync(join(path, 'inside'), 'utf8')).toBe('kept');
});

test('a file that is not there is undefined; one that cannot be read is an error', () => {
  const folder = temporaryFolder();
  expect(readIfThere(join(folder, 'nothing'))).toBeUndefined();
  expect(() => readIfThere(folder)).toThrow(/must be readable, got EISDIR/);
  removeIfThere(join(folder, 'nothing'));
});

test('a folder below a file is refused by name', () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'file'), '');
  expect(() => requireWritableFolder(join(folder, 'file', 'x'))).toThrow(
    /--out: .*must be a folder/,
  );
  requireWritableFolder(join(folder, 'new'));
  expect(readdirSync(join(folder, 'new'))).toEqual([]);
});
