import { afterEach, expect, test, vi } from 'vitest';
import {
  defaultsOf,
  type Experiment,
  requireValues,
  type Store,
} from '../../src/experiments/experiment.ts';
import type { FigureResult } from '../../src/experiments/figure-result.ts';
import { gradient } from '../../src/experiments/gradient/gradient.ts';
import { stepsTrial } from '../../src/experiments/gradient/steps-trial.ts';
import { EXPERIMENTS, reproduce } from '../../src/experiments/reproduce.ts';
import { TOY_DEFAULTS } from '../../src/experiments/toy-settings.ts';
import type { AttentionBias, GradientStepMistakes } from '../../src/icl/index.ts';
import { DomainError, matrix, matrixFromRows } from '../../src/linalg/index.ts';
import { vector } from '../support/small-cases.ts';

/** Mistakes in the theorems themselves, where a test plants one. */
const planted = vi.hoisted(() => ({
  mistake: null as null | GradientStepMistakes,
  rate: 1,
  biases: null as null | ((right: readonly AttentionBias[]) => readonly AttentionBias[]),
}));

vi.mock('../../src/icl/index.ts', async (original) => {
  const own = await original<typeof import('../../src/icl/index.ts')>();
  const proveGradientStep: typeof own.proveGradientStep = (examples, query, omega, eta, mistake) =>
    own.proveGradientStep(examples, query, omega, eta, mistake ?? planted.mistake ?? {});
  const proveGradientSteps: typeof own.proveGradientSteps = (e, query, eta, layers, mistake) =>
    own.proveGradientSteps(e, query, eta, layers, mistake ?? planted.mistake ?? {});
  const squaredErrorStep: typeof own.squaredErrorStep = (examples, omega, eta) =>
    own.squaredErrorStep(examples, omega, planted.rate * eta);
  const contextBiases: typeof own.contextBiases = (...all) => {
    const right = own.contextBiases(...all);
    return planted.biases?.(right) ?? right;
  };
  return { ...own, proveGradientStep, proveGradientSteps, squaredErrorStep, contextBiases };
});

afterEach(() => {
  Object.assign(planted, { mistake: null, rate: 1, biases: null });
});

const TINY = {
  ...defaultsOf(gradient.settings),
  ...{ tasks: 2, layers: 3, dimension: 1, points: 2 },
  ...{ stacks: 2, depth: 2, width: 4, context: 3, continuation: 5 },
};

const memory = (): Store => {
  const held = new Map<string, Uint8Array>();
  return { read: (name) => held.get(name), write: (name, bytes) => held.set(name, bytes) };
};

const make = async (
  options: Partial<Parameters<typeof reproduce>[1]> = {},
  experiments: readonly Experiment[] = [gradient],
): Promise<FigureResult | null> => {
  const figures = await reproduce(experiments, {
    toy: TOY_DEFAULTS,
    values: { gradient: TINY },
    onProgress: async () => true,
    store: memory(),
    ...options,
  });
  return figures?.[0] ?? null;
};

const verdicts = (figure: FigureResult | null) =>
  figure?.checks.map(({ kind, ok }) => `${kind} ${ok}`);

test('all theorems hold with nothing left over; shapes are judged at the defaults only', async () => {
  expect(EXPERIMENTS).toContain(gradient);
  const figure = await make();
  expect(verdicts(figure)).toEqual([...Array(4).fill('theorem true'), 'shape null']);
  expect(figure?.checks.slice(0, 4).map(({ value }) => value)).toEqual([0, 0, 0, 0]);
  const zeros = figure?.series.filter(({ name }) => /^fractions|^biases, all/.test(name));
  // Layers 1 to 3, and continuations of 1, 2, 4 and 5 tokens.
  expect(zeros?.map(({ x, y }) => [x, y])).toEqual([
    [
      [1, 2, 3],
      [0, 0, 0],
    ],
    [
      [1, 2, 4, 5],
      [0, 0, 0, 0],
    ],
  ]);
  // Three sizes of two tasks, each with the residual and the projection of one step and three layers.
  expect(figure?.caption.join(' ')).toContain('all 30 equalities');
});

test('any number of workers gives the same figure, and so does a run that was stopped', async () => {
  const whole = await make();
  expect(await make({ workers: 2 })).toEqual(whole);
  for (const at of [1, 7]) {
    const store = memory();
    const stop = async (_stage: string, done: number): Promise<boolean> => done < at;
    expect(await make({ store, onProgress: stop })).toBeNull();
    expect(await make({ store })).toEqual(whole);
  }
});

test('by hand: x_1 = (1, 2) with label 3, query (2, 1) with label 1, η = ½', () => {
  const trial = stepsTrial({
    examples: { inputs: matrixFromRows([[1, 2]]), labels: vector(3) },
    query: vector(2, 1),
    target: 1,
    omega: vector(1, 0),
    eta: 0.5,
    layers: 2,
  });
  // ω_1 = (3/2, 3), ω_1·x = 6; then l_1 = 3 − 15/2 = −9/2, ω_2 = (−3/4, −3/2), ω_2·x = −3.
  expect(trial).toEqual({
    residuals: vector(0, 0), // all of it dyadic, and short
    exactResiduals: vector(0, 0),
    layerLosses: vector(1, 25, 16),
    stepLosses: vector(1, 25, 16),
    bits: vector(4, 3), // 110/1 and 11/1
    ...{ tried: 4, broken: 0, mistakes: 4, unnoticed: 0 },
  });
});

test.each([
  ['values +η·y_j', { plusSign: true }],
  ['a query that reads its own slot', { seesItself: true }],
])('%s: the first theorem check fails, and the zeros are gone', async (_name, mistake) => {
  planted.mistake = mistake;
  const figure = await make();
  expect(figure?.checks[0]).toMatchObject({ ok: false });
  const exact = figure?.series.find(({ name }) => name.startsWith('fractions'));
  expect(Math.max(...(exact?.y ?? []))).toBeGreaterThan(1e-3);
});

test('another rate on one side separates the curves in doubles', async () => {
  planted.rate = 1.001;
  const figure = await make();
  expect(figure?.checks[4].value).toBeGreaterThan(1e-5);
});

test('biases that are off in one last bit change an output', async () => {
  planted.biases = (right) =>
    right.map(({ S, n }) => ({
      S,
      n: matrix(
        n.rows,
        n.cols,
        n.data.map((entry) => entry * (1 + Number.EPSILON)),
      ),
    }));
  const figure = await make();
  expect(verdicts(figure)?.slice(0, 3)).toEqual(['theorem true', 'theorem true', 'theorem false']);
  planted.biases = (right) => right.map(({ S, n }) => ({ S, n: matrix(n.rows, n.cols) }));
  expect((await make())?.checks[2].ok).toBe(false);
});

test.each([
  ['layers', 1],
  ['tasks', 0],
  ['rate', 0],
  ['points', 1.5],
  ['width', 5],
])('settings with %s = %d are refused', (name, value) => {
  expect(() => requireValues(gradient, { ...TINY, [name]: value })).toThrow(DomainError);
});
