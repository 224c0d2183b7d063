/**
 * Figure gradient: linear attention is gradient descent, and a context a bias of it, without any residual.
 *
 * Protocol: random regressions t = ω·x of three sizes. S layers of linear attention beside S steps of gradient
 * descent from ω_0 = 0 at rate η = c/(√n + √d)², in doubles and in fractions; one layer beside one step from a
 * random ω_0. Then random stacks of normalised linear attention: a context, and its biases in its place, before
 * continuations of lengths 1, 2, 4 …. Source: arXiv:2212.07677 (V) and arXiv:2406.02847 (C).
 *
 * @module
 */
import { DomainError, dot, type Matrix, matrix, Random, rowOf } from '../../linalg/index.ts';
import { countFrom, type Experiment, experiment, POSITIVE, type Values } from '../experiment.ts';
import type { BiasesTask, BiasesTrial } from './biases-trial.ts';
import { gradientFigure, type Size } from './panels.ts';
import { gradientWorkers } from './service.ts';
import type { StepsTask, StepsTrial } from './steps-trial.ts';

const SETTINGS = {
  tasks: { value: 40, quick: 6, help: 'regressions of each size' },
  layers: { value: 8, quick: 5, range: countFrom(2), help: 'S, layers and steps' },
  dimension: { value: 2, help: 'inputs of the smallest regression; doubled twice' },
  points: { value: 4, range: countFrom(2), help: 'examples for each input' },
  rate: { value: 1, range: POSITIVE, help: 'c of the rate c/(√n + √d)²' },
  stacks: { value: 20, quick: 4, help: 'stacks of normalised linear attention' },
  depth: { value: 3, help: 'layers of a stack' },
  width: { value: 8, range: countFrom(2), help: 'entries of its tokens, two heads' },
  context: { value: 24, help: 'tokens of its context' },
  continuation: { value: 64, quick: 16, help: 'tokens of its longest continuation' },
};

type Own = Values<typeof SETTINGS>;

/** Random streams of the seed. */
const STREAM = { regressions: 61, stacks: 62 } as const;

const HEADS = 2;

const sizesOf = ({ dimension, points }: Own): Size[] =>
  [1, 2, 4].map((factor) => ({ d: factor * dimension, n: factor * dimension * points }));

/** t = ω·x, all of it normally distributed. */
function drawRegression(random: Random, { d, n }: Size, { rate, layers }: Own): StepsTask {
  const inputs = normal(random, n, d);
  const [weights, query, omega] = [
    normal(random, 1, d),
    normal(random, 1, d),
    normal(random, 1, d),
  ];
  const label = (x: Float64Array): number => dot(weights.data, x);
  const labels = Float64Array.from({ length: n }, (_, j) => label(rowOf(inputs, j)));
  const root = Math.sqrt(n) + Math.sqrt(d);
  return {
    examples: { inputs, labels },
    query: query.data,
    target: label(query.data),
    omega: omega.data,
    eta: rate / (root * root),
    layers,
  };
}

/** 1, 2, 4 … and the longest. */
function lengthsOf({ continuation }: Own): number[] {
  const lengths: number[] = [];
  for (let length = 1; length < continuation; length *= 2) lengths.push(length);
  return [...lengths, continuation];
}

function drawStack(random: Random, own: Own): BiasesTask {
  const { width, depth, context } = own;
  const square = (): Matrix => normal(random, width, width, 1 / Math.sqrt(width));
  return {
    layers: Array.from({ length: depth }, () => ({
      Wq: square(),
      Wk: square(),
      Wv: square(),
      M: square(),
    })),
    heads: HEADS,
    context: normal(random, context, width),
    later: lengthsOf(own).map((length) => normal(random, length, width)),
  };
}

function normal(random: Random, rows: number, cols: number, scale = 1): Matrix {
  const m = matrix(rows, cols);
  random.fillNormal(m.data);
  return scale === 1
    ? m
    : matrix(
        rows,
        cols,
        m.data.map((entry) => scale * entry),
      );
}

export const gradient: Experiment = experiment({
  id: 'gradient',
  summary: 'layers of linear attention are gradient steps, and a context its bias, exactly',
  usesToy: false,
  settings: SETTINGS,
  check({ width }) {
    if (width % HEADS !== 0) {
      throw new DomainError(`reproduce gradient: width must be even, for two heads, got ${width}`);
    }
  },
  async run({ seed, values, judged, workers: count, onProgress }) {
    const { tasks, stacks } = values;
    const sizes = sizesOf(values);
    const random = new Random(seed, STREAM.regressions);
    const regressions = sizes.flatMap((size) =>
      Array.from({ length: tasks }, () => drawRegression(random, size, values)),
    );
    const other = new Random(seed, STREAM.stacks);
    const contexts = Array.from({ length: stacks }, () => drawStack(other, values));
    const workers = gradientWorkers(count);
    const [steps, biases]: [StepsTrial[], BiasesTrial[]] = [[], []];
    const total = regressions.length + contexts.length;
    const goesOn = (): Promise<boolean> =>
      onProgress('gradient', steps.length + biases.length, total);
    try {
      for await (const trial of workers.each('steps', regressions)) {
        steps.push(trial);
        if (!(await goesOn())) return null;
      }
      for await (const trial of workers.each('biases', contexts)) {
        biases.push(trial);
        if (!(await goesOn())) return null;
      }
    } finally {
      await workers.close();
    }
    const bySize = sizes.map((_, k) => steps.slice(k * tasks, (k + 1) * tasks));
    return gradientFigure({
      parameters: { seed, ...values },
      judged,
      sizes,
      steps: bySize,
      lengths: lengthsOf(values),
      biases,
    });
  },
});
