/**
 * Gradients from real threads: the same bits, and fair shares.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { gradientsOn, Workers } from '../../src/io/index.ts';
import { Random } from '../../src/linalg/index.ts';
import { Adam, GradientTrainer, initialise } from '../../src/model/index.ts';
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
  expect(await shares(2, 4)).toEqual([[0, 1], [2, 3]]); // biome-ignore format: shares
  expect(await shares(3, 4)).toEqual([[0], [1, 2], [3]]);
  expect(await shares(4, 2)).toEqual([[0], [1]]);
  expect(await shares(2, 5)).toEqual([[0, 1, 2], [3, 4]]); // biome-ignore format: shares
});
