/**
 * Workers: order, errors and ends, on real threads.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { threadId } from 'node:worker_threads';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { FileError, WorkerError, Workers } from '../../src/io/index.ts';
import { buffersOf } from '../../src/io/thread.ts';
import {
  DegenerateBase,
  DomainError,
  NonFiniteError,
  NotPositiveDefinite,
} from '../../src/linalg/index.ts';
import { assertSameBits } from '../support/same-bits.ts';
import { type Handlers, SERVICE, type Setup } from './answering-service.ts';

type Pool = Workers<Setup, Handlers>;

const one: Pool = new Workers(1, SERVICE, { factor: 3 });
const two: Pool = new Workers(2, SERVICE, { factor: 3 });
const POOLS: [string, Pool][] = [
  ['one worker, which is no thread', one],
  ['two workers', two],
];
afterAll(async () => {
  await one.close();
  await two.close();
});

const caught = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no error',
    (error) => error,
  );

describe.each(POOLS)('%s', (_name, workers) => {
  test('answers with the functions that the setup makes, in the order of the messages', async () => {
    const messages = Array.from({ length: 50 }, (_, i) => i);
    expect(await workers.run('times', messages)).toEqual(messages.map((i) => 3 * i));
    expect(await workers.run('times', [])).toEqual([]);
  });

  test('carries matrices both ways, every bit, and a message stays as it was', async () => {
    const data = Float64Array.of(-0, NaN, Infinity, 5e-324, 1 / 3, 1e308);
    const x = { rows: 2, cols: 3, data };
    const [{ twice, same }] = await workers.run('matrixOf', [x]);
    assertSameBits(twice.data, data.map((entry) => 2 * entry), 'twice'); // biome-ignore format: short
    expect([twice.rows, twice.cols, twice.data === same]).toEqual([2, 3, true]);
    expect(data.length).toBe(6);
  });

  test.each([
    ['NonFiniteError', NonFiniteError, 'attention: scores must be finite'],
    ['DegenerateBase', DegenerateBase, 'a must not be 0'],
    ['FileError', FileError, 'no such file'],
    ['TypeError', TypeError, 'not a matrix'],
    ['OwnError', Error, 'of one’s own'],
  ] as const)(
    'rejects with an error of the class it was thrown with: %s',
    async (how, type, message) => {
      const error = await caught(workers.run('fail', [how]));
      expect(error).toBeInstanceOf(type);
      expect(error).toBeInstanceOf(Error);
      expect(error).toMatchObject({ name: how, message });
      expect((error as Error).stack).toContain('answering-service');
      expect(await workers.run('times', [2])).toEqual([6]); // and goes on
    },
  );

  test('an error keeps its fields', async () => {
    const error = await caught(workers.run('fail', ['NotPositiveDefinite']));
    expect(error).toBeInstanceOf(NotPositiveDefinite);
    expect(error).toMatchObject({ index: 1, pivot: -3 });
    expect(await caught(workers.run('fail', ['OwnError']))).toMatchObject({ place: 7 });
  });

  test('the first failing message in order decides, and the rest is left', async () => {
    const failing = workers.run('fail', ['TypeError', 'FileError', 'DegenerateBase', 'FileError']);
    expect(await caught(failing)).toBeInstanceOf(TypeError);
    expect(await workers.run('times', [1])).toEqual([3]);
  });

  test('a loop that is left early leaves the rest undone', async () => {
    const messages = new Array<null>(500).fill(null);
    let results = 0;
    for await (const _ of workers.each('calls', messages)) {
      results++;
      if (results === 2) break;
    }
    const after = await workers.run('calls', [null, null, null, null]);
    // Two were waited for; a thread may have been ahead by some more.
    expect(Math.max(...after)).toBeLessThan(100);
  });

  test('several calls at once do not mix', async () => {
    const calls = [1, 10, 100].map((k) => workers.run('times', [k, 2 * k, 3 * k]));
    expect(await Promise.all(calls)).toEqual([1, 10, 100].map((k) => [3 * k, 6 * k, 9 * k]));
  });
});

test('one worker computes here, two in two threads, and whichever is free takes the next', async () => {
  expect(new Set(await one.run('thread', [0, 0, 0]))).toEqual(new Set([threadId]));
  const [long, ...short] = await two.run('thread', [200, 1, 1, 1, 1, 1]);
  expect(new Set(short).size).toBe(1);
  expect(short).not.toContain(long);
  expect([long, ...short]).not.toContain(threadId);
});

test('what is thrown and is no error, and what cannot be copied, rejects all the same', async () => {
  expect(await caught(two.run('fail', ['string']))).toMatchObject({ message: 'only words' });
  expect(await caught(two.run('fail', ['uncloneable']))).toMatchObject({ name: 'DataCloneError' });
  for (const workers of [one, two]) {
    const error = await caught(workers.run('fail', ['uncloneableField']));
    expect(error).toBeInstanceOf(NonFiniteError);
    expect(error).toMatchObject({ message: 'with a function in a field' });
    expect((error as Error).stack).toContain('answering-service');
  }
  const message = (() => 1) as unknown as number;
  expect(await caught(two.run('times', [message, 2]))).toMatchObject({ name: 'DataCloneError' });
  expect(await two.run('times', [4, 5, 6])).toEqual([12, 15, 18]);
});

describe('an end before its time rejects and does not hang:', () => {
  const ended = async (workers: Pool, message: RegExp, ...calls: Promise<unknown>[]) => {
    for (const error of await Promise.all(calls.map(caught))) {
      expect(error).toBeInstanceOf(WorkerError);
      expect(String(error)).toMatch(message);
    }
    expect(String(await caught(workers.run('times', [1])))).toMatch(message);
    await workers.close();
  };

  test('a thread that exits', async () => {
    const workers: Pool = new Workers(2, SERVICE, { factor: 1 });
    const others = workers.run('thread', [0, 0, 500, 500, 500]);
    const dead = workers.run('die', [9]);
    await ended(workers, /threads must live until they are closed, got exit code 9/, dead, others);
  });

  test('a thread that cannot read a message', async () => {
    const workers: Pool = new Workers(2, SERVICE, { factor: 1 });
    void caught(workers.run('misread', [null])); // answered, and then
    const others = workers.run('thread', [60_000, 60_000]);
    await ended(workers, /threads must live until they are closed, got Error: unreadable/, others);
  });

  test('a pool that is closed, once or twice, while threads are at work', async () => {
    const workers: Pool = new Workers(2, SERVICE, { factor: 1 });
    const long = workers.run('thread', [60_000, 60_000, 60_000]);
    const first = workers.close();
    await ended(workers, /an open pool is required, got one that was closed/, long);
    await first;
    const alone: Pool = new Workers(1, SERVICE, { factor: 1 });
    await alone.close();
    await ended(alone, /an open pool is required/);
  });

  test('a module that is not there', async () => {
    const url = new URL('no-such-module.ts', import.meta.url).href;
    const workers: Pool = new Workers(2, { ...SERVICE, url }, { factor: 1 });
    await ended(workers, /got Error: .*no-such-module/, workers.run('times', [1]));
  });

  test('a module that answers nobody', async () => {
    const url = new URL('../../src/linalg/errors.ts', import.meta.url).href;
    const workers: Pool = new Workers(2, { ...SERVICE, url }, { factor: 1 });
    await ended(workers, /got exit code 0/, workers.run('times', [1]));
  });
});

test('a setup that fails rejects every call with its own error', async () => {
  for (const count of [1, 2]) {
    const workers: Pool = new Workers(count, SERVICE, { factor: 1, broken: true });
    const error = await caught(workers.run('times', [1, 2]));
    expect(error).toBeInstanceOf(NonFiniteError);
    expect(error).toMatchObject({ message: 'serve: broken as asked' });
    await workers.close();
  }
});

test('a process waits for results and for the end of closed threads, and for no idle thread', async () => {
  const program = `
    const { SERVICE } = await import('${new URL('answering-service.ts', import.meta.url)}');
    const { Workers } = await import('${new URL('../../src/io/workers.ts', import.meta.url)}');
    const [idle, closed] = [2, 4].map((count) => new Workers(count, SERVICE, { factor: 3 }));
    console.log(JSON.stringify(await idle.run('times', [1, 2])));
    await closed.run('times', [1, 2, 3, 4]);
    await closed.close();
    console.log('closed');
  `;
  const args = ['--import', 'tsx', '--input-type=module', '-e', program];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let stdout = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect([code, stdout]).toEqual([0, '[3,6]\nclosed\n']);
});

test('a number of workers that is none is refused', () => {
  for (const count of [0, -1, 1.5, NaN, 65, Infinity]) {
    expect(() => new Workers(count, SERVICE, { factor: 1 })).toThrow(DomainError);
  }
});

test('only whole buffers are handed over, each once', () => {
  const [a, b, part] = [new Float64Array(3), new Float64Array(2), new Float64Array(4).subarray(1)];
  const shared = new Float64Array(new SharedArrayBuffer(16));
  const found = buffersOf({
    a,
    list: [b, { again: a, part, shared }],
    none: null,
    text: 'x',
    n: 1,
  });
  expect(found).toEqual([a.buffer, b.buffer]);
});
