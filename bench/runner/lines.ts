/**
 * The lines of JSON in which results are printed, stored and read again.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import type { Precision } from './contract.ts';

/** The first line of a run. */
export interface RunLine {
  readonly kind: 'run';
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  readonly quick: boolean;
}

/** What one process measured. Times are seconds per run. */
export interface RoundLine {
  readonly kind: 'round';
  readonly work: string;
  readonly contestant: string;
  readonly precision: Precision;
  readonly version: string;
  readonly threads: number;
  readonly samples: readonly number[];
  readonly best: number;
  readonly median: number;
  /** CRC-32 of the result's float64 numbers: equal for equal bits. */
  readonly checksum: string;
  readonly error: number;
}

/** All rounds of one contestant at one work. */
export interface RowLine {
  readonly kind: 'row';
  readonly work: string;
  readonly family: string;
  readonly contestant: string;
  readonly label: string;
  readonly precision: Precision;
  readonly node: string;
  readonly version?: string;
  readonly threads?: number;
  readonly samples?: number;
  readonly best?: number;
  readonly median?: number;
  /** Distance of the quartiles over the median, of all samples. */
  readonly spread?: number;
  readonly rate?: { readonly unit: string; readonly value: number };
  /** Its median over that of our row of the same work in the same run: how many times as fast ours is. */
  readonly ratio?: number;
  readonly checksum?: string;
  readonly error?: number;
  /** Why there are no numbers, or why they do not count. */
  readonly absent?: string;
  readonly failed?: string;
}

export type Line = RunLine | RoundLine | RowLine;

/** The lines of files written by `--out`. @throws SyntaxError for what is not JSON. */
export function readLines(files: readonly string[]): Line[] {
  return files.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line)),
  );
}
