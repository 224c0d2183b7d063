/**
 * Numbers picked out of the outcomes of figure `sweeps`, and curves of them.
 *
 * @module
 */
import { mean, quantile, summarise } from '../statistics.ts';
import type { Series } from '../svg/plot.ts';
import type { Configuration } from './configurations.ts';
import type { Outcome } from './outcome.ts';
import type { BlockTrial } from './trial.ts';

export type Pick = (trial: BlockTrial) => number;

export const isTrained = ({ configuration: { steps } }: Outcome): boolean => steps > 0;
export const withNorm = ({ configuration: { norm } }: Outcome): boolean => norm;

/** Mean loss of the last ten steps over the loss before the first; untrained 1. */
export const growthOf = ({ losses }: Outcome): number =>
  losses.length > 0 ? mean(losses.slice(-10)) / losses[0] : 1;

/** Rows of one number a block, a row a prompt. */
export const rowsOf = (outcomes: readonly Outcome[], pick: Pick): number[][] =>
  outcomes.flatMap(({ trials }) => trials.map((blocks) => blocks.map(pick)));

export const allOf = (outcomes: readonly Outcome[], pick: Pick): number[] =>
  rowsOf(outcomes, pick).flat();

export const largest = (numbers: readonly number[]): number =>
  numbers.reduce((most, each) => Math.max(most, each), 0);

export const smallest = (numbers: readonly number[]): number =>
  numbers.reduce((least, each) => Math.min(least, each), Infinity);

/** Median and quartiles over the rows, block by block. */
export function byBlock(name: string, rows: readonly (readonly number[])[]): Series {
  const { median: y, lower, upper } = summarise(rows);
  const x = y.map((_, l) => l + 1);
  return { name, x, y, low: lower, high: upper, band: 'quartiles' };
}

/** Median and quartiles of all numbers at each x. */
export function byGroup(name: string, groups: ReadonlyMap<number, readonly number[]>): Series {
  const x = [...groups.keys()].sort((a, b) => a - b);
  const at = (q: number): number[] => x.map((key) => quantile(groups.get(key) ?? [], q));
  return { name, x, y: at(0.5), low: at(0.25), high: at(0.75), band: 'quartiles' };
}

/** The numbers of the outcomes by one of their settings. */
export function grouped(
  outcomes: readonly Outcome[],
  key: (configuration: Configuration) => number,
  pick: Pick,
): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  for (const outcome of outcomes) {
    const at = key(outcome.configuration);
    groups.set(at, [...(groups.get(at) ?? []), ...allOf([outcome], pick)]);
  }
  return groups;
}
