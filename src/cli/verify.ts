/**
 * `deltaw verify`: every theorem, on random blocks, beside its bound and its negative controls.
 *
 * @module
 */
import { VERIFICATIONS, type VerifyRow } from '../experiments/verify/index.ts';
import { verifyWorkers } from '../experiments/verify/service.ts';
import { EXIT } from './exit-codes.ts';
import { COMMON_FLAGS, describeFlags, type Flags, parseOptions, UsageError } from './options.ts';
import { paint } from './paint.ts';
import { Progress } from './progress.ts';
import { workersFlag, workersOf } from './workers-flag.ts';

const { out: _, ...COMMON } = COMMON_FLAGS;

const FLAGS: Flags = {
  ...COMMON,
  trials: { kind: 'number', value: 'N', help: 'random cases a row (default: 200)' },
  theorem: { kind: 'text', value: 'T', help: 'only this theorem, by its section, e.g. 1.2' },
  layer: { kind: 'text', value: 'L', help: 'only this contextual layer, e.g. softmax' },
  block: { kind: 'text', value: 'B', help: 'only this block, e.g. plain' },
  ...workersFlag('1; more pay from some 1000 trials on'),
};

const known = (pick: (row: (typeof VERIFICATIONS)[number]) => string | null): string[] => [
  ...new Set(VERIFICATIONS.map(pick).filter((name) => name !== null)),
];

export const VERIFY_HELP: string = `Examples:
  deltaw verify                        every theorem on 200 random cases each
  deltaw verify --theorem 1.2 --json   the token patch, as JSON
  deltaw verify --trials 5000 --seed 3

Usage: deltaw verify [options]

  theorems  ${known(({ theorem }) => theorem).join(', ')}
  layers    ${known(({ layer }) => layer).join(', ')}
  blocks    ${known(({ block }) => block).join(', ')}

The theorems are numbered by the sections of src/icl/README.md, which maps them to the papers. A row
holds if every residual is within the bound proved for it and every deliberately wrong patch exceeds
that bound. Under "refused" the JSON counts inputs outside the preconditions, by error class. Rows
in fractions (4.1 to 4.3, 9.1) run at most 50 trials, since exact fractions grow long.

Options:
${describeFlags(FLAGS)}`;

export async function verifyCommand(args: readonly string[]): Promise<number> {
  const given = parseOptions('verify', args, FLAGS);
  const { switches, numbers, texts, positionals } = given;
  if (switches.has('help')) {
    process.stdout.write(`${VERIFY_HELP}\n`);
    return EXIT.ok;
  }
  if (positionals.length > 0) {
    throw new UsageError(`verify: only options are expected, got '${positionals[0]}'`);
  }
  const { trials = 200, seed = 1 } = numbers;
  for (const [name, value, least] of [
    ['trials', trials, 1],
    ['seed', seed, 0],
  ] as const) {
    if (!(Number.isSafeInteger(value) && value >= least)) {
      throw new UsageError(`verify: --${name} must be an integer from ${least} on, got ${value}`);
    }
  }
  const count = workersOf('verify', given, 1);
  const chosen = VERIFICATIONS.filter((row) =>
    (['theorem', 'layer', 'block'] as const).every((key) => {
      const wanted = texts[key];
      if (wanted !== undefined && !known((each) => each[key]).includes(wanted)) {
        const names = known((each) => each[key]).join(', ');
        throw new UsageError(`verify: --${key} must be one of ${names}, got '${wanted}'`);
      }
      return wanted === undefined || row[key] === wanted;
    }),
  );
  if (chosen.length === 0) {
    throw new UsageError('verify: some row must fit all filters, got a combination that none fits');
  }
  const progress = new Progress();
  const workers = verifyWorkers(Math.min(count, chosen.length));
  const tasks = chosen.map((row) => ({ index: VERIFICATIONS.indexOf(row), trials, seed }));
  const results: VerifyRow[] = [];
  try {
    for await (const row of workers.each('row', tasks)) {
      results.push(row);
      progress.update('verifying', results.length, chosen.length);
    }
  } finally {
    progress.clear();
    await workers.close();
  }
  const ok = results.every((row) => row.ok);
  process.stdout.write(
    switches.has('json') ? `${JSON.stringify({ ok, results }, null, 2)}\n` : table(results, ok),
  );
  return ok ? EXIT.ok : EXIT.checkFailed;
}

/** The rows for a terminal. */
function table(rows: readonly VerifyRow[], ok: boolean): string {
  const number = (x: number | null): string => (x === null ? '–' : x.toExponential(1));
  const lines = rows.map((row) => {
    const where = [row.layer, row.block, row.variant].filter(Boolean).join(' ');
    const name = `${row.theorem} ${row.title} (${where})`;
    const controls = row.negativeControls.filter((control) => control.ok).length;
    const figures = [
      `${row.trials} trials`,
      `residual ${number(row.maxResidual)}`,
      `over bound ${number(row.maxResidualOverBound)}`,
      `exact error over bound ${number(row.exactErrorOverBound)}`,
      `exact residual ${row.exactResidual ?? '–'}`,
      `controls caught ${controls}/${row.negativeControls.length}`,
    ];
    const verdict = row.ok ? paint('green', 'holds') : paint('red', 'FAILS');
    return `${verdict}  ${paint('bold', name)}\n       ${figures.join(', ')}`;
  });
  const count = rows.length === 1 ? '1 row' : `${rows.length} rows`;
  const all = ok ? paint('green', 'everything holds') : paint('red', 'something FAILS');
  return `${lines.join('\n')}\n\n${count}: ${all}\n`;
}
