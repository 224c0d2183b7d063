import { expect, test } from 'vitest';
import { eager } from '../../src/autograd/index.ts';
import { defaultsOf } from '../../src/experiments/experiment.ts';
import { generation } from '../../src/experiments/generation/generation.ts';
import {
  FAMILIES,
  randomModel,
  randomPrompts,
  VARIANTS_OF,
} from '../../src/experiments/generation/models.ts';
import { GENERATION_SETTINGS } from '../../src/experiments/generation/settings.ts';
import { sumUp } from '../../src/experiments/generation/summary.ts';
import {
  generationTrial,
  storeModel,
  withContext,
  withoutContext,
} from '../../src/experiments/generation/trial.ts';
import { decodePatched } from '../../src/icl/index.ts';
import { matrix, roundTo, withSignificand } from '../../src/linalg/index.ts';
import { generate, largest } from '../../src/model/index.ts';
import { assertSameBits } from '../support/same-bits.ts';
import { runExperiment } from './run-experiment.ts';

const TINY = {
  ...defaultsOf(GENERATION_SETTINGS),
  ...{ prompts: 2, tokens: 3, promptLength: 5, blocks: 2, width: 16, heads: 2, kvHeads: 1 },
  ...{ hidden: 12, vocabulary: 32 },
};

test('the same bytes come from one worker, from two, and after a stop', async () => {
  const one = await runExperiment(generation, { values: TINY });
  expect(await runExperiment(generation, { values: TINY, goOn: (n) => n < 3 })).toBeNull();
  const two = await runExperiment(generation, { values: TINY, workers: 2 });
  expect(JSON.stringify(two)).toBe(JSON.stringify(one));
});

test('both theorems are judged at any settings, the shapes at the defaults only', async () => {
  const figure = await runExperiment(generation, { values: TINY, seed: 4 });
  expect(figure?.checks.map(({ kind, ok }) => `${kind} ${ok}`)).toEqual([
    'theorem true',
    'theorem true',
    ...Array(8).fill('shape null'),
  ]);
  expect(figure?.checks[0].value).toBeGreaterThan(0); // two evaluations, rounded differently
  expect(figure?.panels.map(({ series }) => series.length)).toEqual([3, 4, 3, 4]);
  expect(figure?.caption).toHaveLength(3);
});

test.each(FAMILIES)('in float64 the full %s generates the tokens of generate', (family) => {
  const random = randomModel(family, TINY, 2);
  const stored = storeModel(random, 53);
  const [ids] = randomPrompts(TINY, 2);
  const right = generate(random.model, random.parameters, ids, 3);
  const sequence = [...ids];
  for (const logits of right.logits) {
    assertSameBits(withContext(stored, sequence).logits, logits, 'logits');
    sequence.push(largest(logits));
  }
  const trial = generationTrial(stored, VARIANTS_OF[family], ids, 3);
  for (const { agrees, errors } of trial.patched) {
    expect(agrees).toEqual([1, 1, 1]);
    // Measured over ten seeds: below 1.2e-14; small divisors of a component-wise gain can cost more.
    expect(Math.max(...errors)).toBeLessThan(1e-10);
  }
  expect(Math.min(...trial.unpatched.errors)).toBeGreaterThan(0.01); // measured: above 0.64
  expect(trial.rounding).toEqual([0, 0, 0]);
  expect(trial.overBound).toBeLessThanOrEqual(1);
  // The library's own decoding from the newest token alone, patches beside the weights.
  const decoded = decodePatched(random.model, random.parameters, ids, [4], 1);
  decoded.logits[0].forEach((logit, i) => {
    expect(Math.abs(logit - right.logits[0][i])).toBeLessThan(1e-12); // measured: below 1.4e-15
  });
});

test('without patches it is the model that never saw the prompt, at the token’s own position', () => {
  const random = randomModel('Llama', TINY, 3);
  const stored = storeModel(random, 53);
  const [token, position] = [7, 4];
  const stream = random.model.embed(eager, random.parameters, [token], [position]);
  const { network } = random.model.options;
  const last = network.forward(eager, random.parameters, stream, 1, 'each', [position]);
  const right = random.model.logits(eager, random.parameters, last).data;
  const found = withoutContext(stored, token, position, () => null);
  assertSameBits(found.logits, right, 'logits');
  expect(found.last.patch).toBeNull();
});

test('in bfloat16 everything that is stored has eight bits', () => {
  const { on, parameters } = storeModel(randomModel('Gemma', TINY, 5), 8);
  const format = withSignificand(8);
  for (const [name, { data }] of Object.entries(parameters)) {
    assertSameBits(
      data,
      data.map((entry) => roundTo(format, entry)),
      name,
    );
  }
  const seen: Float64Array[] = [];
  const watched = {
    ...storeModel(randomModel('Gemma', TINY, 5), 8),
    on: {
      ...on,
      constant: (x: ReturnType<typeof matrix>) => {
        const rounded = on.constant(x);
        seen.push(rounded.data);
        return rounded;
      },
    },
  };
  const [ids] = randomPrompts(TINY, 5);
  const { patched, rounding, overBound } = generationTrial(watched, VARIANTS_OF.Gemma, ids, 1);
  expect(overBound).toBe(0); // nothing is claimed
  expect(rounding[0]).toBeGreaterThan(1e-4);
  expect(patched[1].errors[0]).toBeGreaterThan(1e-5);
  // Wg, Wu and Wd with the patch added in, 12×16 each, in two blocks; the component-wise form leaves Wd alone.
  expect(seen.filter(({ length }) => length === 192)).toHaveLength(2 * (2 + 3 + 3));
  for (const data of seen) {
    assertSameBits(
      data,
      data.map((entry) => roundTo(format, entry)),
      'stored',
    );
  }
});

test('a patch that is off by a millionth exceeds the bound at the logits', () => {
  const stored = storeModel(randomModel('Llama', TINY, 6), 53);
  const off = {
    ...eager,
    constant: (x: ReturnType<typeof matrix>) =>
      matrix(
        x.rows,
        x.cols,
        x.data.map((entry) => entry * (1 + 1e-6)),
      ),
  };
  const [ids] = randomPrompts(TINY, 6);
  const trial = generationTrial({ ...stored, on: off }, VARIANTS_OF.Llama, ids, 1);
  expect(trial.overBound).toBeGreaterThan(1);
});

test('shares count tokens, and the largest difference is that of all prompts', () => {
  const way = (agrees: number[], errors: number[]) => ({ agrees, errors });
  const trial = (unpatched: ReturnType<typeof way>, ...patched: ReturnType<typeof way>[]) => ({
    ...{ unpatched, patched, rounding: [7], overBound: 0.25 },
  });
  const found = sumUp('Llama', 8, [
    trial(way([0, 1], [5, 6]), way([1, 1], [0.5, 1]), way([1, 0], [2, 3])),
    trial(way([0, 0], [9, 1]), way([1, 0], [4, 0]), way([0, 0], [1, 1])),
  ]);
  expect(found.unpatched).toMatchObject({ share: 0.25, largest: 9 });
  expect(found.patched.map(({ share, largest }) => [share, largest])).toEqual([
    [0.75, 4],
    [0.25, 3],
  ]);
  expect(found).toMatchObject({ rounding: [7, 7], overBound: 0.25, bits: 8 });
});

test('settings that do not fit are refused', async () => {
  const refused = (values: object) =>
    expect(runExperiment(generation, { values: { ...TINY, ...values } })).rejects;
  await refused({ heads: 16 }).toThrow('heads of an even width are required');
  await refused({ kvHeads: 3 }).toThrow('kvHeads must be at most heads, got 3 and 2');
  await refused({ gainSpread: -1 }).toThrow('gainSpread must be a number from 0 on, got -1');
  await refused({ tokens: 0 }).toThrow('tokens must be an integer from 1 on, got 0');
});
