/**
 * The grid of figure `sweeps`: a base configuration, and one thing changed at a time.
 *
 * @module
 */
import { scale } from '../../autograd/index.ts';
import { DomainError } from '../../linalg/index.ts';
import {
  type Block,
  blockOf,
  deepMlp,
  type Network,
  network,
  networkRegression,
  type Problem,
  softmaxAttention,
  WIRINGS,
} from '../../model/index.ts';
import { countFrom, POSITIVE, type Setting, type Values } from '../experiment.ts';

type Name =
  | 'dimension'
  | 'mostDimension'
  | 'heads'
  | 'blocks'
  | 'hidden'
  | 'tasks'
  | 'mostTasks'
  | 'pairs'
  | 'mostPairs'
  | 'steps'
  | 'rate'
  | 'shallowRate'
  | 'seeds'
  | 'prompts'
  | 'rows';

export const SETTINGS: Readonly<Record<Name, Setting>> = {
  dimension: { value: 2, help: 'd, inputs of the linear function; tokens have d + 1 entries' },
  mostDimension: { value: 8, quick: 5, help: 'largest d of its sweep 2, 5, 8' },
  heads: { value: 3, help: 'attention heads; 1 is tried too' },
  blocks: { value: 5, quick: 2, range: countFrom(2), help: 'blocks of the network' },
  hidden: { value: 4, help: 'entries of each of the two hidden layers, for each entry of a token' },
  tasks: { value: 128, quick: 16, help: 'fresh prompts a training step' },
  mostTasks: { value: 256, quick: 32, help: 'end of their sweep 16, 32, 64 … (paper: 4096)' },
  pairs: { value: 50, quick: 10, help: 'context points of a prompt' },
  mostPairs: { value: 100, quick: 10, help: 'end of their sweep 10, 50, 100, 1000 (paper: 1000)' },
  steps: { value: 100, quick: 10, help: 'training steps' },
  rate: { value: 0.05, range: POSITIVE, help: 'rate of Adam' },
  shallowRate: { value: 0.1, range: POSITIVE, help: 'rate of Adam for at most two blocks' },
  seeds: { value: 2, quick: 1, help: 'trainings of each configuration (paper: 3)' },
  prompts: { value: 8, quick: 2, help: 'fresh prompts on which each is measured' },
  rows: { value: 1664, help: 'tokens whose gradients are computed together' },
};

export type SweepValues = Values<typeof SETTINGS>;

/** What one network is like. */
export interface Model {
  readonly dimension: number;
  readonly heads: number;
  readonly blocks: number;
  /** For each entry of a token. */
  readonly hidden: number;
  readonly norm: boolean;
  readonly causal: boolean;
}

/** A network and its training. */
export interface Configuration extends Model {
  /** What is not as in the base configuration. */
  readonly name: string;
  readonly tasks: number;
  readonly pairs: number;
  readonly steps: number;
}

/** The base configuration first, the untrained one last. */
export function configurations(values: SweepValues): Configuration[] {
  const { dimension, heads, blocks, hidden, tasks, pairs, steps } = values;
  const base: Configuration = {
    ...{ name: 'base', dimension, heads, blocks, hidden, tasks, pairs, steps },
    ...{ norm: false, causal: true },
  };
  const upTo = (grid: readonly number[], most: number, not: number): number[] =>
    grid.filter((value) => value <= most && value !== not);
  return [
    base,
    ...upTo(powersOfTwo(values.mostTasks), values.mostTasks, tasks).map((value) => ({
      ...base,
      name: `${value} tasks`,
      tasks: value,
    })),
    ...upTo([10, 50, 100, 1000], values.mostPairs, pairs).map((value) => ({
      ...base,
      name: `${value} points`,
      pairs: value,
    })),
    ...upTo([2, 5, 8], values.mostDimension, dimension).map((value) => ({
      ...base,
      name: `d = ${value}`,
      dimension: value,
    })),
    ...(heads === 1 ? [] : [{ ...base, name: 'one head', heads: 1 }]),
    { ...base, name: 'layer norm', norm: true },
    { ...base, name: 'not causal', causal: false },
    { ...base, name: 'untrained', steps: 0 },
  ];
}

/** 16, 32, 64 … up to `most`. */
function powersOfTwo(most: number): number[] {
  const powers: number[] = [];
  for (let power = 16; power <= most; power *= 2) powers.push(power);
  return powers;
}

/** @throws DomainError if tokens of some width cannot be shared out among the heads. */
export function requireHeads(values: SweepValues): void {
  for (const { dimension, heads } of configurations(values)) {
    if ((dimension + 1) % heads !== 0) {
      throw new DomainError(
        `reproduce sweeps: d + 1 must be a multiple of heads, got d ${dimension} and heads ${heads}`,
      );
    }
  }
}

/**
 * Blocks r = x + A(x), out = r + MLP(r), or GPT-2's with the layer norms; A softmax attention without biases, the
 * perceptron with two hidden layers and the tanh form of GELU.
 */
export function modelOf({ dimension, heads, blocks, hidden, norm, causal }: Model): Network {
  const width = dimension + 1;
  const block = (): Block =>
    blockOf({
      name: norm ? 'pre-ln' : 'residual',
      wiring: norm ? WIRINGS['pre-ln'] : WIRINGS.residual,
      layer: softmaxAttention({ tokenWidth: width, width, heads, causal }),
      feedForward: deepMlp({
        width,
        hidden: hidden * width,
        outputWidth: width,
        activation: 'geluTanh',
      }),
    });
  return network(Array.from({ length: blocks }, block));
}

/** L = (1/2B)·Σ(ŷ − y)², at the query. */
export function problemOf(configuration: Configuration): Problem {
  const { shapes, loss } = networkRegression(modelOf(configuration), {
    batch: configuration.tasks,
  });
  return {
    shapes,
    loss: (tape, variables, microBatch) =>
      tape.apply(scale(0.5), loss(tape, variables, microBatch)),
  };
}
