import { afterEach, expect, test, vi } from 'vitest';
import { alignment } from '../../src/experiments/alignment/alignment.ts';
import { linearTrial } from '../../src/experiments/alignment/linear-trial.ts';
import { promptTrial } from '../../src/experiments/alignment/prompt-trial.ts';
import { defaultsOf, requireValues, type Store } from '../../src/experiments/experiment.ts';
import type { FigureResult } from '../../src/experiments/figure-result.ts';
import { EXPERIMENTS, reproduce } from '../../src/experiments/reproduce.ts';
import { drawPrompts } from '../../src/experiments/toy-run.ts';
import { TOY_DEFAULTS, type ToySettings, toyBlock } from '../../src/experiments/toy-settings.ts';
import { fineTuningTrajectory } from '../../src/icl/index.ts';
import { DomainError, matrix, matrixFromRows, rankOneToMatrix } from '../../src/linalg/index.ts';
import { Training } from '../../src/model/index.ts';
import { vector } from '../support/small-cases.ts';

/** A sign for the step of the layer, where a test plants one. */
const planted = vi.hoisted(() => ({ sign: 1 }));

vi.mock('../../src/icl/index.ts', async (original) => {
  const own = await original<typeof import('../../src/icl/index.ts')>();
  const gradientStep: typeof own.gradientStep = (examples, query, omega, eta) =>
    own.gradientStep(examples, query, omega, planted.sign * eta);
  return { ...own, gradientStep };
});

afterEach(() => {
  planted.sign = 1;
});

const TOY: ToySettings = {
  ...TOY_DEFAULTS,
  ...{ pairs: 10, width: 4, heads: 2, hidden: 6, steps: 4, batch: 2, microBatch: 2 },
  ...{ validationPrompts: 1, validateEvery: 4, fineTuningTrials: 3, fineTuningExamples: 5 },
};

const TINY = {
  ...defaultsOf(alignment.settings),
  ...{ controls: 2, tokens: 3, queries: 3, regressions: 4 },
};

const memory = (): Store => {
  const held = new Map<string, Uint8Array>();
  return { read: (name) => held.get(name), write: (name, bytes) => held.set(name, bytes) };
};

const make = async (
  options: Partial<Parameters<typeof reproduce>[1]> = {},
): Promise<FigureResult | null> => {
  const figures = await reproduce([alignment], {
    toy: TOY,
    values: { alignment: TINY },
    onProgress: async () => true,
    store: memory(),
    ...options,
  });
  return figures?.[0] ?? null;
};

test('the theorems hold, and the four expected means stand beside what is measured', async () => {
  expect(EXPERIMENTS).toContain(alignment);
  const figure = await make();
  expect(figure?.checks.map(({ kind, ok }) => `${kind} ${ok}`)).toEqual([
    ...Array(3).fill('theorem true'),
    ...Array(9).fill('shape null'),
  ]);
  const expected = figure?.checks
    .slice(3, 7)
    .map(({ name }) => name.replace('mean cosine of the whole updates at ', ''));
  expect(expected).toEqual([
    'i = 1, distance from 0.06',
    'i = 5, distance from 0.23',
    'i = 10, distance from 0.3',
    'i = 100, distance from 0.37',
  ]);
  const means = figure?.series.filter(({ name }) => name === 'trained, mean') ?? [];
  expect(means.map(({ x }) => x)).toEqual(Array(2).fill([1, 2, 3, 4, 5]));
  // The first step is the whole update after it, and the gradient is where fine-tuning goes.
  expect(Math.abs(means[0].y[0] - means[1].y[0])).toBeLessThan(1e-12);
  expect(figure?.checks[3].value).toBe(Math.abs(means[0].y[0] - 0.06));
});

test('any number of workers gives the same figure, and so does a run that was stopped', async () => {
  const whole = await make();
  expect(await make({ workers: 2 })).toEqual(whole);
  const store = memory();
  const stop = async (stage: string, done: number): Promise<boolean> =>
    stage !== 'alignment' || done < 4;
  expect(await make({ store, onProgress: stop })).toBeNull();
  expect(await make({ store })).toEqual(whole);
});

/** Σ x·y/√(Σ x²·Σ y²), by plain loops. */
function cosine(x: Float64Array, y: Float64Array): number {
  let [xy, xx, yy] = [0, 0, 0];
  x.forEach((entry, i) => {
    xy += entry * y[i];
    xx += entry * entry;
    yy += y[i] * y[i];
  });
  return xy / Math.sqrt(xx * yy);
}

test('a step is one dense difference, beside the descent on its own example', () => {
  const [prompt] = drawPrompts({ ...TOY, pairs: 4 }, 5, 1);
  const { parameters } = new Training(toyBlock(TOY), TOY);
  const task = { parameters, prompt, queries: [vector(1, 0, 0), vector(-1, 0.5, 0)], tokens: 2 };
  const trial = promptTrial(toyBlock(TOY), task, 0.01);
  const rows = fineTuningTrajectory(toyBlock(TOY), parameters, prompt, 0.01);
  const dense = rows.map(({ update }) => rankOneToMatrix(update).data);
  const steps = [1, 2, 3, 4].map((i) => dense[i].map((entry, k) => entry - dense[i - 1][k]));
  expect(trial.steps).toHaveLength(4);
  trial.steps.forEach((found, k) => {
    const descent = rows[k + 1].gradient?.data.map((entry) => -entry) ?? vector();
    // Derived: 24 entries, three sums each way, and the dense differences cancel a few digits.
    expect(Math.abs((found ?? NaN) - cosine(steps[k], descent))).toBeLessThan(1e-12);
  });
  // Two of four examples, evenly spaced: the first and the third. One pair has one cosine.
  const [pair] = trial.tokens ?? [];
  expect(Math.abs(pair - cosine(steps[0], steps[2]))).toBeLessThan(1e-12);
  expect(trial.queries).toHaveLength(21);
  expect(new Set(trial.queries).size).toBe(1);
});

test('by hand: x_1 = (1, 2) with label 3, ω_0 = (1, 0), η = ½, and a query on either side', () => {
  const examples = { inputs: matrixFromRows([[1, 2]]), labels: vector(3) };
  for (const side of [1, -1]) {
    const query = vector(2 * side, side);
    const trial = linearTrial({ examples, query, omega: vector(1, 0), eta: 0.5 });
    // The step is (1, 2): its cosine with (2, 1) is 4/5, whose size both cosines are. A few ulp.
    expect(Math.abs(trial.query - 0.8)).toBeLessThan(1e-15);
    expect(Math.abs(trial.update - 0.8)).toBeLessThan(1e-15);
    expect(trial.projected).toBe(true);
    expect(trial.overBound).toBeLessThanOrEqual(1);
  }
});

test('a layer that ascends fails the bound, and a step of 0 has no angle', async () => {
  planted.sign = -1;
  expect((await make())?.checks[0]).toMatchObject({ ok: false });
  const examples = { inputs: matrix(1, 2), labels: vector(3) };
  const still = { examples, query: vector(2, 1), omega: vector(1, 0), eta: 0.5 };
  expect(linearTrial(still).overBound).toBeNaN();
});

test.each([
  ['controls', 0],
  ['tokens', 1],
  ['queries', 1.5],
  ['rate', -1],
])('settings with %s = %d are refused', (name, value) => {
  expect(() => requireValues(alignment, { ...TINY, [name]: value })).toThrow(DomainError);
});
