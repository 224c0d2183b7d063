/**
 * What one training of figure `sweeps` came to, as numbers and as the arrays they are stored in.
 *
 * Not as JSON, which has no NaN: a measurement that failed must fail its check after an interruption too.
 *
 * @module
 */
import type { Configuration } from './configurations.ts';
import type { BlockTrial } from './trial.ts';

export interface Outcome {
  readonly configuration: Configuration;
  /** Of each step's batch, before that step. */
  readonly losses: readonly number[];
  /** trials[prompt][block] */
  readonly trials: readonly (readonly BlockTrial[])[];
}

type Measured = Pick<Outcome, 'losses' | 'trials'>;

const FIELDS = [
  'exact',
  'allowed',
  'softened',
  'shared',
  'overBound',
  'overBoundSame',
  'overBoundSoftened',
  'overDefect',
  'norm',
  'overSpectral',
  'tokens',
  'tokensSame',
  'next',
  'otherFactors',
  'overSecond',
  'rank',
  'rankSame',
  'entropyRankSame',
] as const satisfies readonly (keyof BlockTrial)[];

export const encodeOutcome = ({ losses, trials }: Measured): Record<string, Float64Array> => ({
  losses: Float64Array.from(losses),
  ...Object.fromEntries(
    FIELDS.map((field) => [field, Float64Array.from(trials.flat(), (trial) => trial[field])]),
  ),
});

export function decodeOutcome(
  { blocks }: Configuration,
  arrays: Readonly<Record<string, Float64Array>>,
): Measured {
  const count = arrays[FIELDS[0]].length;
  const rows: BlockTrial[] = Array.from({ length: count }, (_, k) => rowOf(arrays, k));
  const trials = Array.from({ length: count / blocks }, (_, prompt) =>
    rows.slice(prompt * blocks, (prompt + 1) * blocks),
  );
  return { losses: Array.from(arrays.losses), trials };
}

type Field = (typeof FIELDS)[number];

/** That this is a `BlockTrial` stops compiling where one of its fields is missing in FIELDS. */
const rowOf = (
  arrays: Readonly<Record<string, Float64Array>>,
  k: number,
): Readonly<Record<Field, number>> =>
  Object.fromEntries(FIELDS.map((field) => [field, arrays[field][k]])) as Record<Field, number>;
