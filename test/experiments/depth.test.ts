import { expect, test } from 'vitest';
import { eager } from '../../src/autograd/index.ts';
import { depth } from '../../src/experiments/depth/depth.ts';
import { DEPTH_SETTINGS } from '../../src/experiments/depth/settings.ts';
import {
  deepNetwork,
  depthPrompts,
  depthTrial,
  storeNetwork,
} from '../../src/experiments/depth/trial.ts';
import { defaultsOf } from '../../src/experiments/experiment.ts';
import { networkPatch } from '../../src/icl/index.ts';
import { matrix, multiplyNT, norm, subtract } from '../../src/linalg/index.ts';
import { sequenceOf } from '../../src/model/index.ts';
import { assertSameBits } from '../support/same-bits.ts';
import { runExperiment } from './run-experiment.ts';

const TINY = {
  ...defaultsOf(DEPTH_SETTINGS),
  ...{ tasks: 3, blocks: 4, pairs: 5, width: 6, heads: 2, hidden: 10 },
};

test('the same bytes come from one worker, from two, and after a stop', async () => {
  const one = await runExperiment(depth, { values: TINY });
  expect(await runExperiment(depth, { values: TINY, goOn: (done) => done < 2 })).toBeNull();
  const two = await runExperiment(depth, { values: TINY, workers: 2 });
  expect(JSON.stringify(two)).toBe(JSON.stringify(one));
  const other = await runExperiment(depth, { values: TINY, seed: 2 });
  expect(JSON.stringify(other?.series)).not.toBe(JSON.stringify(one?.series));
});

test('the theorem is judged at any settings, the shapes at the defaults only', async () => {
  const figure = await runExperiment(depth, { values: TINY });
  expect(figure?.checks.map(({ kind, ok }) => `${kind} ${ok}`)).toEqual([
    'theorem true',
    ...Array(8).fill('shape null'),
  ]);
  expect(figure?.checks[0].value).toBeGreaterThan(0); // two evaluations, rounded differently
  expect(figure?.panels.map(({ series }) => series[0].x)).toEqual([
    [1, 2, 4],
    [1, 2, 4],
  ]);
  expect(figure?.caption).toHaveLength(3);
});

test('in float64 the distances are those of networkPatch in mode last, bit for bit', () => {
  const deep = deepNetwork(TINY, 3);
  const stored = storeNetwork(deep, 53);
  for (const prompt of depthPrompts(TINY, 3)) {
    const trial = depthTrial(stored, prompt);
    const sequence = multiplyNT(sequenceOf(prompt.context, prompt.query), deep.lift);
    const found = networkPatch(deep.net, deep.parameters, sequence, [5], { mode: 'last' });
    const distances = (runs: typeof found.base) =>
      runs.map(([run], l) => norm(subtract(run.output, found.contextual[l][5].output)));
    assertSameBits(trial.sequential, distances(found.patched), 'patched');
    assertSameBits(trial.unpatched, distances(found.base), 'unpatched');
    expect(Math.max(...trial.sequential)).toBeLessThan(1e-12); // measured: below 5e-15
    expect(Math.min(...trial.unpatched)).toBeGreaterThan(0.1);
  }
});

test('all patches are the same where no block came before, and precomputed ones are fixed', () => {
  const deep = deepNetwork({ ...TINY, blocks: 12 }, 5);
  const [prompt] = depthPrompts(TINY, 5);
  for (const bits of [53, 24, 8]) {
    const { sequential, precomputed } = depthTrial(storeNetwork(deep, bits), prompt);
    expect(precomputed[0]).toBe(sequential[0]);
    expect(precomputed[11]).toBeGreaterThan(sequential[11]);
  }
});

test('errors shrink with the bits, by about the factor of the unit roundoff', () => {
  const deep = deepNetwork(TINY, 6);
  const [prompt] = depthPrompts(TINY, 6);
  const last = (bits: number): number => depthTrial(storeNetwork(deep, bits), prompt).sequential[3];
  // 2⁻⁸ to 2⁻²⁴ to 2⁻⁵³, each within a factor of 64: the errors are sums of a few hundred roundings.
  for (const [coarse, fine] of [
    [8, 24],
    [24, 53],
  ]) {
    const factor = last(coarse) / last(fine) / 2 ** (fine - coarse);
    expect(factor).toBeGreaterThan(1 / 64);
    expect(factor).toBeLessThan(64);
  }
});

test('float32 stores nothing that is not a float32 number', () => {
  const { blocks, lift, on } = storeNetwork(deepNetwork(TINY, 7), 24);
  const all = blocks.flatMap(({ own }) => Object.values(own)).concat(lift);
  for (const { data } of all) assertSameBits(data, data.map(Math.fround), 'stored');
  const x = matrix(1, 6, Float64Array.of(1 / 3, 0, 1, 2, 3, 4));
  assertSameBits(on.constant(x).data, x.data.map(Math.fround), 'constant');
});

test('a patch that is off by a billionth exceeds the bound', () => {
  const stored = storeNetwork(deepNetwork(TINY, 8), 53);
  const [prompt] = depthPrompts(TINY, 8);
  expect(depthTrial(stored, prompt).overBound).toBeLessThanOrEqual(1);
  const off = {
    ...eager,
    constant: (x: ReturnType<typeof matrix>) =>
      matrix(
        x.rows,
        x.cols,
        x.data.map((entry) => entry * (1 + 1e-9)),
      ),
  };
  expect(depthTrial({ ...stored, on: off }, prompt).overBound).toBeGreaterThan(1);
});

test('settings that do not fit are refused', async () => {
  await expect(runExperiment(depth, { values: { ...TINY, heads: 4 } })).rejects.toThrow(
    'reproduce depth: width must be a multiple of heads, got 6 and 4',
  );
  await expect(runExperiment(depth, { values: { ...TINY, tasks: 0 } })).rejects.toThrow(
    'reproduce depth: tasks must be an integer from 1 on, got 0',
  );
});
