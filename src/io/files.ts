/**
 * Reading and writing files so that none is ever left half-written.
 *
 * @module
 */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** A file that could not be read or written, in words that name it. */
export class FileError extends Error {
  override readonly name: string = 'FileError';
}

/**
 * Writes the file under a temporary name beside it and renames it into place: at any moment the
 * file is either the old one or the new one. Folders are made as needed.
 *
 * @throws FileError naming the file and the reason.
 */
export function writeWhole(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    makeFolder(dirname(resolve(path)));
    writeFileSync(temporary, content);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new FileError(`writeWhole: ${path} must be writable, got ${reason(error)}`);
  }
}

/**
 * Writes a file as `writeWhole` does, of parts that need not be in memory together. An error thrown
 * by `write` leaves no file behind, and goes on to the caller as it is.
 *
 * @throws FileError naming the file and the reason.
 */
export function writeInParts(
  path: string,
  write: (append: (bytes: Uint8Array) => void) => void,
): void {
  const temporary = `${path}.${process.pid}.tmp`;
  const attempt = <T>(action: () => T): T => {
    try {
      return action();
    } catch (error) {
      throw new FileError(`writeInParts: ${path} must be writable, got ${reason(error)}`);
    }
  };
  attempt(() => makeFolder(dirname(resolve(path))));
  const file = attempt(() => openSync(temporary, 'w'));
  let open = true;
  try {
    write((bytes) => {
      let done = 0;
      while (done < bytes.length) done += attempt(() => writeSync(file, bytes, done));
    });
    open = false;
    attempt(() => closeSync(file));
    attempt(() => renameSync(temporary, path));
  } catch (error) {
    if (open) closeSync(file);
    rmSync(temporary, { force: true });
    throw error;
  }
}

/**
 * Writes several files of a folder: all of them under temporary names first, then renamed one after
 * another, so that a disk that is full or a name that is taken leaves none of the new ones.
 *
 * @throws FileError naming the file and the reason.
 */
export function writeTogether(folder: string, files: Readonly<Record<string, string>>): void {
  const names = Object.keys(files);
  const temporary = (name: string): string => join(folder, `${name}.${process.pid}.tmp`);
  let current = folder;
  try {
    makeFolder(resolve(folder));
    for (const name of names) {
      current = join(folder, name);
      if (isFolder(current)) throw new Error('a folder of that name');
      writeFileSync(temporary(name), files[name]);
    }
    for (const name of names) {
      current = join(folder, name);
      renameSync(temporary(name), current);
    }
  } catch (error) {
    for (const name of names) rmSync(temporary(name), { force: true });
    throw new FileError(`writeTogether: ${current} must be writable, got ${reason(error)}`);
  }
}

/** The bytes of a file, or undefined if there is none. @throws FileError if it cannot be read. */
export function readIfThere(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw new FileError(`readIfThere: ${path} must be readable, got ${reason(error)}`);
  }
}

/** Removes a file if it is there. @throws FileError if it cannot be removed. */
export function removeIfThere(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    throw new FileError(`removeIfThere: ${path} must be removable, got ${reason(error)}`);
  }
}

/**
 * Makes the folder, tries a file in it, and looks that none of the files to come is a folder already,
 * so that hours of work do not end at a place that cannot be written.
 *
 * @throws FileError naming the folder and the reason.
 */
export function requireWritableFolder(folder: string, names: readonly string[] = []): void {
  const probe = join(folder, `.deltaw-${process.pid}.tmp`);
  try {
    makeFolder(resolve(folder));
    writeFileSync(probe, '');
    rmSync(probe);
    for (const name of names) {
      if (isFolder(join(folder, name))) throw new Error(`a folder at ${join(folder, name)}`);
    }
  } catch (error) {
    throw new FileError(
      `--out: ${folder} must be a folder that can be written, got ${reason(error)}`,
    );
  }
}

const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();

/** Makes a folder and those above it, one by one: a recursive mkdir never returns below /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) {
    if (!statSync(folder).isDirectory()) throw new Error(`a file at ${folder}`);
    return;
  }
  makeFolder(dirname(folder));
  mkdirSync(folder);
}

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));
