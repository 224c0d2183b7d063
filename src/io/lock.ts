/**
 * One run a folder.
 *
 * @module
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FileError } from './files.ts';

/**
 * Takes the folder for this process, until the returned function is called or the process ends. A
 * lock left by a process that is gone is taken over.
 *
 * @throws FileError naming the process that has the folder.
 */
export function lockFolder(folder: string): () => void {
  const path = join(folder, 'run.lock');
  const holder = readHolder(path);
  if (holder !== undefined && holder !== process.pid && isAlive(holder)) {
    throw new FileError(
      `--out: ${folder} must not be in use, got process ${holder} writing to it (${path})`,
    );
  }
  rmSync(path, { force: true });
  try {
    writeFileSync(path, `${process.pid}\n`, { flag: 'wx' });
  } catch {
    throw new FileError(
      `--out: ${folder} must not be in use, got another run just beginning there`,
    );
  }
  const release = (): void => rmSync(path, { force: true });
  process.once('exit', release);
  return () => {
    process.off('exit', release);
    release();
  };
}

function readHolder(path: string): number | undefined {
  try {
    const holder = Number(readFileSync(path, 'utf8'));
    return Number.isSafeInteger(holder) && holder > 0 ? holder : undefined;
  } catch {
    return undefined;
  }
}

/** Whether there is such a process; one of another user counts. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
