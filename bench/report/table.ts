/**
 * Rows as a table for a terminal.
 *
 * @module
 */
import type { RowLine } from '../runner/lines.ts';
import { errorText, percent, rateText, ratioText, seconds } from './numbers.ts';

const HEADERS = ['contestant', 'precision', 'best', 'median', 'spread', 'rate', 'ours is', 'error'];

/** One work: its rows below a line that says what it is. */
export function tableOf(work: string, about: string, rows: readonly RowLine[]): string {
  const cells = rows.map((row) => [row.label, row.precision, ...numbersOf(row)]);
  const complete = cells.filter((row) => row.length === HEADERS.length);
  const widths = HEADERS.map((header, column) =>
    Math.max(header.length, ...(column < 2 ? cells : complete).map((row) => row[column].length)),
  );
  const line = (row: readonly string[]): string =>
    `  ${row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ')}`;
  const body = cells.map((row) =>
    row.length > 3
      ? line(row)
      : `  ${row[0].padEnd(widths[0])}  ${row[1].padEnd(widths[1])}  ${row[2]}`,
  );
  const notes = rows.flatMap(({ label, median, failed }) =>
    median !== undefined && failed !== undefined ? [`  WRONG: ${label}: ${failed}`] : [],
  );
  return [`${work} · ${about}`, line(HEADERS), ...body, ...notes, ''].join('\n');
}

/** The numbers of a row, or one cell that says why there are none. */
function numbersOf(row: RowLine): string[] {
  if (row.best === undefined || row.median === undefined) {
    return [row.absent ?? `failed: ${row.failed}`];
  }
  return [
    seconds(row.best),
    seconds(row.median),
    percent(row.spread),
    rateText(row.rate),
    ratioText(row),
    errorText(row.error),
  ];
}
