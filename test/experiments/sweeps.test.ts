import { afterEach, expect, test, vi } from 'vitest';
import { eager } from '../../src/autograd/index.ts';
import {
  defaultsOf,
  type ExperimentContext,
  requireValues,
  type Store,
} from '../../src/experiments/experiment.ts';
import type { FigureResult } from '../../src/experiments/figure-result.ts';
import { drawFigure } from '../../src/experiments/svg/figure.ts';
import {
  type Configuration,
  configurations,
  modelOf,
  problemOf,
  SETTINGS,
  type SweepValues,
} from '../../src/experiments/sweeps/configurations.ts';
import { sweepsFigure } from '../../src/experiments/sweeps/figure.ts';
import {
  decodeOutcome,
  encodeOutcome,
  type Outcome,
} from '../../src/experiments/sweeps/outcome.ts';
import { sweeps } from '../../src/experiments/sweeps/sweeps.ts';
import { type BlockTrial, sweepTrial } from '../../src/experiments/sweeps/trial.ts';
import { DomainError, Random, type RankOne, StateError } from '../../src/linalg/index.ts';
import {
  foldPrompts,
  gradientOf,
  initialise,
  linearPrompt,
  type Parameters,
} from '../../src/model/index.ts';

/** What a test does to every patch of W1 before it is used. */
const planted = vi.hoisted(() => ({ change: null as null | ((update: RankOne) => RankOne) }));

vi.mock('../../src/icl/index.ts', async (original) => {
  const own = await original<typeof import('../../src/icl/index.ts')>();
  const blockPatch: typeof own.blockPatch = (...all) => {
    const { weights, biases } = own.blockPatch(...all);
    const { change } = planted;
    return { weights: change ? { W1: change(weights.W1) } : weights, biases };
  };
  return { ...own, blockPatch };
});

afterEach(() => {
  planted.change = null;
});

const TINY: SweepValues = {
  ...defaultsOf(SETTINGS),
  ...{ mostDimension: 2, blocks: 2, hidden: 2, tasks: 5, mostTasks: 5, pairs: 4, mostPairs: 4 },
  ...{ steps: 2, seeds: 1, prompts: 1, rows: 11 },
};

function storeOf(kept: Map<string, Uint8Array>): Store {
  return {
    read: (name) => kept.get(name),
    write: (name, bytes) => {
      kept.set(name, bytes.slice());
    },
  };
}

function runWith(
  values: SweepValues,
  { workers = 1, kept = new Map(), goOn = () => true, seed = 1 }: Partial<Run> = {},
): Promise<FigureResult | null> {
  const context: ExperimentContext = {
    ...{ seed, values, judged: false, workers, store: storeOf(kept) },
    onProgress: async () => goOn(),
    toy: async () => null,
  };
  return sweeps.run(context);
}

interface Run {
  readonly workers: number;
  readonly kept: Map<string, Uint8Array>;
  readonly goOn: () => boolean;
  readonly seed: number;
}

test('one and two workers make the same figure, and another seed another', async () => {
  const [one, two, other] = [
    await runWith(TINY),
    await runWith(TINY, { workers: 2 }),
    await runWith(TINY, { seed: 2 }),
  ];
  expect(JSON.stringify(two)).toBe(JSON.stringify(one));
  expect(JSON.stringify(other)).not.toBe(JSON.stringify(one));
  expect(one?.checks.map(({ kind, ok }) => [kind, ok])).toEqual([
    ...Array.from({ length: 6 }, () => ['theorem', true]),
    ...Array.from({ length: 7 }, () => ['shape', null]),
  ]);
  expect(one?.caption).toHaveLength(3);
  const { id, title, panels } = one as FigureResult;
  expect(drawFigure({ id, title, panels })).toContain('</svg>');
});

test('stopped at every chance and gone on with, it makes the same figure', async () => {
  const whole = await runWith(TINY);
  const kept = new Map<string, Uint8Array>();
  let [figure, stops]: [FigureResult | null, number] = [null, 0];
  while (!figure && stops < 100) {
    let calls = 0;
    // A measurement that is stopped begins again, so the second chance is the one that moves on.
    figure = await runWith(TINY, { kept, goOn: () => ++calls < 2 });
    if (!figure) stops++;
  }
  expect(stops).toBeGreaterThan(4);
  expect(JSON.stringify(figure)).toBe(JSON.stringify(whole));
  await expect(runWith({ ...TINY, rate: 0.06, shallowRate: 0.2 }, { kept })).rejects.toThrow(
    StateError,
  );
});

test('without settings of its own it is the protocol, as far as it costs little', () => {
  const names = (values: Partial<SweepValues>): string[] =>
    configurations({ ...defaultsOf(SETTINGS), ...values }).map(({ name }) => name);
  const rest = ['d = 5', 'd = 8', 'one head', 'layer norm', 'not causal', 'untrained'];
  const short = ['16 tasks', '32 tasks', '64 tasks', '256 tasks', '10 points', '100 points'];
  expect(names({})).toEqual(['base', ...short, ...rest]);
  const all = names({ mostTasks: 4096, mostPairs: 1000 });
  expect(all.filter((name) => name.endsWith('tasks'))).toHaveLength(8); // 2⁴ … 2¹² without 2⁷
  expect(all).toContain('1000 points');
  const [base] = configurations(defaultsOf(SETTINGS));
  expect(base).toEqual({
    ...{ name: 'base', dimension: 2, heads: 3, blocks: 5, hidden: 4, tasks: 128, pairs: 50 },
    ...{ steps: 100, norm: false, causal: true },
  });
  const [{ shapes }] = modelOf(base).blocks;
  expect(shapes['mlp.W2']).toMatchObject({ rows: 12, cols: 12 });
});

test('heads that do not share out a token are refused, and values out of range', () => {
  const refuse = (values: Partial<SweepValues>) => () =>
    requireValues(sweeps, { ...TINY, ...values });
  expect(refuse({})).not.toThrow();
  expect(refuse({ dimension: 3 })).toThrow(DomainError);
  expect(refuse({ heads: 2 })).toThrow(/d \+ 1 must be a multiple of heads, got d 2 and heads 2/);
  expect(refuse({ blocks: 1 })).toThrow(/blocks must be an integer from 2 on/);
  expect(refuse({ rate: 0 })).toThrow(/rate must be a positive number/);
});

const tiny = (changes: Partial<Configuration> = {}): Configuration => ({
  ...configurations(TINY)[0],
  ...changes,
});

function drawn(configuration: Configuration, seed: number) {
  const net = modelOf(configuration);
  const parameters = initialise(net.shapes, new Random(seed, 81));
  const prompt = linearPrompt(configuration, new Random(seed, 82));
  return { net, parameters, prompt };
}

test('the loss is half the mean squared error at the query', () => {
  const configuration = tiny({ tasks: 3 });
  const { net, parameters } = drawn(configuration, 1);
  const random = new Random(4, 83);
  const prompts = Array.from({ length: 3 }, () => linearPrompt(configuration, random));
  const { sequences, targets } = foldPrompts(prompts);
  const found = gradientOf(problemOf(configuration), parameters, [sequences, targets]).loss;
  const output = net.forward(eager, parameters, sequences, 3, 'query');
  const squares = prompts.map(({ target }, k) => (output.data[3 * k + 2] - target) ** 2);
  const half = squares.reduce((sum, square) => sum + square, 0) / 6;
  expect(Math.abs(found - half)).toBeLessThanOrEqual(1e-15 * half);
});

/** Everything once more in plain loops, for one head; x a token, W stored [out, in]. */
const times = (W: Parameters[string], x: ArrayLike<number>): number[] =>
  Array.from({ length: W.rows }, (_, i) =>
    Array.from({ length: W.cols }, (_, j) => W.data[i * W.cols + j] * x[j]).reduce((s, t) => s + t),
  );
const sum = (x: number[], y: number[]): number[] => x.map((entry, i) => entry + y[i]);
const norm = (x: number[]): number => Math.sqrt(x.reduce((s, entry) => s + entry * entry, 0));

test('sizes, angles and the miss with ε of the first block, once more in plain loops', () => {
  const configuration = tiny({ heads: 1, causal: false });
  const { net, parameters: p, prompt } = drawn(configuration, 3);
  const [found] = sweepTrial(net, p, prompt);
  const { sequences } = foldPrompts([prompt]);
  const tokens = Array.from({ length: 5 }, (_, t) =>
    Array.from(sequences.data.slice(3 * t, 3 * t + 3)),
  );
  const own = (name: string): Parameters[string] => p[`blocks.0.${name}`];
  const attend = (x: number[], context: number[][]): number[] => {
    const q = times(own('layer.Wq'), x);
    const scores = context.map((c) => {
      const k = times(own('layer.Wk'), c);
      return Math.exp(q.reduce((s, entry, i) => s + entry * k[i], 0) / Math.sqrt(3));
    });
    const all = scores.reduce((s, score) => s + score, 0);
    const mixed = context
      .map((c, j) => times(own('layer.Wv'), c).map((entry) => (entry * scores[j]) / all))
      .reduce(sum);
    return times(own('layer.Wo'), mixed);
  };
  const query = tokens[4];
  const r = sum(query, attend(query, [query]));
  const shifts = tokens.map((x) => {
    const contextual = sum(x, attend(x, tokens));
    return times(
      own('mlp.W1'),
      contextual.map((entry, i) => entry - r[i]),
    );
  });
  expect(found.norm).toBeCloseTo(norm(shifts[4]) / norm(r), 12);
  const cosines = shifts.flatMap((x, i) =>
    shifts.slice(0, i).map((y) => x.reduce((s, e, k) => s + e * y[k], 0) / norm(x) / norm(y)),
  );
  expect(found.tokens).toBeCloseTo(cosines.reduce((s, c) => s + c, 0) / cosines.length, 12);
  expect(found.rank).toBe(1);
  expect(found.rankSame).toBe(3);
  expect(found.otherFactors).toBe(0);
  expect(found.exact).toBeLessThan(1e-28);
  // The miss at the output is about (ε/‖r‖²)² times a squared derivative: between these for sure.
  const share = 1e-8 / norm(r) ** 2;
  const size = shifts.reduce((s, x) => s + norm(x) ** 2, 0) / 5;
  expect(found.softened).toBeGreaterThan(1e-6 * share ** 2 * size);
  expect(found.softened).toBeLessThan(1e3 * share ** 2 * size);
  expect(found.overBoundSoftened).toBeGreaterThan(100);
});

test('the pre-activation misses by −W·δ·ε/(‖z‖² + ε), and a patch that is off does not', () => {
  const { net, parameters, prompt } = drawn(tiny({ norm: true }), 5);
  const right = sweepTrial(net, parameters, prompt);
  for (const { overDefect } of right) expect(overDefect).toBeLessThanOrEqual(1);
  planted.change = ({ p, v }) => ({ p: p.map((entry) => entry * (1 + 1e-12)), v });
  const off = sweepTrial(net, parameters, prompt);
  for (const { overDefect, overBound, overBoundSame } of off) {
    expect(overDefect).toBeGreaterThan(1);
    expect(overBound).toBeGreaterThan(1);
    expect(overBoundSame).toBeGreaterThan(1);
  }
});

test('behind a layer norm one difference for weight and bias is wrong, without one it is the same', () => {
  const wrong = (norm: boolean): BlockTrial[] => {
    const { net, parameters, prompt } = drawn(tiny({ norm }), 6);
    return sweepTrial(net, parameters, prompt);
  };
  for (const { shared, exact } of wrong(false)) expect(shared).toBe(exact);
  for (const { shared } of wrong(true)) expect(shared).toBeGreaterThan(1e-4);
});

/** Outcomes of every configuration, of one prompt each. */
function outcomesOf(): Outcome[] {
  return configurations(TINY).map((configuration) => {
    const { net, parameters, prompt } = drawn(configuration, 7);
    const losses = configuration.steps > 0 ? [2, 0.25] : [];
    return { configuration, losses, trials: [sweepTrial(net, parameters, prompt)] };
  });
}

/** The same with one thing wrong in the base configuration, which comes first. */
const spoil = ([base, ...others]: readonly Outcome[], wrong: Partial<BlockTrial>): Outcome[] => [
  { ...base, trials: base.trials.map((blocks) => blocks.map((row) => ({ ...row, ...wrong }))) },
  ...others,
];

const failed = ({ checks }: FigureResult): number[] =>
  checks.flatMap(({ ok }, i) => (ok === false ? [i] : []));

test('each theorem check fails alone where its own measurement is wrong or missing', () => {
  const fields = [
    ['overBound', 1.01],
    ['overBoundSame', 1.01],
    ['overDefect', 1.01],
    ['otherFactors', 1],
    ['overSecond', 1.01],
    ['overSpectral', 1.01],
  ] as const;
  const right = outcomesOf();
  expect(failed(sweepsFigure(TINY, false, right))).toEqual([]);
  fields.forEach(([field, wrong], i) => {
    for (const value of [wrong, Number.NaN]) {
      const figure = sweepsFigure(TINY, false, spoil(right, { [field]: value }));
      expect(failed(figure), `${field} ${value}`).toEqual([i]);
    }
  });
});

test('what is stored of an outcome comes back in every bit, a NaN too', () => {
  const [outcome] = spoil(outcomesOf(), { overBound: Number.NaN, next: -0 });
  const back = decodeOutcome(outcome.configuration, encodeOutcome(outcome));
  const { losses, trials } = outcome;
  expect(back).toEqual({ losses, trials });
  expect(Object.is(back.trials[0][1].next, -0)).toBe(true);
});
