/**
 * npm run bench: how fast deltaw is, beside what people would use instead. `--help` shows how to call
 * it, README.md how it measures.
 *
 * @module
 */
import { appendFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { helpFor, type Options, readOptions } from './options.ts';
import { markdownOf } from './report/markdown.ts';
import { pictureOf } from './report/picture.ts';
import { tableOf } from './report/table.ts';
import { CONTESTANTS } from './runner/contestants.ts';
import { type Entry, entryName, type Work } from './runner/contract.ts';
import { type Line, type RowLine, type RunLine, readLines } from './runner/lines.ts';
import { INSTALL, isInstalled } from './runner/presence.ts';
import { isStopped, measureWork, stop } from './runner/rounds.ts';
import { allWorks } from './works/index.ts';

/** The works and entries that are asked for: names of either kind narrow their own kind only. */
function planFor(
  all: readonly Work[],
  { quick, only }: Options,
): { work: Work; entries: Entry[] }[] {
  const works = only.filter((name) => !(name in CONTESTANTS));
  const contestants = only.filter((name) => name in CONTESTANTS);
  const byName = (work: Work): boolean => works.includes(work.name);
  const fits = (work: Work): boolean =>
    work.when === 'always' || work.when === (quick ? 'quick' : 'full');
  return all
    .filter((work) =>
      works.length === 0 ? fits(work) : byName(work) || (works.includes(work.family) && fits(work)),
    )
    .map((work) => ({
      work,
      entries: work.entries.filter(
        ({ contestant }) => contestants.length === 0 || contestants.includes(contestant),
      ),
    }));
}

/** Measures what is asked for; every line goes to `onLine` as soon as it is known. */
async function measure(options: Options, onLine: (line: Line) => void): Promise<void> {
  const plan = planFor(works, options).filter(({ entries }) => entries.length > 0);
  const total = plan.reduce((sum, { entries }) => sum + entries.length, 0);
  let before = 0;
  const begin = performance.now();
  onLine(describeRun(options));
  for (const { work, entries } of plan) {
    if (isStopped()) break;
    const rows = await measureWork(work, entries, options.effort, {
      onStart: (_, entry, round) => {
        const minutes = ((performance.now() - begin) / 60_000).toFixed(1);
        progress(
          `[${minutes} min, ${before} of ${total}] ${work.name}: ${entryName(entry)}, round ${round}`,
        );
      },
      onRound: onLine,
    });
    before += entries.length;
    progress('');
    for (const row of rows) onLine(row);
    if (!options.json && !options.markdown) {
      process.stdout.write(`${tableOf(work.name, work.about, rows)}\n`);
    }
  }
}

function describeRun({ quick }: Options): RunLine {
  return {
    kind: 'run',
    date: new Date().toISOString(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    node: process.versions.node,
    quick,
  };
}

/** A line on standard error: overwritten on a terminal, one after the other elsewhere. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  else if (text !== '') process.stderr.write(`${text}\n`);
}

async function main(options: Options): Promise<number> {
  const { out, svg, json, markdown, from } = options;
  const lines: Line[] = [];
  const onLine = (line: Line): void => {
    lines.push(line);
    if (json) process.stdout.write(`${JSON.stringify(line)}\n`);
    if (out !== undefined) appendFileSync(out, `${JSON.stringify(line)}\n`);
  };
  const stored = from.length > 0 ? [...readLines(from)] : []; // before `out`, which may be one of them
  if (out !== undefined) writeFileSync(out, '');
  if (from.length > 0) for (const line of stored) onLine(line);
  else {
    if (!isInstalled()) {
      process.stderr.write(
        `bench: the contestants are not installed, so their rows are empty: ${INSTALL}\n`,
      );
    }
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
    await measure(options, onLine);
  }
  const rows = lines.filter((line): line is RowLine => line.kind === 'row');
  if (markdown) process.stdout.write(markdownOf(lines));
  if (svg !== undefined) writeFileSync(svg, pictureOf(lines));
  if (isStopped()) return 130;
  return rows.some(({ failed }) => failed !== undefined) ? 1 : 0;
}

const works = await allWorks();
let options: Options | undefined;
try {
  options = readOptions(process.argv.slice(2), works);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${helpFor(works)}\n`);
  process.exitCode = 2;
}
if (options?.help) process.stdout.write(`${helpFor(works)}\n`);
else if (options) process.exitCode = await main(options);
