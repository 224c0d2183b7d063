import { afterEach, expect, test, vi } from 'vitest';
import { figure1 } from '../../src/experiments/fig1.ts';
import { figure2 } from '../../src/experiments/fig2.ts';
import { figure3 } from '../../src/experiments/fig3.ts';
import type { FigureResult } from '../../src/experiments/figure-result.ts';
import { type Checkpoint, drawPrompts, ToyRun } from '../../src/experiments/toy-run.ts';
import { STREAM, TOY_DEFAULTS, type ToySettings } from '../../src/experiments/toy-settings.ts';
import type { FineTuningRow, PatchProof } from '../../src/icl/index.ts';
import { matrixFromRows, type RankOne } from '../../src/linalg/index.ts';
import { vector } from '../support/small-cases.ts';

/** What icl hands to the figures in place of its own values, where a test plants something. */
const planted = vi.hoisted(() => ({
  prefixes: null as null | (() => Float64Array[]),
  patch: null as null | ((right: RankOne, call: number) => RankOne),
  trajectory: null as null | (() => FineTuningRow[]),
  proof: null as null | (() => PatchProof),
  calls: 0,
}));

vi.mock('../../src/icl/index.ts', async (original) => {
  const own = await original<typeof import('../../src/icl/index.ts')>();
  const prefixVectors: typeof own.prefixVectors = (...all) =>
    planted.prefixes?.() ?? own.prefixVectors(...all);
  const patchWeight: typeof own.patchWeight = (...all) => {
    const right = own.patchWeight(...all);
    return planted.patch?.(right, planted.calls++) ?? right;
  };
  const fineTuningTrajectory: typeof own.fineTuningTrajectory = (...all) =>
    planted.trajectory?.() ?? own.fineTuningTrajectory(...all);
  const proveContextPatch: typeof own.proveContextPatch = (...all) =>
    planted.proof?.() ?? own.proveContextPatch(...all);
  return { ...own, prefixVectors, patchWeight, fineTuningTrajectory, proveContextPatch };
});

afterEach(() => {
  Object.assign(planted, { prefixes: null, patch: null, trajectory: null, proof: null, calls: 0 });
});

const goOn = async (): Promise<boolean> => true;

const check = (figure: FigureResult, name: string) => {
  const found = figure.checks.filter((each) => each.name.startsWith(name));
  expect(found, name).toHaveLength(1);
  return found[0];
};

const series = (figure: FigureResult, name: string) => {
  const found = figure.series.filter((each) => each.name.startsWith(name));
  expect(found, name).toHaveLength(1);
  return found[0];
};

/** A run whose training is `W` and nothing else. */
const runOf = (settings: ToySettings, W = matrixFromRows([[2]])): ToyRun =>
  ({ settings, block: {}, training: { parameters: { 'mlp.W1': W } } }) as unknown as ToyRun;

const LOSSES = [4, 3, 9, 1, 6, 8, 2];
const CHECKPOINTS: Checkpoint[] = LOSSES.map((contextLoss, k) => ({
  step: 10 * k,
  trainLoss: k === 0 ? NaN : 50 + k,
  contextLoss,
  patchedLoss: 100 + contextLoss,
  difference: k === 2 ? 5e-15 : 1e-15,
  bound: (k + 1) * 1e-14,
  overBound: k === 3 ? 0.9 : 0.1,
}));

/** Of the certificates. */
const RADII = [1e-13, 8e-13, 2e-13];

test('figure 1 draws both losses, the training losses after step 0, and what they differ by', () => {
  const figure = figure1(TOY_DEFAULTS, CHECKPOINTS, RADII);
  expect(series(figure, 'validation, with the context').y).toEqual(LOSSES);
  expect(series(figure, 'validation, context replaced').y).toEqual(LOSSES.map((y) => 100 + y));
  expect(series(figure, 'training, mean of 200 steps')).toMatchObject({
    x: [10, 20, 30, 40, 50, 60],
    y: [51, 52, 53, 54, 55, 56],
  });
  expect(series(figure, 'largest difference').y[2]).toBe(5e-15);
  expect(series(figure, 'its a-priori').y).toEqual(CHECKPOINTS.map(({ bound }) => bound));
});

test('figure 1 judges the worst checkpoint, and the median of the last five losses', () => {
  const figure = figure1(TOY_DEFAULTS, CHECKPOINTS, RADII);
  expect(check(figure, '|T_W')).toMatchObject({ value: 0.9, limit: 1, ok: true });
  expect(check(figure, 'the largest such')).toMatchObject({ value: 5e-15, limit: 1e-14, ok: true });
  expect(check(figure, 'certified')).toMatchObject({ value: 8e-13, limit: 1e-12, ok: true });
  for (const R of [1.1e-12, NaN]) {
    expect(check(figure1(TOY_DEFAULTS, CHECKPOINTS, [...RADII, R]), 'certified').ok).toBe(false);
  }
  expect(check(figure, 'validation loss before')).toMatchObject({ value: 4, limit: 1.2, ok: true });
  // 9, 1, 6, 8, 2 → 6; of all seven it would be 4, and the last one is 2.
  expect(check(figure, 'validation loss, median')).toMatchObject({ value: 6, ok: false });
  const caption = figure.caption.join(' ');
  for (const part of [
    'goes from 4.00 to 6.00',
    '100 examples',
    '100 prompts',
    '5.0e-15',
    'is 90%',
  ]) {
    expect(caption).toContain(part);
  }
});

test('a bound that is broken or not a number at one checkpoint fails figure 1', () => {
  for (const overBound of [1.0001, NaN, Infinity]) {
    const worse = CHECKPOINTS.map((each, k) => (k === 1 ? { ...each, overBound } : each));
    expect(check(figure1(TOY_DEFAULTS, worse, RADII), '|T_W').ok).toBe(false);
    expect(check(figure1({ ...TOY_DEFAULTS, seed: 2 }, worse, RADII), '|T_W').ok).toBe(false);
  }
  const other = figure1({ ...TOY_DEFAULTS, seed: 2 }, CHECKPOINTS, RADII);
  expect(other.checks.map(({ ok }) => ok)).toEqual([true, null, null, null, null]);
});

const TINY: ToySettings = {
  ...TOY_DEFAULTS,
  ...{ pairs: 10, width: 4, heads: 2, hidden: 5, steps: 23, batch: 4, microBatch: 2 },
  ...{ validationPrompts: 3, validateEvery: 10, marginalTrials: 3, fineTuningTrials: 3 },
  fineTuningExamples: 22,
};

test('a checkpoint takes each loss from its own run, and the worst over the prompts', async () => {
  // [with the context, patched, observed, over bound, bound] of the three prompts
  const proofs = [
    [1, 10, 3e-16, 0.2, 7e-14],
    [2, 20, 9e-16, 0.4, 8e-14],
    [3, 30, 6e-16, 0.3, 6e-14],
  ];
  let call = 0;
  planted.proof = () => {
    const [context, patched, observed, overBound, bound] = proofs[call++ % 3];
    const contextual = { output: vector(-7, -7, context) };
    const output = { observed, overBound, bound };
    return { contextual, patched: { output: vector(-7, -7, patched) }, output } as PatchProof;
  };
  const run = new ToyRun(TINY);
  await run.train(goOn, () => {});
  const targets = drawPrompts(TINY, STREAM.validation, 3).map(({ target }) => target);
  const loss = (which: 0 | 1): number =>
    targets.reduce((sum, target, k) => sum + (proofs[k][which] - target) ** 2, 0) / 3;
  const { losses } = run.training;
  const windows = [losses.slice(0, 10), losses.slice(10, 20), losses.slice(20, 23)];
  expect(run.checkpoints.map(({ step }) => step)).toEqual([0, 10, 20, 23]);
  expect(run.checkpoints[0].trainLoss).toBeNaN();
  run.checkpoints.forEach((checkpoint, k) => {
    expect(checkpoint).toMatchObject({ difference: 9e-16, overBound: 0.4, bound: 8e-14 });
    // Derived: three squares and a mean, rounded in the same order or another: below 8u.
    expect(Math.abs(checkpoint.contextLoss / loss(0) - 1)).toBeLessThan(1e-15);
    expect(Math.abs(checkpoint.patchedLoss / loss(1) - 1)).toBeLessThan(1e-15);
    if (k === 0) return;
    const window = windows[k - 1];
    const mean = window.reduce((sum, each) => sum + each, 0) / window.length;
    expect(Math.abs(checkpoint.trainLoss / mean - 1)).toBeLessThan(1e-14); // derived: γ_11
  });
});

/** The means of g_1 … g_9: nothing like 1/i up to 5, and 504/i beyond. */
const MEANS = [1120, 7, 7, 7, 7, 84, 72, 63, 56];

/**
 * Prefixes of three trials for W = 2 and A_0 = 4, so that g_i = |A_{i+1} − A_i|/2. g_0 is 10⁶; from
 * i = 1 on two trials have the mean less i, one has it plus 2i: the median is the mean less i.
 */
function fabricatedPrefixes(): () => Float64Array[] {
  let trial = 0;
  return () => {
    const shift = trial++ % 3 === 2 ? 2 : -1;
    const prefixes = [vector(4), vector(4 + 2e6)];
    MEANS.forEach((mean, k) => {
      prefixes.push(vector(prefixes[k + 1][0] + 2 * (mean + shift * (k + 1))));
    });
    return prefixes;
  };
}

test('figure 2 begins at g_1, and takes its slope beyond i = 5 from the mean', async () => {
  planted.prefixes = fabricatedPrefixes();
  const figure = await figure2(runOf(TINY), goOn);
  if (!figure) throw new Error('stopped');
  const index = [1, 2, 3, 4, 5, 6, 7, 8, 9];
  expect(series(figure, 'mean')).toMatchObject({ x: index, y: MEANS });
  expect(series(figure, 'median')).toMatchObject({
    x: index,
    y: MEANS.map((mean, k) => mean - (k + 1)),
    low: MEANS.map((mean, k) => mean - (k + 1)),
    high: MEANS.map((mean, k) => mean + (k + 1) / 2),
  });
  expect(series(figure, 'slope −1').y).toEqual(index.map((i) => 504 / i));
  expect(check(figure, 'mean g_1 over mean g_9')).toMatchObject({ value: 20, ok: null });
  for (const [name, limit] of [
    ['log-log slope of the mean beyond i = 5', -1.3],
    ['log-log slope of the mean beyond i = 5, from above', -0.7],
  ] as const) {
    const found = figure.checks.find((each) => each.name === name);
    expect(found?.limit).toBe(limit);
    expect(found?.value).toBeCloseTo(-1, 12); // derived: eight logarithms, each within an ulp
  }
  // Integers, and v = 1/4: nothing is rounded.
  expect(check(figure, '(W + ΔW_i)')).toMatchObject({ value: 0, ok: true });
  const caption = figure.caption.join(' ');
  for (const part of ['falls 20.0-fold from 1 to 9 tokens', 'slope −1.00 on', 'the 3 prompts']) {
    expect(caption).toContain(part);
  }
});

test('one wrong patch at one prefix of one trial fails figure 2 by its own ratio', async () => {
  // Eleven prefixes a trial: the second of the first trial, the last of the last.
  for (const [at, next] of [
    [1, 4 + 2e6],
    [32, 4 + 2e6 + 2 * (1423 + 2 * 45)],
  ]) {
    planted.calls = 0;
    planted.prefixes = fabricatedPrefixes();
    planted.patch = ({ p, v }, call) => ({ p: call === at ? vector(p[0] + 1) : p, v });
    const figure = await figure2(runOf(TINY), goOn);
    if (!figure) throw new Error('stopped');
    const found = check(figure, '(W + ΔW_i)');
    // off 1; γ_2·|W||a| + γ_8·|W||δ| + γ_2·|W||A_i| with W = 2, a = 4, to first order
    const bound = (2 * 8 + 8 * 2 * (next - 4) + 2 * 2 * next) * 2 ** -53;
    expect(found.ok).toBe(false);
    expect(Math.abs(found.value * bound - 1)).toBeLessThan(1e-12);
  }
  planted.prefixes = fabricatedPrefixes();
  planted.patch = ({ v }) => ({ p: vector(NaN), v });
  const figure = await figure2(runOf(TINY), goOn);
  expect(figure?.checks[0]).toMatchObject({ ok: false, value: Number.MAX_VALUE });
});

/** Rows of three trials: means 2(100 − i)/64 tuned and 2(50 − 2i)/64 updated, other medians. */
function fabricatedTrajectories(M: number): () => FineTuningRow[] {
  let trial = 0;
  return () => {
    const t = trial++ % 3;
    return Array.from({ length: M + 1 }, (_, i) => ({
      fineTunedLoss: ([1, 1, 4][t] * (100 - i)) / 64,
      updatedLoss: ([1, 2, 3][t] * (50 - 2 * i)) / 64,
      contextLoss: 1000,
      updatedPrediction: 1,
      contextPrediction: t === 1 && i === 3 ? 1 + 2 ** -40 : 1 - 2 ** -45,
      overBound: t === 0 && i === 4 ? 0.75 : 0.125,
      alignment: i === 0 || (t === 1 && i === M) ? null : [0.5, 0.9, 1][t],
      ...{ fineTuned: matrixFromRows([[0]]), update: { p: vector(0), v: vector(0) } },
      ...{ trainLoss: null, gradient: null },
    }));
  };
}

test('figure 3 compares the means of the right curves at 20 examples, and two evaluations', async () => {
  planted.trajectory = fabricatedTrajectories(22);
  const figure = await figure3(runOf(TINY), goOn);
  if (!figure) throw new Error('stopped');
  expect(series(figure, 'fine-tuned on the examples, mean').y[20]).toBe(2.5);
  expect(series(figure, 'fine-tuned on the examples, median').y[20]).toBe(1.25);
  expect(series(figure, 'updated by ΔW, mean').y[20]).toBe(0.3125);
  expect(series(figure, 'updated by ΔW, median')).toMatchObject({ x: figure.series[0].x });
  expect(check(figure, 'test loss of ΔW over that of fine-tuning, i = 20').value).toBe(0.125);
  expect(check(figure, 'fine-tuning: last').value).toBeCloseTo(0.78, 14);
  expect(check(figure, 'ΔW: last').value).toBeCloseTo(0.12, 14);
  expect(check(figure, '|T_{W+ΔW_i}')).toMatchObject({ value: 0.75, ok: true });
  expect(check(figure, 'the largest such').value).toBe(2 ** -40);
  expect(check(figure, 'mean cosine').value).toBe(0.75); // of 0.5 and 1: one has no angle
  expect(series(figure, 'cosine, mean').x).toEqual(Array.from({ length: 22 }, (_, i) => i + 1));
  expect(series(figure, 'cosine, median')).toMatchObject({ y: [...Array(21).fill(0.9), 0.75] });
  const caption = figure.caption.join(' ');
  for (const part of [
    'at rate 0.01',
    'from 3.1 to 2.5 after 20 and 2.4 after 22',
    'from 1.6 to 0.31 and 0.19',
    'is 0.75 on average',
  ]) {
    expect(caption).toContain(part);
  }
});

test('with fewer than 20 examples figure 3 compares at the last, and a broken bound fails it', async () => {
  for (const overBound of [1.0001, NaN]) {
    const right = fabricatedTrajectories(5);
    planted.trajectory = () => right().map((row, i) => (i === 2 ? { ...row, overBound } : row));
    const figure = await figure3(runOf({ ...TINY, fineTuningExamples: 5 }), goOn);
    if (!figure) throw new Error('stopped');
    expect(check(figure, 'test loss of ΔW over').name).toMatch(/i = 5$/);
    expect(check(figure, 'test loss of ΔW over').value).toBeCloseTo(40 / 95, 14);
    expect(check(figure, '|T_{W+ΔW_i}').ok).toBe(false);
  }
});

test('figures 2 and 3 of a run that was not trained hold their theorems, and stop when told', async () => {
  const run = new ToyRun({ ...TINY, fineTuningExamples: 3 });
  for (const figure of [figure2, figure3]) {
    const made = await figure(run, goOn);
    const theorem = made?.checks.find(({ kind }) => kind === 'theorem');
    expect(theorem?.ok).toBe(true);
    expect(theorem?.value).toBeGreaterThan(0); // two evaluations, rounded differently
    const stages: string[] = [];
    const stop = async (stage: string, done: number): Promise<boolean> => {
      stages.push(`${stage} ${done}`);
      return done < 2;
    };
    expect(await figure(run, stop)).toBeNull();
    expect(stages).toHaveLength(2);
  }
});
