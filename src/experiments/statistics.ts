/**
 * Summaries of samples.
 *
 * @module
 */
import { DomainError, log } from '../linalg/index.ts';

/** (1/n)·Σ x_i, i ascending. @throws DomainError for an empty sample. */
export function mean(x: readonly number[]): number {
  requireSample('mean', x);
  return x.reduce((sum, entry) => sum + entry, 0) / x.length;
}

/**
 * The q-quantile, 0 ≤ q ≤ 1, by linear interpolation between order statistics (type 7 of Hyndman
 * and Fan, 1996). @throws DomainError for an empty sample or a q outside its range.
 */
export function quantile(x: readonly number[], q: number): number {
  requireSample('quantile', x);
  if (!(q >= 0 && q <= 1)) throw new DomainError(`quantile: 0 ≤ q ≤ 1 is required, got ${q}`);
  const sorted = [...x].sort((a, b) => a - b);
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
}

export const median = (x: readonly number[]): number => quantile(x, 0.5);

/** Mean, median and quartiles at each place of several equally long rows. */
export interface Summary {
  readonly mean: number[];
  readonly median: number[];
  readonly lower: number[];
  readonly upper: number[];
}

/** Summarises column by column. @throws DomainError for no rows, or rows of different lengths. */
export function summarise(rows: readonly ArrayLike<number>[]): Summary {
  requireSample('summarise', rows);
  const length = rows[0].length;
  if (rows.some((row) => row.length !== length)) {
    throw new DomainError(`summarise: rows of ${length} entries are required, got another length`);
  }
  const columns = Array.from({ length }, (_, i) => rows.map((row) => row[i]));
  return {
    mean: columns.map(mean),
    median: columns.map(median),
    lower: columns.map((column) => quantile(column, 0.25)),
    upper: columns.map((column) => quantile(column, 0.75)),
  };
}

/**
 * The slope of the least-squares line through (log x_i, log y_i). Zero or negative values give NaN
 * or infinities, so a check on the result fails.
 *
 * @throws DomainError for fewer than two points.
 */
export function logLogSlope(x: readonly number[], y: readonly number[]): number {
  if (x.length < 2 || y.length !== x.length) {
    throw new DomainError(
      `logLogSlope: two points or more are required, got ${x.length} and ${y.length} coordinates`,
    );
  }
  const [u, v] = [x.map(log), y.map(log)];
  const [meanU, meanV] = [mean(u), mean(v)];
  let [above, below] = [0, 0];
  u.forEach((entry, i) => {
    above += (entry - meanU) * (v[i] - meanV);
    below += (entry - meanU) * (entry - meanU);
  });
  return above / below;
}

function requireSample(caller: string, x: readonly unknown[]): void {
  if (x.length === 0) throw new DomainError(`${caller}: a sample is required, got no values`);
}
