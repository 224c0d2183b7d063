/**
 * What the tests of workers have threads do: answer, and fail in several ways. Its imports are few,
 * for every thread of every test reads them.
 *
 * @module
 */
import { parentPort, threadId } from 'node:worker_threads';
import { FileError } from '../../src/io/files.ts';
import { answerThreads, type Service } from '../../src/io/thread.ts';
import { DegenerateBase, NonFiniteError } from '../../src/linalg/errors.ts';
import { NotPositiveDefinite } from '../../src/linalg/factorisation-errors.ts';
import type { Matrix } from '../../src/linalg/matrix.ts';

export interface Setup {
  readonly factor: number;
  /** Fails before the first message. */
  readonly broken?: boolean;
}

const FAILURES: Readonly<Record<string, () => unknown>> = {
  NonFiniteError: () => {
    throw new NonFiniteError('attention: scores must be finite');
  },
  DegenerateBase: () => {
    throw new DegenerateBase('a must not be 0');
  },
  FileError: () => {
    throw new FileError('no such file');
  },
  TypeError: () => {
    throw new TypeError('not a matrix');
  },
  NotPositiveDefinite: () => {
    throw new NotPositiveDefinite('cholesky', 1, -3);
  },
  OwnError: () => {
    throw Object.assign(new Error('of one’s own'), { name: 'OwnError', place: 7 });
  },
  uncloneableField: () => {
    throw Object.assign(new NonFiniteError('with a function in a field'), { how: () => 1 });
  },
  string: () => {
    throw 'only words';
  },
  uncloneable: () => () => 1,
};

export type Handlers = {
  readonly times: (x: number) => number;
  /** How often this function was called, here or in this thread. */
  readonly calls: (message: null) => number;
  readonly thread: (milliseconds: number) => number;
  readonly matrixOf: (x: Matrix) => { twice: Matrix; same: Float64Array };
  readonly fail: (how: keyof typeof FAILURES) => unknown;
  readonly die: (code: number) => void;
  /** Makes this thread find that a message, after this one, cannot be read. */
  readonly misread: (message: null) => void;
};

export const SERVICE: Service<Setup, Handlers> = {
  url: import.meta.url,
  serve({ factor, broken }) {
    if (broken) throw new NonFiniteError('serve: broken as asked');
    let calls = 0;
    return {
      calls: () => ++calls,
      times: (x) => factor * x,
      thread(milliseconds) {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
        return threadId;
      },
      matrixOf({ rows, cols, data }) {
        const twice = data.map((entry) => 2 * entry);
        return { twice: { rows, cols, data: twice }, same: twice };
      },
      fail: (how) => FAILURES[how](),
      die: (code) => process.exit(code),
      misread() {
        queueMicrotask(() => parentPort?.emit('messageerror', new Error('unreadable')));
      },
    };
  },
};

answerThreads(SERVICE);
