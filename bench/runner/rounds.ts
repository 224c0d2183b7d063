/**
 * Runs contestants in fresh processes, in turn: the first of each, then the second of each …, so that
 * whatever the machine does meanwhile happens to all of them.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { type Effort, type Entry, entryName, type Work } from './contract.ts';
import type { RoundLine, RowLine } from './lines.ts';
import { absence, BENCH } from './presence.ts';
import { emptyRow, rowOf, withRatios } from './statistics.ts';

/** Told what happens. */
export interface Observer {
  onStart(work: Work, entry: Entry, round: number): void;
  onRound(line: RoundLine): void;
}

/** The process that is measuring now. There is only ever one. */
let running: ChildProcess | undefined;
let stopped = false;

/** Ends what is being measured and all that it started; `measureWork` then returns what is done. */
export function stop(): void {
  stopped = true;
  if (running?.pid !== undefined) process.kill(-running.pid, 'SIGKILL');
}

export const isStopped = (): boolean => stopped;

/** The rows of a work: one an entry, with ratios. Entries that a stop left without a round are left out. */
export async function measureWork(
  work: Work,
  entries: readonly Entry[],
  defaults: Effort,
  observer: Observer,
): Promise<RowLine[]> {
  const effort = { ...defaults, ...work.effort };
  const rounds = new Map<Entry, RoundLine[]>(entries.map((entry) => [entry, []]));
  const failures = new Map<Entry, string>();
  const present = entries.filter(({ contestant }) => absence(contestant) === null);
  for (let round = 1; round <= effort.rounds; round++) {
    for (const entry of present) {
      if (stopped || failures.has(entry)) continue;
      observer.onStart(work, entry, round);
      const outcome = await runChild(work, entry, effort);
      if (stopped) continue;
      if (typeof outcome === 'string') failures.set(entry, outcome);
      else {
        rounds.get(entry)?.push(outcome);
        observer.onRound(outcome);
      }
    }
  }
  const rows = entries.flatMap((entry): RowLine[] => {
    const absent = absence(entry.contestant);
    if (absent !== null) return [{ ...emptyRow(work, entry), absent }];
    const failed = failures.get(entry);
    if (failed !== undefined) return [{ ...emptyRow(work, entry), failed }];
    const done = rounds.get(entry) ?? [];
    return done.length === 0 ? [] : [rowOf(work, entry, done)];
  });
  return withRatios(rows);
}

/** One process: its line, or what went wrong. */
function runChild(work: Work, entry: Entry, effort: Effort): Promise<RoundLine | string> {
  return new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      [
        ...['--import', 'tsx', join(BENCH, 'runner', 'child.ts')],
        ...[work.family, work.name, entryName(entry), JSON.stringify(effort)],
      ],
      // A group of its own, so that a stop reaches the Python that it may have started.
      { cwd: join(BENCH, '..'), detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    running = child;
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    child.on('close', (code) => {
      running = undefined;
      if (code === 0) resolve(JSON.parse(out.trim().split('\n').at(-1) ?? ''));
      else resolve(lastWords(err) || `ended with ${code}`);
    });
  });
}

/** The line that names the error, of all that a dying process says. */
function lastWords(err: string): string {
  const lines = err.split('\n').filter((line) => line.trim() !== '');
  return (lines.findLast((line) => /Error/.test(line)) ?? lines.at(-1) ?? '').trim();
}
