import { afterEach, expect, test, vi } from 'vitest';
import { eager } from '../../src/autograd/index.ts';
import {
  defaultsOf,
  type Experiment,
  requireValues,
  type Store,
} from '../../src/experiments/experiment.ts';
import type { FigureResult } from '../../src/experiments/figure-result.ts';
import {
  greedyAnswers,
  nextTokens,
  shareRight,
} from '../../src/experiments/instruction/answers.ts';
import { exactTrial } from '../../src/experiments/instruction/exact-trial.ts';
import { instruction } from '../../src/experiments/instruction/instruction.ts';
import { withComparison } from '../../src/experiments/instruction/static-changes.ts';
import {
  answerOf,
  foldQuestions,
  modelOf,
  promptOf,
  TASKS,
} from '../../src/experiments/instruction/tasks.ts';
import { EXPERIMENTS, reproduce } from '../../src/experiments/reproduce.ts';
import { TOY_DEFAULTS } from '../../src/experiments/toy-settings.ts';
import {
  generatePatched,
  logitsBound,
  networkPatch,
  residual,
  runNetwork,
} from '../../src/icl/index.ts';
import { DomainError, maxAbs, Random, rowMatrix } from '../../src/linalg/index.ts';
import {
  type BlockPatch,
  generate,
  initialise,
  largest,
  NO_PATCH,
  NO_TARGET,
} from '../../src/model/index.ts';

/** A mistake in the patches, where a test plants one. */
const planted = vi.hoisted(() => ({ shift: 0 }));

vi.mock('../../src/icl/index.ts', async (original) => {
  const own = await original<typeof import('../../src/icl/index.ts')>();
  const networkPatch: typeof own.networkPatch = (...all) => {
    const found = own.networkPatch(...all);
    const patched = found.patched.map((runs) =>
      runs.map((run) => ({ ...run, output: run.output.map((x, j) => x + planted.shift * j) })),
    );
    return planted.shift === 0 ? found : { ...found, patched };
  };
  return { ...own, networkPatch };
});

afterEach(() => {
  planted.shift = 0;
});

const TINY = {
  ...defaultsOf(instruction.settings),
  ...{
    blocks: 1,
    width: 4,
    hidden: 3,
    steps: 3,
    batch: 5,
    exact: 2,
    calibration: 3,
    heldOut: 4,
    draws: 2,
  },
};

const memory = (): Store => {
  const held = new Map<string, Uint8Array>();
  return { read: (name) => held.get(name), write: (name, bytes) => held.set(name, bytes) };
};

const make = async (
  options: Partial<Parameters<typeof reproduce>[1]> = {},
  experiments: readonly Experiment[] = [instruction],
): Promise<FigureResult | null> => {
  const figures = await reproduce(experiments, {
    toy: TOY_DEFAULTS,
    values: { instruction: TINY },
    onProgress: async () => true,
    store: memory(),
    ...options,
  });
  return figures?.[0] ?? null;
};

const SIZES = { blocks: 2, width: 8, heads: 4, hidden: 6 };
const model = modelOf(SIZES);
const parameters = initialise(model.shapes, new Random(5));
const [SUM, PRODUCT] = TASKS;

test('theorems hold for the least training too; shapes are judged at the defaults only', async () => {
  expect(EXPERIMENTS).toContain(instruction);
  const figure = await make();
  const verdicts = figure?.checks.map(({ kind, ok }) => `${kind} ${ok}`) ?? [];
  expect(verdicts.slice(0, 2)).toEqual(['theorem true', 'theorem true']);
  expect(new Set(verdicts.slice(2))).toEqual(new Set(['shape null']));
  expect(figure?.series).toHaveLength(20);
  expect(figure?.series.every(({ x }) => x.join() === '1,2,3')).toBe(true);
});

test('any number of workers gives the same figure, and so does a run that was stopped', async () => {
  const whole = await make();
  expect(await make({ workers: 2 })).toEqual(whole);
  for (const stage of ['training', 'calibration']) {
    const store = memory();
    const stop = async (now: string, done: number): Promise<boolean> =>
      now !== `instruction: ${stage}` || done < 2;
    expect(await make({ store, onProgress: stop })).toBeNull();
    expect(await make({ store })).toEqual(whole);
  }
});

test('questions and answers as tokens: 3 + 0 + 9 = 12, 7·8·9 = 504', () => {
  expect(promptOf(SUM, 309)).toEqual([11, 3, 0, 9, 10]);
  expect(answerOf(SUM, 309)).toEqual([0, 1, 2]);
  expect(promptOf(PRODUCT, 789)).toEqual([12, 7, 8, 9, 10]);
  expect(answerOf(PRODUCT, 789)).toEqual([5, 0, 4]);
  const [ids, targets] = foldQuestions([
    [SUM, 309],
    [PRODUCT, 789],
  ]);
  expect(Array.from(ids.data)).toEqual([11, 3, 0, 9, 10, 0, 1, 12, 7, 8, 9, 10, 5, 0]);
  const none = Array(4).fill(NO_TARGET);
  expect(Array.from(targets.data)).toEqual([...none, 0, 1, 2, ...none, 5, 0, 4]);
});

test('answers to many prompts are those that generation gives one by one', () => {
  const prompts = [309, 789, 12].map((question) => promptOf(PRODUCT, question));
  const answers = greedyAnswers(model, parameters, prompts, 0);
  expect(answers).toEqual(prompts.map((prompt) => generate(model, parameters, prompt, 3).ids));
  const each = nextTokens(model, parameters, prompts, 0, 'each');
  expect(each.map((tokens) => tokens[4])).toEqual(answers.map(([first]) => first));
  // Without the instruction tokens keep their positions.
  const positions = [1, 2, 3, 4];
  const bare = prompts.map((prompt) => prompt.slice(1));
  const alone = bare.map((ids) => {
    const stream = model.embed(eager, parameters, ids, positions);
    const runs = runNetwork(model.options.network, parameters, stream, positions);
    return runs[1].map(({ output }) =>
      largest(model.logits(eager, parameters, rowMatrix(output)).data),
    );
  });
  expect(nextTokens(model, parameters, bare, 1, 'each')).toEqual(alone);
  expect(
    shareRight(
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      [
        [1, 2, 3],
        [4, 5, 7],
      ],
    ),
  ).toBe(0.5);
});

test('exact patches answer as generation with patches token by token does', () => {
  for (const question of [309, 789]) {
    const prompt = promptOf(SUM, question);
    const keep = prompt.map((_, i) => i).slice(1);
    const { ids, steps } = generatePatched(model, parameters, prompt, keep, 3);
    const { same, overBound } = exactTrial(model, { parameters, task: 0, question });
    expect(same).toBe(ids.join() === generate(model, parameters, prompt, 3).ids.join());
    expect(same).toBe(true);
    const ratios = steps.map(({ actual, contextual, patched, patches }, k) => {
      const [base, whole] = [actual[1][4 + k - 1], contextual[1][4 + k]];
      const patch = patches[1][4 + k - 1] ?? NO_PATCH;
      const allowed = logitsBound(model, parameters, { base, contextual: whole }, patch);
      const [after, there] = [patched[1][4 + k - 1], whole].map(
        ({ output }) => model.logits(eager, parameters, rowMatrix(output)).data,
      );
      return residual(after, there, allowed).overBound;
    });
    expect(overBound).toBe(Math.max(...ratios)); // the same bits, by causality
    expect(overBound).toBeGreaterThan(0);
    expect(overBound).toBeLessThanOrEqual(1);
  }
});

test('outputs that are off by 1e-9 fail the theorem check', async () => {
  planted.shift = 1e-9; // not one number everywhere: the last norm would take that out
  const figure = await make();
  expect(figure?.checks[0].ok).toBe(false);
});

test('in the first block both comparisons are means of the exact patches of all tokens that stay', () => {
  const sequences = [309, 789].map((question) => [...promptOf(SUM, question), 0, 1]);
  const keep = [1, 2, 3, 4, 5, 6];
  const patches = sequences.flatMap((ids) => {
    const stream = model.embed(eager, parameters, ids, [0, ...keep]);
    return networkPatch(model.options.network, parameters, stream, keep).patches[0];
  });
  const mean = (entry: (patch: BlockPatch) => number): number =>
    patches.reduce((sum, patch) => sum + entry(patch ?? NO_PATCH), 0) / patches.length;
  const changeOf = (name: string, kind: 'averaged' | 'vector'): Float64Array => {
    const after = withComparison(model, parameters, sequences, kind)[`blocks.0.mlp.${name}`].data;
    return after.map((entry, i) => entry - parameters[`blocks.0.mlp.${name}`].data[i]);
  };
  const near = (found: Float64Array, expected: (i: number) => number): void => {
    expect(maxAbs(found)).toBeGreaterThan(1e-3);
    // Measured 3e-16: sums of 12 numbers of order one in another order.
    expect(maxAbs(found.map((entry, i) => entry - expected(i)))).toBeLessThanOrEqual(1e-14);
  };
  const { width } = SIZES;
  const rankOne = (i: number) => (patch: BlockPatch) => {
    const { p, v } = patch.weights['W1'];
    return p[Math.floor(i / width)] * v[i % width];
  };
  near(changeOf('W1', 'averaged'), (i) => mean(rankOne(i)));
  near(changeOf('b1', 'vector'), (i) => mean((patch) => patch.weights['W1'].p[i]));
  near(changeOf('b2', 'averaged'), (i) => mean((patch) => patch.biases['b2'][i]));
  near(changeOf('b2', 'vector'), (i) => mean((patch) => patch.biases['b2'][i]));
});

test.each([
  ['width', 6],
  ['calibration', 997],
  ['exact', 1001],
  ['batch', 1],
  ['ridge', 0],
])('settings with %s = %d are refused', (name, value) => {
  expect(() => requireValues(instruction, { ...TINY, [name]: value })).toThrow(DomainError);
});
