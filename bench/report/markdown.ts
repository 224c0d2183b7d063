/**
 * Rows as the table of the README.
 *
 * @module
 */
import type { Line, RowLine, RunLine } from '../runner/lines.ts';
import { errorText, percent, rateText, ratioText, seconds } from './numbers.ts';

const HEADER = [
  '| work | contestant | precision | median | spread | rate | ours is | error |',
  '|---|---|---|---|---|---|---|---|',
];

/**
 * One table a run: machine, Node version and date above it. Runs of the same work on several versions
 * of Node stand in tables of their own, because ratios hold within a run.
 */
export function markdownOf(lines: readonly Line[]): string {
  const runs: { run: RunLine; rows: RowLine[] }[] = [];
  for (const line of lines) {
    if (line.kind === 'run') runs.push({ run: line, rows: [] });
    else if (line.kind === 'row') runs[runs.length - 1]?.rows.push(line);
  }
  return runs
    .map(({ run, rows }) => [caption(run, rows), '', ...HEADER, ...bodyOf(rows), ''].join('\n'))
    .join('\n');
}

function caption({ date, cpu, cores, node, quick }: RunLine, rows: readonly RowLine[]): string {
  const versions = new Map<string, string>();
  for (const { label, version } of rows) {
    if (version !== undefined) versions.set(label.split(',')[0], version);
  }
  const named = [...versions].map(([label, version]) => `${label} ${version}`).join(', ');
  return `${cpu}, ${cores} cores, Node ${node}, ${date.slice(0, 10)}${quick ? ', quick run' : ''}. One thread each where the label names no other number: ${named}.`;
}

function bodyOf(rows: readonly RowLine[]): string[] {
  let before = '';
  return rows.map((row) => {
    const work = row.work === before ? '' : row.work;
    before = row.work;
    const cells = [work, row.label, row.precision, ...numbersOf(row)];
    return `| ${cells.join(' | ')} |`;
  });
}

function numbersOf(row: RowLine): string[] {
  if (row.median === undefined) return [row.absent ?? 'failed', '', '', '', ''];
  return [
    seconds(row.median),
    percent(row.spread),
    rateText(row.rate),
    ratioText(row).replace('x', '×'),
    row.failed === undefined ? errorText(row.error) : `**${errorText(row.error)}**`,
  ];
}
