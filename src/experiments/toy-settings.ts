/**
 * The toy transformer of the paper's figures, and every number that decides a run.
 *
 * Sizes and protocol follow arXiv:2507.16003v1, section 4, as far as it states them; what it leaves
 * open (activation, optimiser, steps, batch) is set here.
 *
 * @module
 */
import { DomainError } from '../linalg/index.ts';
import { type Block, contextualBlock, softmaxAttention } from '../model/index.ts';

/** Every hyperparameter of the three figures. On the command line each is a flag. */
export interface ToySettings {
  readonly seed: number;
  /** d, inputs of the linear function; tokens have d + 1 entries. */
  readonly dimension: number;
  /** N, context pairs in a prompt. */
  readonly pairs: number;
  /** Output entries of the attention layer. */
  readonly width: number;
  readonly heads: number;
  /** Hidden entries of the perceptron. */
  readonly hidden: number;
  readonly steps: number;
  readonly batch: number;
  readonly microBatch: number;
  readonly learningRate: number;
  /** Fixed prompts on which figure 1 measures. */
  readonly validationPrompts: number;
  /** Steps between two measurements of figure 1. */
  readonly validateEvery: number;
  /** Prompts over which figure 2 takes its statistics. */
  readonly marginalTrials: number;
  /** Prompts over which figure 3 takes its statistics. */
  readonly fineTuningTrials: number;
  /** M, examples of a prompt of figure 3. */
  readonly fineTuningExamples: number;
  readonly fineTuningRate: number;
}

export const TOY_DEFAULTS: ToySettings = {
  seed: 1,
  dimension: 2,
  pairs: 100,
  width: 32,
  heads: 8,
  hidden: 128,
  steps: 4000,
  batch: 64,
  microBatch: 16,
  learningRate: 1e-3,
  validationPrompts: 100,
  validateEvery: 200,
  marginalTrials: 100,
  fineTuningTrials: 100,
  fineTuningExamples: 100,
  fineTuningRate: 0.01,
};

/** What `--quick` changes: enough to see every part work, too little for the shapes. */
export const TOY_QUICK: Partial<ToySettings> = {
  steps: 300,
  validateEvery: 50,
  validationPrompts: 20,
  marginalTrials: 20,
  fineTuningTrials: 20,
};

/** The fields that are not counts of one or more, with the values they may have. */
const RANGES: Partial<Record<keyof ToySettings, { fits: (x: number) => boolean; what: string }>> = {
  seed: { fits: (x) => Number.isSafeInteger(x) && x >= 0, what: 'an integer from 0 to 2^53 − 1' },
  learningRate: { fits: (x) => x > 0 && x < Infinity, what: 'a positive number' },
  fineTuningRate: { fits: (x) => x > 0 && x < Infinity, what: 'a positive number' },
  pairs: { fits: (x) => Number.isInteger(x) && x >= 10, what: 'an integer from 10 on' },
  fineTuningExamples: { fits: (x) => Number.isInteger(x) && x >= 2, what: 'an integer from 2 on' },
};

/** @throws DomainError naming the first setting that is out of its range. */
export function requireSettings(settings: ToySettings): void {
  const names = Object.keys(TOY_DEFAULTS) as (keyof ToySettings)[];
  for (const name of names) {
    const { fits, what } = RANGES[name] ?? {
      fits: (x: number) => Number.isSafeInteger(x) && x >= 1,
      what: 'an integer from 1 on',
    };
    if (!fits(settings[name])) {
      throw new DomainError(`reproduce: ${name} must be ${what}, got ${settings[name]}`);
    }
  }
  if (settings.width % settings.heads !== 0) {
    throw new DomainError(
      `reproduce: width must be a multiple of heads, got ${settings.width} and ${settings.heads}`,
    );
  }
}

/** Whether the expected shapes of the curves are stated for these settings: the defaults. */
export function isDefault(settings: ToySettings): boolean {
  const names = Object.keys(TOY_DEFAULTS) as (keyof ToySettings)[];
  return names.every((name) => settings[name] === TOY_DEFAULTS[name]);
}

/** The toy transformer: one block, softmax attention without biases, ReLU, no skip, no norm. */
export function toyBlock({ dimension, width, heads, hidden }: ToySettings): Block {
  const tokenWidth = dimension + 1;
  const layer = softmaxAttention({ tokenWidth, width, heads });
  return contextualBlock({ layer, hidden, outputWidth: tokenWidth, activation: 'relu' });
}

/** Random streams of the seed, one a purpose; training has 1 and 2 for itself. */
export const STREAM = { validation: 3, marginals: 4, fineTuning: 5 } as const;
