import { afterEach, expect, test, vi } from 'vitest';
import { defaultsOf, requireValues, type Store } from '../../src/experiments/experiment.ts';
import type { FigureResult } from '../../src/experiments/figure-result.ts';
import { recurrent } from '../../src/experiments/recurrent/recurrent.ts';
import { recurrentTrial } from '../../src/experiments/recurrent/service.ts';
import { KINDS, recurrentBlock } from '../../src/experiments/recurrent/settings.ts';
import { EXPERIMENTS, reproduce } from '../../src/experiments/reproduce.ts';
import { drawPrompts } from '../../src/experiments/toy-run.ts';
import { TOY_DEFAULTS, type ToySettings } from '../../src/experiments/toy-settings.ts';
import {
  DomainError,
  matrix,
  matrixVector,
  norm,
  Random,
  type RankOne,
  subtract,
} from '../../src/linalg/index.ts';
import { initialise, runBlock } from '../../src/model/index.ts';

/** What icl makes of a right update, where a test plants something. */
const planted = vi.hoisted(() => ({ patch: null as null | ((right: RankOne) => RankOne) }));

vi.mock('../../src/icl/index.ts', async (original) => {
  const own = await original<typeof import('../../src/icl/index.ts')>();
  const patchWeight: typeof own.patchWeight = (...all) => {
    const right = own.patchWeight(...all);
    return planted.patch?.(right) ?? right;
  };
  return { ...own, patchWeight };
});

afterEach(() => {
  planted.patch = null;
});

const TOY: ToySettings = {
  ...TOY_DEFAULTS,
  ...{ pairs: 10, width: 4, heads: 2, hidden: 5, steps: 4, batch: 5, microBatch: 2 },
  ...{ validationPrompts: 3, validateEvery: 2, marginalTrials: 3 },
};

const VALUES = { ...defaultsOf(recurrent.settings), steps: 3, width: 3, selectiveStates: 2 };

const memory = (): Store => {
  const held = new Map<string, Uint8Array>();
  return { read: (name) => held.get(name), write: (name, bytes) => held.set(name, bytes) };
};

const make = async (
  options: Partial<Parameters<typeof reproduce>[1]> = {},
): Promise<FigureResult | null> => {
  const figures = await reproduce([recurrent], {
    toy: TOY,
    values: { recurrent: VALUES },
    onProgress: async () => true,
    store: memory(),
    ...options,
  });
  return figures?.[0] ?? null;
};

test('the figure has the same bytes for one worker and for two', async () => {
  const one = await make();
  expect(one).not.toBeNull();
  expect(JSON.stringify(await make({ workers: 2 }))).toBe(JSON.stringify(one));
});

test('stopped anywhere and gone on with, it has the bytes of a run that was never stopped', async () => {
  const whole = JSON.stringify(await make());
  let calls = 0;
  await make({
    onProgress: async () => {
      calls++;
      return true;
    },
  });
  for (const stop of [6, 14, calls - 1]) {
    const store = memory();
    let at = 0;
    const onProgress = async (): Promise<boolean> => ++at !== stop;
    expect(await make({ store, onProgress }), `stopped at ${stop}`).toBeNull();
    expect(JSON.stringify(await make({ store })), `stopped at ${stop}`).toBe(whole);
  }
});

test.each(KINDS)('%s: norms and moves are those of the context, cut by hand', (kind) => {
  const block = recurrentBlock(kind, TOY, VALUES);
  const parameters = initialise(block.shapes, new Random(3, 5));
  const [prompt] = drawPrompts(TOY, 9, 1);
  const { context, query } = prompt;
  const runs = Array.from({ length: context.rows + 1 }, (_, i) => {
    const cut = matrix(i, context.cols, context.data.slice(0, i * context.cols));
    return runBlock(block, parameters, cut, query);
  });
  const { norms, moves, overBound } = recurrentTrial(block, { parameters, prompt });
  expect(norms).toHaveLength(context.rows - 1);
  expect(moves).toHaveLength(context.rows - 1);
  for (let i = 1; i < context.rows; i++) {
    const step = subtract(runs[i + 1].attention, runs[i].attention);
    const g = norm(matrixVector(parameters['mlp.W1'], step)) / norm(runs[0].attention);
    // Measured: below 1e-15 of values of about 1; layers are evaluated by the same code.
    expect(Math.abs(norms[i - 1] - g)).toBeLessThan(1e-13);
    const move = Math.abs(runs[i + 1].output[2] - runs[i].output[2]);
    expect(Math.abs(moves[i - 1] - move)).toBeLessThan(1e-13);
  }
  expect(overBound).toBeLessThanOrEqual(1);
  expect(overBound).toBeGreaterThan(0);
});

test('a wrong update fails the theorem of every layer, a missing number too', async () => {
  const kinds = (figure: FigureResult | null) =>
    figure?.checks.filter(({ kind }) => kind === 'theorem').map(({ ok }) => ok);
  expect(kinds(await make())).toEqual([true, true, true, true, true]);
  for (const wrong of [1 + 2 ** -20, Number.NaN]) {
    planted.patch = ({ p, v }) => ({ p: p.map((entry) => wrong * entry), v });
    expect(kinds(await make()), `factor ${wrong}`).toEqual([false, false, false, false, false]);
  }
});

test('settings that cannot be are refused, and shapes are judged at the defaults only', async () => {
  expect(EXPERIMENTS).toContain(recurrent);
  for (const name of Object.keys(recurrent.settings)) {
    for (const value of [0, 1.5, Number.NaN]) {
      expect(() => requireValues(recurrent, { ...VALUES, [name]: value })).toThrow(DomainError);
    }
  }
  const figure = await make();
  const shapes = figure?.checks.filter(({ kind }) => kind === 'shape') ?? [];
  expect(shapes.length).toBeGreaterThan(0);
  expect(shapes.every(({ ok }) => ok === null)).toBe(true);
  expect(figure?.caption).toHaveLength(3);
});
