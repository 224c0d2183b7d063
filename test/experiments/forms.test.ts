import { afterEach, expect, test, vi } from 'vitest';
import { defaultsOf, requireValues, type Store } from '../../src/experiments/experiment.ts';
import type { FigureResult } from '../../src/experiments/figure-result.ts';
import { forms } from '../../src/experiments/forms/forms.ts';
import { formsTrial } from '../../src/experiments/forms/trial.ts';
import { EXPERIMENTS, reproduce } from '../../src/experiments/reproduce.ts';
import { drawPrompts } from '../../src/experiments/toy-run.ts';
import { TOY_DEFAULTS, type ToySettings, toyBlock } from '../../src/experiments/toy-settings.ts';
import { type ChangingBase, prefixVectors, suffixVectors } from '../../src/icl/index.ts';
import {
  DomainError,
  type Matrix,
  matrixVector,
  norm,
  type RankOne,
  subtract,
} from '../../src/linalg/index.ts';
import { part, Training } from '../../src/model/index.ts';

/** What the two forms are replaced by, where a test plants something. */
const planted = vi.hoisted(() => ({
  fixed: null as null | ((update: RankOne, i: number) => RankOne),
  changing: null as null | ((right: ChangingBase) => ChangingBase),
}));

vi.mock('../../src/icl/index.ts', async (original) => {
  const own = await original<typeof import('../../src/icl/index.ts')>();
  const implicitDescent: typeof own.implicitDescent = (...all) => {
    const right = own.implicitDescent(...all);
    const steps = right.steps.map((step, i) => {
      return { ...step, update: planted.fixed?.(step.update, i) ?? step.update };
    });
    return { ...right, steps };
  };
  const changingBase: typeof own.changingBase = (...all) => {
    const right = own.changingBase(...all);
    return planted.changing?.(right) ?? right;
  };
  return { ...own, implicitDescent, changingBase };
});

afterEach(() => {
  Object.assign(planted, { fixed: null, changing: null });
});

const TOY: ToySettings = {
  ...TOY_DEFAULTS,
  ...{ pairs: 10, width: 6, heads: 3, hidden: 5, steps: 4, batch: 2, microBatch: 2 },
  ...{ validationPrompts: 1, validateEvery: 4 },
};

const memory = (): Store => {
  const held = new Map<string, Uint8Array>();
  return { read: (name) => held.get(name), write: (name, bytes) => held.set(name, bytes) };
};

const make = async (
  options: Partial<Parameters<typeof reproduce>[1]> = {},
): Promise<FigureResult | null> => {
  const figures = await reproduce([forms], {
    toy: TOY,
    values: { forms: { trials: 3 } },
    onProgress: async () => true,
    store: memory(),
    ...options,
  });
  return figures?.[0] ?? null;
};

test('both forms stay below their bounds; shapes are not judged away from the defaults', async () => {
  expect(EXPERIMENTS).toContain(forms);
  const figure = await make();
  expect(figure?.checks.map(({ kind, ok }) => `${kind} ${ok}`)).toEqual([
    ...Array(3).fill('theorem true'),
    ...Array(7).fill('shape null'),
  ]);
  for (const { value } of figure?.checks.slice(0, 2) ?? []) expect(value).toBeGreaterThan(0);
  const ranks = figure?.series.filter(({ name }) => name.endsWith(' base')) ?? [];
  expect(ranks.map(({ x }) => x)).toEqual(Array(2).fill([1, 2, 3, 4, 6, 9, 10]));
  expect(ranks[0].y).toEqual(Array(7).fill(1));
  expect(ranks[1].y.slice(0, 3)).toEqual([1, 2, 3]);
  expect(Math.max(...ranks[1].y)).toBeLessThanOrEqual(5); // W has 5 rows
});

test('any number of workers gives the same figure, and so does a run that was stopped', async () => {
  const whole = await make();
  expect(await make({ workers: 2 })).toEqual(whole);
  const store = memory();
  const stop = async (stage: string, done: number): Promise<boolean> =>
    stage !== 'forms' || done < 2;
  expect(await make({ store, onProgress: stop })).toBeNull();
  expect(await make({ store })).toEqual(whole);
});

const [PROMPT] = drawPrompts(TOY, 7, 1);
const { parameters: PARAMETERS } = new Training(toyBlock(TOY), TOY);
const trialOf = () =>
  formsTrial(toyBlock(TOY), { parameters: PARAMETERS, prompt: PROMPT, ranksAt: [1, 10] });

/** Largest relative distance of two lists. */
const off = (x: ArrayLike<number>, y: readonly number[]): number =>
  y.reduce((most, each, i) => Math.max(most, Math.abs(x[i] / each - 1)), 0);

test('sizes, distance and losses are those of dense matrices built from the definitions', () => {
  const trial = trialOf();
  const W = PARAMETERS['mlp.W1'];
  const layer = part(PARAMETERS, 'layer');
  const tokens = [toyBlock(TOY).layer, layer, PROMPT.context, PROMPT.query] as const;
  const [prefixes, suffixes] = [prefixVectors(...tokens), suffixVectors(...tokens)];
  const [a, squared] = [prefixes[0], (x: Float64Array) => norm(x) * norm(x)];
  const t = matrixVector(W, suffixes[0]);
  const added = (m: Matrix, p: Float64Array, x: Float64Array): Matrix => ({
    ...m,
    data: m.data.map((w, k) => w + (p[Math.floor(k / m.cols)] * x[k % m.cols]) / squared(x)),
  });
  const distance = (x: Matrix, y: Matrix): number => norm(subtract(x.data, y.data));
  const half = (m: Matrix, x: Float64Array): number => squared(subtract(matrixVector(m, x), t)) / 2;
  let b = W;
  const [sizesA, sizesB, apart, before]: number[][] = [[], [], [], []];
  for (let i = 1; i <= 10; i++) {
    const A = added(W, matrixVector(W, subtract(prefixes[i], a)), a);
    before.push(half(b, suffixes[i]));
    // W_i = W_{i−1}·(I + (a_{i−1} − a_i)·a_iᵀ/‖a_i‖²)
    b = added(b, matrixVector(b, subtract(suffixes[i - 1], suffixes[i])), suffixes[i]);
    sizesA.push(distance(A, W));
    sizesB.push(distance(b, W));
    apart.push(distance(A, b));
  }
  // Measured: below 1e-12; a difference of two nearly equal matrices loses a few digits.
  expect(off(trial.fixed.sizes, sizesA)).toBeLessThan(1e-10);
  expect(off(trial.changing.sizes, sizesB)).toBeLessThan(1e-10);
  expect(off(trial.apart, apart)).toBeLessThan(1e-10);
  expect(off(trial.before, before)).toBeLessThan(1e-10);
  expect(Math.max(...trial.after)).toBeLessThan(1e-28);
  const growth = (x: Float64Array, base: Float64Array): number =>
    1 + norm(subtract(x, base)) / norm(base);
  let factor = 1;
  const factors = suffixes.slice(1).map((x, i) => {
    factor *= growth(suffixes[i], x);
    return factor;
  });
  expect(off(trial.changing.conditions, factors)).toBeLessThan(1e-14);
  expect(trial.fixed.conditions[9]).toBe(growth(prefixes[10], a));
});

test('each W_i leaves the outputs of the block where the tokens had them', () => {
  const trial = trialOf();
  for (const { outputs } of [trial.fixed, trial.changing]) {
    expect(outputs).toBeGreaterThan(0);
    expect(outputs).toBeLessThan(1e-13);
  }
  planted.fixed = ({ p, v }, i) => ({ p: i === 9 ? p.map((x) => 1.001 * x) : p, v });
  expect(trialOf().fixed.outputs).toBeGreaterThan(1e-6);
});

test('one wrong update of (a), at the last token, fails its bound alone', async () => {
  planted.fixed = ({ p, v }, i) => ({ p: i === 9 ? p.map((x) => (1 + 1e-9) * x) : p, v });
  const verdicts = (await make())?.checks.slice(0, 3).map(({ ok }) => ok);
  expect(verdicts).toEqual([false, true, true]);
});

test('steps of (a) that do not share their right factor are no longer of rank one', async () => {
  planted.fixed = ({ p, v }, i) => ({
    p,
    v: i === 9 ? v.map((x, k) => x + (k === 0 ? 1e-9 : 0)) : v,
  });
  const figure = await make();
  expect(figure?.checks[2]).toMatchObject({ ok: false });
  const ranks = figure?.series.find(({ name }) => name === '(a), fixed base');
  expect(ranks?.y).toEqual([1, 1, 1, 1, 1, 1, 2]);
});

test('the other sign, and the base before, fail the bound of (b) alone', async () => {
  const wrong: ((right: ChangingBase) => ChangingBase)[] = [
    ({ steps, ...rest }) => ({
      ...rest,
      steps: steps.map((step) => ({
        ...step,
        update: { p: step.update.p.map((x) => -x), v: step.update.v },
      })),
    }),
    ({ steps, ...rest }) => ({
      ...rest,
      steps: steps.map((step, i) => {
        return { ...step, update: { p: step.update.p, v: steps[Math.max(i - 1, 0)].update.v } };
      }),
    }),
  ];
  for (const changing of wrong) {
    planted.changing = changing;
    const verdicts = (await make())?.checks.slice(0, 3).map(({ ok }) => ok);
    expect(verdicts).toEqual([true, false, true]);
  }
});

test('merged steps and settings out of range are refused', () => {
  planted.changing = ({ steps, ...rest }) => ({ ...rest, steps: steps.slice(1) });
  expect(trialOf).toThrow(/a step for each of 10 tokens is required, got 9/);
  expect(() => requireValues(forms, { ...defaultsOf(forms.settings), trials: 0 })).toThrow(
    DomainError,
  );
});
