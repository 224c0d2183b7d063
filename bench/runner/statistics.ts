/**
 * Many samples as few numbers.
 *
 * @module
 */
import { CONTESTANTS } from './contestants.ts';
import { type Entry, entryName, type Work } from './contract.ts';
import type { RoundLine, RowLine } from './lines.ts';

/** The q-quantile of some numbers, between neighbours by the straight line. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = q * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

/** The row of an entry from its rounds; the ratio is left to `withRatios`. */
export function rowOf(work: Work, entry: Entry, rounds: readonly RoundLine[]): RowLine {
  const samples = rounds.flatMap((round) => round.samples);
  const median = quantile(samples, 0.5);
  const [first] = rounds;
  const checksums = new Set(rounds.map(({ checksum }) => checksum));
  const error = rounds.reduce((worst, round) => Math.max(worst, round.error), 0);
  const tolerance = entry.tolerance ?? work.tolerance[first.precision];
  const faults = [
    !(error <= tolerance) && `error ${error} above ${tolerance}`,
    checksums.size > 1 && `${checksums.size} different results in ${rounds.length} processes`,
  ].filter((fault) => fault !== false);
  return {
    ...emptyRow(work, entry),
    version: first.version,
    threads: first.threads,
    samples: samples.length,
    best: Math.min(...samples),
    median,
    spread: (quantile(samples, 0.75) - quantile(samples, 0.25)) / median,
    ...(work.rate && { rate: { unit: work.rate.unit, value: work.rate.amount / median } }),
    checksum: [...checksums].join('/'),
    error,
    ...(faults.length > 0 && { failed: faults.join('; ') }),
  };
}

/** A row without numbers. */
export function emptyRow(work: Work, entry: Entry): RowLine {
  const { label, precision } = CONTESTANTS[entry.contestant];
  return {
    kind: 'row',
    work: work.name,
    family: work.family,
    contestant: entryName(entry),
    label: entry.variant === undefined ? label : `${label}, ${entry.variant}`,
    precision,
    node: process.version,
  };
}

/** The rows of one work, each with its ratio to the first row of ours. */
export function withRatios(rows: readonly RowLine[]): RowLine[] {
  const ours = rows.find(({ contestant }) => contestant.startsWith('ours'))?.median;
  return rows.map((row) =>
    row.median === undefined || ours === undefined ? row : { ...row, ratio: row.median / ours },
  );
}
