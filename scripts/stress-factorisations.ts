/**
 * Random factorisations, each held against the backward-error bound in its doc comment.
 *
 *   node --import tsx scripts/stress-factorisations.ts --count 1000000 [--seed N] [--json]
 *
 * Case i is drawn from Random(seed, i), so that a failure can be repeated alone with `--from i
 * --count 1`. The errors are measured in doubles: what the measuring itself may add is added to each
 * bound, worked out at the check, and SLOP covers the rounding of the norms and of the bound. Sizes
 * are 1 + ⌊40·t³⌋ for a uniform t: 1 to 40, half of them up to 5, so that 10⁶ take minutes.
 *
 * Exit code 0: no bound exceeded, nothing failed to converge; 1: something did; 130: interrupted,
 * after the table of what was done.
 *
 * @module
 */
import { setImmediate } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Progress } from '../src/cli/progress.ts';
import { Random } from '../src/linalg/random.ts';
import { KINDS, SEEN } from './stress/checks.ts';
import { CLASSES } from './stress/matrices.ts';

interface Tally {
  readonly kind: string;
  readonly class: string;
  count: number;
  refused: number;
  /** The largest error over its bound; it may not exceed 1. */
  worst: number;
  worstCase: number;
}

interface Failure {
  readonly case: number;
  readonly kind: string;
  readonly class: string;
  readonly what: string;
}

function runCase(seed: number, i: number, tallies: Map<string, Tally>): Failure | undefined {
  const random = new Random(seed, i);
  const kind = Object.keys(KINDS)[i % Object.keys(KINDS).length];
  const name = Object.keys(CLASSES)[random.integer(Object.keys(CLASSES).length)];
  const key = `${kind}/${name}`;
  const fresh = { kind, class: name, count: 0, refused: 0, worst: 0, worstCase: i };
  const tally = tallies.get(key) ?? fresh;
  tallies.set(key, tally);
  tally.count++;
  try {
    const result = KINDS[kind](random, CLASSES[name]);
    if (result === 'refused') tally.refused++;
    else if (!(result <= tally.worst)) Object.assign(tally, { worst: result, worstCase: i });
    if (result === 'refused' || result <= 1) return undefined;
    return { case: i, kind, class: name, what: `error/bound = ${result}` };
  } catch (error) {
    return { case: i, kind, class: name, what: String(error) };
  }
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: '1' },
      from: { type: 'string', default: '0' },
      json: { type: 'boolean', default: false },
    },
  });
  const natural = (name: 'count' | 'seed' | 'from'): number => {
    const n = Number(values[name]);
    if (Number.isSafeInteger(n) && n >= 0 && values[name].trim() !== '') return n;
    process.stderr.write(
      `stress-factorisations: --${name} needs a natural number, got '${values[name]}'\n`,
    );
    return process.exit(2);
  };
  const [count, seed, from] = [natural('count'), natural('seed'), natural('from')];
  let interrupted = false;
  process.once('SIGINT', () => {
    interrupted = true;
  });
  const progress = new Progress();
  const tallies = new Map<string, Tally>();
  const failures: Failure[] = [];
  let done = 0;
  while (done < count && !interrupted) {
    const failure = runCase(seed, from + done, tallies);
    if (failure) failures.push(failure);
    done++;
    if (done % 64 === 0 || done === 1) {
      progress.update('factorisations', done, count);
      await setImmediate(); // lets a signal in
    }
  }
  progress.clear();
  const rows = [...tallies.values()].sort((x, y) =>
    `${x.kind}/${x.class}` < `${y.kind}/${y.class}` ? -1 : 1,
  );
  const worst = rows.reduce((most, row) => (row.worst <= most ? most : row.worst), 0);
  const result = {
    count,
    seed,
    from,
    done,
    interrupted,
    worst,
    mostSweeps: SEEN.sweeps,
    failures: failures.slice(0, 20),
    failed: failures.length,
    rows,
  };
  process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : table(result));
  return interrupted ? 130 : failures.length > 0 ? 1 : 0;
}

function table(result: {
  readonly count: number;
  readonly seed: number;
  readonly done: number;
  readonly worst: number;
  readonly mostSweeps: number;
  readonly failed: number;
  readonly failures: readonly Failure[];
  readonly rows: readonly Tally[];
}): string {
  const lines = result.rows.map((row) =>
    [
      row.kind.padEnd(16),
      row.class.padEnd(22),
      String(row.count).padStart(8),
      String(row.refused).padStart(8),
      row.worst.toExponential(2).padStart(12),
      String(row.worstCase).padStart(9),
    ].join(' '),
  );
  return [
    'kind             class                      cases  refused  error/bound   in case',
    ...lines,
    ...result.failures.map((f) => `FAILED case ${f.case}: ${f.kind}, ${f.class}: ${f.what}`),
    `${result.done} of ${result.count} cases (seed ${result.seed}): largest error/bound ` +
      `${result.worst.toExponential(2)}, ${result.failed} failed, at most ${result.mostSweeps} sweeps`,
    '',
  ].join('\n');
}

process.exitCode = await main();
