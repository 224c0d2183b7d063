/**
 * The loop around training: when it calls, where it stops, how it goes on.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { gradientOf } from '../../src/model/gradients.ts';
import { blockRegression } from '../../src/model/regression.ts';
import { Training, train } from '../../src/model/training.ts';
import { advanced, block, bytesOf, expectSameTraining, OPTIONS, restored } from './toy-training.ts';

describe('train', () => {
  /** Trains to `steps` with a checkpoint every third, stopping after each step in `stops`. */
  async function calls(
    steps: number,
    stops: readonly number[] = [],
  ): Promise<{ log: string[]; training: Training; ended: boolean[] }> {
    const log: string[] = [];
    const ended: boolean[] = [];
    let training = new Training(block, OPTIONS);
    for (let part = 0; part <= stops.length; part++) {
      ended.push(
        await train(training, steps, 3, {
          onCheckpoint: async ({ step }) => {
            await Promise.resolve();
            log.push(`checkpoint ${step}`);
          },
          onStep: ({ step }) => {
            log.push(`step ${step}`);
            return step !== stops[part];
          },
        }),
      );
      training = restored(bytesOf(training));
    }
    return { log, training, ended };
  }

  const LOG = [
    ...['checkpoint 0', 'step 1', 'step 2', 'checkpoint 3', 'step 3', 'step 4', 'step 5'],
    ...['checkpoint 6', 'step 6', 'checkpoint 7', 'step 7'],
  ];

  test('calls at step 0, at each third step and at the last, each before its step’s own call', async () => {
    const { log, training, ended } = await calls(7);
    expect(log).toEqual(LOG);
    expect(ended).toEqual([true]);
    expectSameTraining(training, advanced(7), 'trained');
  });

  test('a last step that is a third one has one checkpoint', async () => {
    expect((await calls(6)).log).toEqual(LOG.slice(0, 9));
  });

  test('stopped anywhere and continued, it makes the same calls and takes the same steps', async () => {
    for (const stops of [[1], [2], [3], [6], [1, 2, 3, 4, 5, 6], [3, 6]]) {
      const { log, training, ended } = await calls(7, stops);
      expect(log, `${stops}`).toEqual(LOG);
      expect(ended).toEqual([...stops.map(() => false), true]);
      expectSameTraining(training, advanced(7), `stopped at ${stops}`);
    }
  });

  test('stopped at the last step it has got there; called again it does nothing', async () => {
    const { log, ended } = await calls(7, [7]);
    expect(ended).toEqual([true, true]);
    expect(log).toEqual(LOG);
  });

  test('gradients from elsewhere make the same calls and take the same steps', async () => {
    const problem = blockRegression(block, { batch: OPTIONS.batch });
    const asked: number[] = [];
    const log: string[] = [];
    const training = new Training(block, OPTIONS);
    const callbacks = {
      onCheckpoint: ({ step }: Training) => void log.push(`checkpoint ${step}`),
      onStep: ({ step }: Training) => log.push(`step ${step}`) > 0,
    };
    const ended = await train(training, 7, 3, callbacks, async (parameters, microBatches) => {
      await Promise.resolve();
      asked.push(microBatches.length);
      return microBatches.map((microBatch) => gradientOf(problem, parameters, microBatch));
    });
    expect(ended).toBe(true);
    expect(log).toEqual(LOG);
    expect(asked).toEqual(new Array(7).fill(3)); // 7 prompts in threes
    expectSameTraining(training, advanced(7), 'trained');
  });

  test('works without callbacks, and an error in one comes through', async () => {
    const training = new Training(block, OPTIONS);
    expect(await train(training, 2, 1, {})).toBe(true);
    expectSameTraining(training, advanced(2), 'trained');
    const onCheckpoint = (): never => {
      throw new Error('disk full');
    };
    await expect(train(training, 3, 1, { onCheckpoint })).rejects.toThrow('disk full');
    expect(training.step).toBe(3);
  });
});
