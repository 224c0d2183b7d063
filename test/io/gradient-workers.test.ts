/**
 * Gradients from real threads: the same bits, and fair shares.
 *
 * @module
 */
import { expect, test } from 'vitest';
import type { GradientTask } from '../../src/io/gradient-workers.ts';
import { gradientsOn, Workers } from '../../src/io/index.ts';
import { NonFiniteError, Random, StateError } from '../../src/linalg/index.ts';
import { Adam, GradientTrainer, gradientOf, initialise } from '../../src/model/index.ts';
import { normalMatrix } from '../autograd/support.ts';
import { expectSameParameters } from '../model/toy-training.ts';
import { assertSameBits } from '../support/same-bits.ts';
import { PROBLEM, STACK_SERVICE } from './stack-service.ts';

test('one worker or three give the gradients of this thread, bit for bit', async () => {
  const random = new Random(501);
  const start = initialise(PROBLEM.shapes, random);
  const trainer = (): GradientTrainer =>
    new GradientTrainer(PROBLEM, start, new Adam({ learningRate: 0.01 }));
  const batches = Array.from({ length: 4 }, () =>
    [1, 3, 2].map((rows) => [normalMatrix(rows * 5, 8, random), normalMatrix(rows, 1, random)]),
  );
  const here = trainer();
  for (const batch of batches) here.advance(batch);
  for (const count of [1, 3]) {
    const workers = new Workers(count, STACK_SERVICE, null);
    const there = trainer();
    for (const batch of batches) await there.advanceWith(gradientsOn(workers), batch);
    assertSameBits(there.losses, here.losses, `${count}: losses`);
    expectSameParameters(there.parameters, here.parameters, `${count}`);
    await workers.close();
  }
});

test('gradients are shared out in runs of neighbours, one a worker, none empty', async () => {
  const shares = async (count: number, length: number): Promise<number[][]> => {
    const sent: number[][] = [];
    const source = gradientsOn({
      count,
      async run(_name, tasks) {
        sent.push(...tasks.map(({ microBatches }) => microBatches.map(([{ rows }]) => rows)));
        return tasks.map(() => []);
      },
    });
    const empty = new Float64Array(0);
    await source(
      {},
      Array.from({ length }, (_, i) => [{ rows: i, cols: 0, data: empty }]),
    );
    return sent;
  };
  expect(await shares(2, 4)).toEqual([
    [0, 1],
    [2, 3],
  ]);
  expect(await shares(3, 4)).toEqual([[0], [1, 2], [3]]);
  expect(await shares(4, 2)).toEqual([[0], [1]]);
  expect(await shares(2, 5)).toEqual([
    [0, 1, 2],
    [3, 4],
  ]);
});

test('the memory of one batch serves the next, for fewer micro-batches, more, and other parameters', async () => {
  const random = new Random(502);
  const workers = new Workers(1, STACK_SERVICE, null);
  const source = gradientsOn(workers);
  const before = new Set<ArrayBufferLike>();
  for (const count of [3, 2, 3, 5]) {
    // Names in another order: threads must go by the names, not by their own order.
    const start = Object.fromEntries(Object.entries(initialise(PROBLEM.shapes, random)).reverse());
    const batch = Array.from({ length: count }, () => {
      return [normalMatrix(2 * 5, 8, random), normalMatrix(2, 1, random)];
    });
    const parts = await source(start, batch);
    expect(parts.length).toBe(count);
    parts.forEach(({ loss, gradients }, i) => {
      const expected = gradientOf(PROBLEM, start, batch[i]);
      expect(loss).toBe(expected.loss);
      expectSameParameters(gradients, expected.gradients, `${i} of ${count}`);
      before.add(Object.values(gradients)[0].data.buffer);
    });
  }
  expect(before.size).toBe(3 + 5);
});

test('after a share that failed, the memory of the others, who may still be at work, is theirs', async () => {
  const random = new Random(504);
  const runs: (readonly GradientTask[])[] = [];
  const source = gradientsOn({
    count: 2,
    async run(_name, tasks) {
      runs.push(tasks);
      if (runs.length === 1) throw new NonFiniteError('a share that failed');
      return tasks.map(({ microBatches }) => microBatches.map(() => 0));
    },
  });
  const start = initialise(PROBLEM.shapes, random);
  const batch = Array.from({ length: 3 }, () => [normalMatrix(1, 8, random)]);
  await expect(source(start, batch)).rejects.toThrow('a share that failed');
  const parts = await source(start, batch);
  const buffers = (tasks: readonly GradientTask[]): ArrayBufferLike[] =>
    tasks.flatMap(({ parameters, gradients }) => [parameters, ...gradients].map((x) => x.buffer));
  const late = new Set(buffers(runs[0]));
  expect(late.size).toBe(1 + 3);
  expect(buffers(runs[1]).filter((buffer) => late.has(buffer))).toEqual([]);
  for (const { gradients } of parts)
    expect(late.has(Object.values(gradients)[0].data.buffer)).toBe(false);
  await source(start, batch); // and what worked is used again
  expect(buffers(runs[2])).toEqual(buffers(runs[1]));
});

test('a second batch before the first is answered is refused, and the first is not disturbed', async () => {
  const random = new Random(503);
  const workers = new Workers(2, STACK_SERVICE, null);
  const source = gradientsOn(workers);
  const [start, other] = [initialise(PROBLEM.shapes, random), initialise(PROBLEM.shapes, random)];
  const batch = [[normalMatrix(10, 8, random), normalMatrix(2, 1, random)]];
  const [first, second] = await Promise.allSettled([source(start, batch), source(other, batch)]);
  expect(second).toMatchObject({ reason: expect.any(StateError) });
  if (first.status === 'rejected') throw first.reason;
  expectSameParameters(
    first.value[0].gradients,
    gradientOf(PROBLEM, start, batch[0]).gradients,
    'the first',
  );
  await source(other, batch); // free again
  await workers.close();
  await expect(source(start, batch)).rejects.toThrow('an open pool is required');
  await expect(source(start, batch)).rejects.toThrow('an open pool is required'); // not "at once"
});
