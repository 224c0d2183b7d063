import { afterEach, expect, test, vi } from 'vitest';
import { defaultsOf, requireValues, type Store } from '../../src/experiments/experiment.ts';
import type { FigureResult } from '../../src/experiments/figure-result.ts';
import { curvesOf, functionsFigure } from '../../src/experiments/functions/figure.ts';
import { functions, type Measured } from '../../src/experiments/functions/functions.ts';
import { functionModel } from '../../src/experiments/functions/model.ts';
import { learnedClasses, SHIFTED } from '../../src/experiments/functions/settings.ts';
import { errorsOn, proveOn } from '../../src/experiments/functions/trial.ts';
import { EXPERIMENTS, reproduce } from '../../src/experiments/reproduce.ts';
import { TOY_DEFAULTS } from '../../src/experiments/toy-settings.ts';
import type { NetworkPatch } from '../../src/icl/index.ts';
import { DomainError, dot, matrix, Random, rowOf } from '../../src/linalg/index.ts';
import {
  functionPrompts,
  initialise,
  leastSquaresBaseline,
  linearClass,
  part,
  runBlock,
} from '../../src/model/index.ts';

/** What icl makes of a right network patch, where a test plants something. */
const planted = vi.hoisted(() => ({
  patch: null as null | ((right: NetworkPatch) => NetworkPatch),
}));

vi.mock('../../src/icl/index.ts', async (original) => {
  const own = await original<typeof import('../../src/icl/index.ts')>();
  const networkPatch: typeof own.networkPatch = (...all) => {
    const right = own.networkPatch(...all);
    return planted.patch?.(right) ?? right;
  };
  return { ...own, networkPatch };
});

afterEach(() => {
  planted.patch = null;
});

const TINY = {
  ...defaultsOf(functions.settings),
  ...{ dimension: 2, pairs: 3, kept: 1, units: 3, width: 4, heads: 2, hidden: 5, steps: 2 },
  ...{ batch: 3, microBatch: 2, prompts: 5, proofs: 2 },
};

const memory = (): Store => {
  const held = new Map<string, Uint8Array>();
  return { read: (name) => held.get(name), write: (name, bytes) => held.set(name, bytes) };
};

const make = async (
  options: Partial<Parameters<typeof reproduce>[1]> = {},
): Promise<FigureResult | null> => {
  const figures = await reproduce([functions], {
    toy: TOY_DEFAULTS,
    values: { functions: TINY },
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
  let calls = 0;
  const counting = async (): Promise<boolean> => ++calls > 0;
  const whole = JSON.stringify(await make({ onProgress: counting }));
  for (const stop of [1, 5, Math.floor(calls / 2), calls]) {
    const store = memory();
    let at = 0;
    const onProgress = async (): Promise<boolean> => ++at !== stop;
    expect(await make({ store, onProgress }), `stopped at ${stop}`).toBeNull();
    expect(JSON.stringify(await make({ store })), `stopped at ${stop}`).toBe(whole);
  }
});

const model = functionModel(TINY);
const parameters = initialise(model.shapes, new Random(5, 1));
const PROMPTS = functionPrompts(
  { functionClass: linearClass, dimension: 2, pairs: 3, prompts: 4 },
  new Random(5, 2),
);

/** The prediction token by token, block by block, in plain words. */
function predicted(context: readonly Float64Array[], query: Float64Array): number {
  const { E, e, u, c } = parameters;
  let rows: Float64Array[] = [...context, query].map((token) =>
    Float64Array.from(e.data, (bias, i) => dot(rowOf(E, i), token) + bias),
  );
  model.network.blocks.forEach((block, l) => {
    const own = part(parameters, `blocks.${l}`);
    rows = rows.map((row, t) => {
      const before = rows.slice(0, t);
      const data = Float64Array.from(before.flatMap((each) => Array.from(each)));
      return runBlock(block, own, matrix(t, row.length, data), row).output;
    });
  });
  return dot(u.data, rows[rows.length - 1]) + c.data[0];
}

test('errors are those of each prefix: the model token by token, least squares in closed form', () => {
  const errors = errorsOn(model, parameters, [leastSquaresBaseline], PROMPTS);
  PROMPTS.forEach(({ context, query, target }, b) => {
    const rows = [0, 1, 2].map((i) => rowOf(context, i));
    expect(errors[b].zero).toBe(target * target);
    expect(errors[b].model).toHaveLength(4);
    errors[b].model.forEach((error, i) => {
      const off = predicted(rows.slice(0, i), query) - target;
      // Measured: below 1e-14; entries of a residual stream of about 1, through two blocks.
      expect(Math.abs(error - off * off)).toBeLessThan(1e-12);
    });
    // One pair in two dimensions: w = x·y/‖x‖².
    const x = rows[0].slice(0, 2);
    const off = (rows[0][2] * dot(x, query.slice(0, 2))) / dot(x, x) - target;
    expect(errors[b].baselines[0][0]).toBe(target * target);
    expect(Math.abs(errors[b].baselines[0][1] - off * off)).toBeLessThan(1e-12);
    expect(errors[b].baselines[0][3]).toBeLessThan(1e-20); // three pairs decide w
  });
});

test('curves are divided by what always answering 0 costs on the same prompts', () => {
  const { model: means, baselines } = curvesOf([
    { model: Float64Array.of(4, 1), baselines: [Float64Array.of(6, 0)], zero: 6 },
    { model: Float64Array.of(8, 3), baselines: [Float64Array.of(2, 1)], zero: 2 },
  ]);
  expect(means).toEqual([1.5, 0.5]);
  expect(baselines).toEqual([[1, 0.125]]);
});

test('a wrong patched output breaks the bound, and is seen in the prediction', () => {
  const right = proveOn(model, parameters, PROMPTS[0]);
  expect(right.overBound).toBeLessThanOrEqual(1);
  expect(right.overBound).toBeGreaterThan(0);
  expect(right.difference).toBeLessThan(1e-13); // measured: below 1e-15
  expect(right.unpatched).toBeGreaterThan(1e-3);
  planted.patch = (found) => ({
    ...found,
    patched: found.patched.map((layer) =>
      layer.map((run) => ({ ...run, output: run.output.map((entry) => entry * (1 + 2 ** -30)) })),
    ),
  });
  const wrong = proveOn(model, parameters, PROMPTS[0]);
  expect(wrong.overBound).toBeGreaterThan(1);
  expect(wrong.difference).toBeGreaterThan(right.difference);
});

/** One prompt of every class, measured as it should be. */
function measuredOf(): Measured[] {
  return learnedClasses(TINY).map((learned) => {
    const errors = errorsOn(model, parameters, learned.baselines, PROMPTS);
    const proofs = [proveOn(model, parameters, PROMPTS[0])];
    const shifts = learned.id === SHIFTED ? [{ name: 'standard', errors }] : [];
    return { learned, errors, proofs, shifts };
  });
}

test('the theorem check of each class fails alone where its proof is wrong or missing', () => {
  const right = measuredOf();
  const failed = (measured: readonly Measured[]): number[] =>
    functionsFigure(TINY, false, measured).checks.flatMap(({ ok }, i) => (ok === false ? [i] : []));
  expect(failed(right)).toEqual([]);
  right.forEach((_, k) => {
    for (const overBound of [1.01, Number.NaN]) {
      const spoilt = right.map((each, at) =>
        at === k ? { ...each, proofs: each.proofs.map((p) => ({ ...p, overBound })) } : each,
      );
      expect(failed(spoilt)).toEqual([k]);
    }
  });
});

test('settings that cannot be are refused, and shapes are judged at the defaults only', async () => {
  expect(EXPERIMENTS).toContain(functions);
  const wrong = [
    ...Object.keys(TINY).map((name) => ({ [name]: -1 })),
    ...[{ width: 5 }, { kept: 3 }, { proofs: 6 }, { treeDepth: 21 }, { steps: 1.5 }],
  ];
  for (const values of wrong) {
    expect(() => requireValues(functions, { ...TINY, ...values })).toThrow(DomainError);
  }
  const figure = await make();
  const shapes = figure?.checks.filter(({ kind }) => kind === 'shape') ?? [];
  expect(shapes.length).toBeGreaterThan(0);
  expect(shapes.every(({ ok }) => ok === null)).toBe(true);
  expect(figure?.caption).toHaveLength(3);
});
