import { expect, test } from 'vitest';
import type { Store } from '../../src/experiments/experiment.ts';
import { shapeCheck, theoremCheck } from '../../src/experiments/figure-result.ts';
import { EXPERIMENTS, reproduce } from '../../src/experiments/reproduce.ts';
import { ToyRun } from '../../src/experiments/toy-run.ts';
import { toyWorkers } from '../../src/experiments/toy-service.ts';
import {
  isDefault,
  requireSettings,
  TOY_DEFAULTS,
  type ToySettings,
  toyBlock,
} from '../../src/experiments/toy-settings.ts';
import { DomainError, StateError } from '../../src/linalg/index.ts';
import { encodeState } from '../../src/model/index.ts';

const TINY: ToySettings = {
  ...TOY_DEFAULTS,
  pairs: 10,
  width: 8,
  heads: 2,
  hidden: 11,
  steps: 23,
  batch: 7,
  microBatch: 3,
  validationPrompts: 3,
  validateEvery: 10,
  marginalTrials: 2,
  fineTuningTrials: 2,
  fineTuningExamples: 5,
};

const goOn = async (): Promise<boolean> => true;

test('the defaults are the protocol: 3 → 32, 8 heads, 128 hidden, 100 pairs, no attention biases', () => {
  const { shapes } = toyBlock(TOY_DEFAULTS);
  expect(Object.entries(shapes).map(([name, { rows, cols }]) => `${name} ${rows}x${cols}`)).toEqual(
    [
      'layer.Wq 32x3',
      'layer.Wk 32x3',
      'layer.Wv 32x3',
      'layer.Wo 32x32',
      'mlp.W1 128x32',
      'mlp.b1 1x128',
      'mlp.W2 3x128',
      'mlp.b2 1x3',
    ],
  );
  expect(isDefault(TOY_DEFAULTS)).toBe(true);
  expect(isDefault({ ...TOY_DEFAULTS, seed: 2 })).toBe(false);
  requireSettings(TOY_DEFAULTS);
});

test('checkpoints stand at step 0, every validateEvery, and the last step', async () => {
  const run = new ToyRun(TINY);
  expect(await run.train(goOn, () => {})).toBe(true);
  expect(run.checkpoints.map(({ step }) => step)).toEqual([0, 10, 20, 23]);
  for (const { difference, bound, overBound, contextLoss, patchedLoss } of run.checkpoints) {
    expect(overBound).toBeLessThanOrEqual(1);
    expect(difference).toBeLessThanOrEqual(bound);
    expect(bound).toBeLessThan(1e-11);
    expect(Math.abs(contextLoss / patchedLoss - 1)).toBeLessThan(1e-11);
  }
});

test('stopped after any step and continued from its bytes, a run has the same bytes', async () => {
  const whole = new ToyRun(TINY);
  await whole.train(goOn, () => {});
  for (const stop of [1, 9, 10, 11, 22]) {
    const first = new ToyRun(TINY);
    expect(
      await first.train(
        async (_stage, done) => done < stop,
        () => {},
      ),
    ).toBe(false);
    expect(first.training.step).toBe(stop);
    const second = new ToyRun(TINY, first.toBytes());
    expect(second.toBytes()).toEqual(first.toBytes());
    expect(await second.train(goOn, () => {})).toBe(true);
    expect(second.toBytes()).toEqual(whole.toBytes());
    expect(second.checkpoints).toEqual(whole.checkpoints);
  }
});

test('with two workers a run has the bytes of one, stopped and continued with either too', async () => {
  const [whole, spread] = [new ToyRun(TINY), new ToyRun(TINY)];
  const workers = toyWorkers(2, TINY);
  await whole.train(goOn, () => {});
  await spread.train(goOn, () => {}, workers);
  expect(spread.toBytes()).toEqual(whole.toBytes());
  const first = new ToyRun(TINY);
  const stop = async (_stage: string, done: number): Promise<boolean> => done < 11;
  expect(await first.train(stop, () => {}, workers)).toBe(false);
  expect(first.training.step).toBe(11);
  const here = new ToyRun(TINY, first.toBytes());
  await here.train(goOn, () => {});
  await first.train(goOn, () => {}, workers);
  expect(here.toBytes()).toEqual(whole.toBytes());
  expect(first.toBytes()).toEqual(whole.toBytes());
  await workers.close();
});

test('a training that diverges in a thread says so as it does here', async () => {
  const settings = { ...TINY, learningRate: 1e200 };
  const workers = toyWorkers(2, settings);
  for (const count of [toyWorkers(1, settings), workers]) {
    const training = new ToyRun(settings).train(goOn, () => {}, count);
    await expect(training).rejects.toThrow(DomainError);
    await expect(training).rejects.toThrow(/Training: everything must stay finite.* at step 1; a/);
  }
  await workers.close();
});

test('a run killed right after a checkpoint does not measure it twice', async () => {
  const whole = new ToyRun(TINY);
  const states: Uint8Array[] = [];
  await whole.train(goOn, () => states.push(whole.toBytes()));
  expect(states.length).toBe(4);
  for (const bytes of states) {
    const again = new ToyRun(TINY, bytes);
    await again.train(goOn, () => {});
    expect(again.toBytes()).toEqual(whole.toBytes());
  }
});

/** A store in memory, and what is in it. */
const memoryStore = (): { store: Store; held: Map<string, Uint8Array> } => {
  const held = new Map<string, Uint8Array>();
  return { held, store: { read: (name) => held.get(name), write: (name, x) => held.set(name, x) } };
};

const figures = (...ids: string[]) => EXPERIMENTS.filter(({ id }) => ids.includes(id));

test('any number of workers gives the same figures', async () => {
  const toy = TINY;
  const make = (workers: number) =>
    reproduce(figures('fig1', 'fig2', 'fig3'), {
      ...{ toy, workers, store: memoryStore().store, onProgress: goOn },
    });
  const one = await make(1);
  expect(one?.map(({ id }) => id)).toEqual(['fig1', 'fig2', 'fig3']);
  expect(await make(2)).toEqual(one);
});

test('stopped in a later figure, the same call goes on without making the earlier ones again', async () => {
  const { store, held } = memoryStore();
  const toy = TINY;
  const whole = await reproduce(figures('fig2', 'fig3'), {
    ...{ toy, store: memoryStore().store, onProgress: goOn },
  });
  const stop = async (stage: string): Promise<boolean> => stage !== 'figure 3';
  const asked = figures('fig2', 'fig3');
  expect(await reproduce(asked, { toy, store, onProgress: stop })).toBeNull();
  expect([...held.keys()].sort()).toEqual(['fig2.figure', 'run']);
  const stages = new Set<string>();
  const onProgress = async (stage: string): Promise<boolean> => stages.add(stage) !== undefined;
  expect(await reproduce(asked, { toy, store, onProgress })).toEqual(whole);
  expect([...stages]).toEqual(['figure 3']);
  const other = { ...toy, fineTuningTrials: 3 };
  await expect(reproduce(asked, { toy: other, store, onProgress })).rejects.toThrow(
    /fineTuningTrials 2, got fineTuningTrials 3/,
  );
});

test('bytes of another run or of something else are refused', () => {
  const bytes = new ToyRun(TINY).toBytes();
  expect(() => new ToyRun({ ...TINY, batch: 8 }, bytes)).toThrow(/batch 7, got batch 8/);
  const other = encodeState({ kind: 'other', settings: { ...TINY }, arrays: {} });
  expect(() => new ToyRun(TINY, other)).toThrow(/the state of a toy-run is required, got other/);
  const empty = encodeState({ kind: 'toy-run', settings: { ...TINY }, arrays: {} });
  expect(() => new ToyRun(TINY, empty)).toThrow(StateError);
});

test.each([
  ['steps', 0],
  ['steps', 1.5],
  ['seed', -1],
  ['learningRate', 0],
  ['learningRate', NaN],
  ['pairs', 9],
  ['fineTuningExamples', 1],
  ['width', 33],
] as const)('settings with %s = %d are refused', (name, value) => {
  expect(() => requireSettings({ ...TOY_DEFAULTS, [name]: value })).toThrow(DomainError);
});

test('a check with NaN fails, and a shape is judged only where it is expected', () => {
  expect(theoremCheck('x', NaN, '<=', 1).ok).toBe(false);
  expect(theoremCheck('x', NaN, '>=', 1).ok).toBe(false);
  expect([theoremCheck('x', 1, '<=', 1).ok, theoremCheck('x', 2, '<=', 1).ok]).toEqual([
    true,
    false,
  ]);
  expect(shapeCheck('x', 0, '>=', 1, true).ok).toBe(false);
  expect(shapeCheck('x', 0, '>=', 1, false).ok).toBeNull();
});
