/**
 * What the trials of one model say together, for each number of bits.
 *
 * @module
 */
import { type Summary, summarise } from '../statistics.ts';
import { type Family, VARIANTS_OF } from './models.ts';
import type { Compared, GenerationTrial } from './trial.ts';

/** One way to do without the context, over all tokens of all prompts. */
export interface Agreement {
  readonly name: string;
  /** Share of tokens that are the full model's. */
  readonly share: number;
  /** Largest difference of a logit, token by token. */
  readonly errors: number[];
  readonly largest: number;
}

export interface Summed {
  readonly bits: number;
  readonly unpatched: Agreement;
  readonly patched: readonly Agreement[];
  /** Differences that rounding alone makes in the full model, token by token. */
  readonly rounding: number[];
  readonly overBound: number;
}

export function sumUp(family: Family, bits: number, trials: readonly GenerationTrial[]): Summed {
  return {
    bits,
    unpatched: agreement(
      'no patches',
      trials.map(({ unpatched }) => unpatched),
    ),
    patched: VARIANTS_OF[family].map(({ name }, i) =>
      agreement(
        name,
        trials.map(({ patched }) => patched[i]),
      ),
    ),
    rounding: trials.flatMap(({ rounding }) => rounding),
    overBound: Math.max(...trials.map(({ overBound }) => overBound)),
  };
}

function agreement(name: string, prompts: readonly Compared[]): Agreement {
  const agrees = prompts.flatMap((each) => each.agrees);
  const errors = prompts.flatMap((each) => each.errors);
  const sum = (x: readonly number[]): number => x.reduce((total, entry) => total + entry, 0);
  return {
    name,
    share: sum(agrees) / agrees.length,
    errors,
    largest: Math.max(...errors),
  };
}

/** Median and quartiles of several samples of one length, in order. */
export const spreadOf = (samples: readonly number[][]): Summary =>
  summarise(samples[0].map((_, i) => samples.map((sample) => sample[i])));
