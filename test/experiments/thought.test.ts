import { afterEach, expect, test, vi } from 'vitest';
import {
  defaultsOf,
  type Experiment,
  requireValues,
  type Store,
} from '../../src/experiments/experiment.ts';
import type { FigureResult } from '../../src/experiments/figure-result.ts';
import { EXPERIMENTS, reproduce } from '../../src/experiments/reproduce.ts';
import { contextTrial } from '../../src/experiments/thought/context-trial.ts';
import { thought } from '../../src/experiments/thought/thought.ts';
import { TOY_DEFAULTS, toyBlock } from '../../src/experiments/toy-settings.ts';
import { DomainError, matrix, Random, rowOf } from '../../src/linalg/index.ts';
import { initialise, linearPrompt, runBlock } from '../../src/model/index.ts';

/** Mistakes in the fit itself, where a test plants one. */
const planted = vi.hoisted(() => ({ factor: 1 }));

vi.mock('../../src/icl/index.ts', async (original) => {
  const own = await original<typeof import('../../src/icl/index.ts')>();
  const thoughtCurve: typeof own.thoughtCurve = (...all) => {
    const { points, unpatched } = own.thoughtCurve(...all);
    const off = points.map((point) => {
      const data = point.fit.map.data.map((entry) => planted.factor * entry);
      return { ...point, fit: { ...point.fit, map: { ...point.fit.map, data } } };
    });
    return { points: off, unpatched };
  };
  return { ...own, thoughtCurve };
});

afterEach(() => {
  planted.factor = 1;
});

const TINY = {
  ...defaultsOf(thought.settings),
  ...{ contexts: 3, tokens: 9, tests: 5, designs: 2, rank: 4 },
};

const TOY = {
  ...TOY_DEFAULTS,
  ...{ pairs: 10, width: 8, heads: 2, hidden: 6, steps: 4, batch: 4, microBatch: 2 },
  ...{ validateEvery: 4, validationPrompts: 2 },
};

const memory = (): Store => {
  const held = new Map<string, Uint8Array>();
  return { read: (name) => held.get(name), write: (name, bytes) => held.set(name, bytes) };
};

const make = async (
  options: Partial<Parameters<typeof reproduce>[1]> = {},
  experiments: readonly Experiment[] = [thought],
): Promise<FigureResult | null> => {
  const figures = await reproduce(experiments, {
    toy: TOY,
    values: { thought: TINY },
    onProgress: async () => true,
    store: memory(),
    ...options,
  });
  return figures?.[0] ?? null;
};

test('theorems hold for the least training too; shapes are judged at the defaults only', async () => {
  expect(EXPERIMENTS).toContain(thought);
  const figure = await make();
  const verdicts = figure?.checks.map(({ kind, ok }) => `${kind} ${ok}`) ?? [];
  expect(verdicts.slice(0, 3)).toEqual(Array(3).fill('theorem true'));
  expect(new Set(verdicts.slice(3))).toEqual(new Set(['shape null']));
  const curve = figure?.series.find(
    ({ name }) => name === 'Error at the weights: other queries, median',
  );
  expect(curve?.x).toEqual([1, 2, 3, 5, 8, 9]);
  const train = figure?.series.find(({ name }) => name.includes('on the K queries'));
  expect(train?.x).toEqual([3, 5, 8, 9]); // above the rank
  const average = figure?.series.find(({ name }) => name.includes('r = 8, rank-one'));
  expect(average?.x).toEqual([0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4, 6, 8]); // K over r
});

test('any number of workers gives the same figure, and so does a run that was stopped', async () => {
  const whole = await make();
  expect(await make({ workers: 2 })).toEqual(whole);
  for (const stage of ['training', 'thought']) {
    const store = memory();
    const stop = async (now: string, done: number): Promise<boolean> => now !== stage || done < 2;
    expect(await make({ store, onProgress: stop })).toBeNull();
    expect(await make({ store })).toEqual(whole);
  }
});

test('K = 1 is the rank-one patch of the one query, recomputed here from two runs', () => {
  const block = toyBlock(TOY);
  const random = new Random(7);
  const parameters = initialise(block.shapes, random);
  const { context } = linearPrompt({ dimension: 2, pairs: 6 }, random);
  const queries = matrix(2, 3, Float64Array.of(1, -2, 0, 0.5, 1, 0));
  const trial = contextTrial(block, {
    ...{ parameters, context, counts: [1], ridge: 1e-3 },
    calibration: matrix(1, 3, queries.data.slice(0, 3)),
    tests: matrix(1, 3, queries.data.slice(3)),
  });
  const W = parameters['mlp.W1'];
  const [one, other] = [0, 1].map((i) => {
    const a = runBlock(block, parameters, matrix(0, 3), rowOf(queries, i)).input;
    const there = runBlock(block, parameters, context, rowOf(queries, i)).input;
    const rows = Array.from({ length: W.rows }, (_, r) => rowOf(W, r));
    const dot = (x: Float64Array, y: Float64Array) => x.reduce((sum, e, j) => sum + e * y[j], 0);
    const delta = there.map((entry, j) => entry - a[j]);
    return { a, target: rows.map((row) => dot(row, delta)), dot };
  });
  const scale = one.dot(one.a, other.a) / one.dot(one.a, one.a);
  const square = (x: number[]) => x.reduce((sum, entry) => sum + entry * entry, 0);
  const missed = square(other.target.map((t, r) => scale * one.target[r] - t));
  // Another order of summation: a few units in the last place, 1e-12 by far.
  expect(Math.abs(trial.test[0] - missed)).toBeLessThanOrEqual(1e-12 * missed);
  const unpatched = square(other.target);
  expect(Math.abs(trial.unpatched - unpatched)).toBeLessThanOrEqual(1e-12 * unpatched);
  expect(Math.abs(trial.averaged.test[0] - missed / unpatched)).toBeLessThanOrEqual(1e-12);
  expect(trial.ranks).toEqual(Float64Array.of(1));
  const size = one.dot(one.a, one.a);
  const changed = matrix(
    W.rows,
    W.cols,
    W.data.map((w, i) => w + (one.target[Math.floor(i / W.cols)] * one.a[i % W.cols]) / size),
  );
  const query = rowOf(queries, 1);
  const predict = (own: Parameters<typeof runBlock>[1], tokens: typeof context): number =>
    runBlock(block, own, tokens, query).output[2];
  const there = predict(parameters, context);
  const off = predict({ ...parameters, 'mlp.W1': changed }, matrix(0, 3)) - there;
  const base = predict(parameters, matrix(0, 3)) - there;
  const share = (off * off) / (base * base);
  expect(Math.abs(trial.leastNorm.prediction[0] - share)).toBeLessThanOrEqual(1e-12 * share);
});

test('a fit that is off by 1e-9 fails both theorem checks', async () => {
  planted.factor = 1 + 1e-9;
  const figure = await make();
  expect(figure?.checks.slice(0, 3).map(({ ok }) => ok)).toEqual([false, false, true]);
});

test.each([
  ['tokens', 3],
  ['contexts', 0],
  ['ridge', 0],
  ['noise', -1],
  ['rank', 2.5],
])('settings with %s = %d are refused', (name, value) => {
  expect(() => requireValues(thought, { ...TINY, [name]: value })).toThrow(DomainError);
});
