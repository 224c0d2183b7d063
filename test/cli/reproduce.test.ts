import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCli, runHere, temporaryFolder } from '../support/run-cli.ts';

/** A run of about a second: every part works, the shapes are not judged. */
const TINY = [
  ...[
    'reproduce',
    'fig1',
    'fig2',
    'fig3',
    '--steps',
    '120',
    '--validate-every',
    '30',
    '--pairs',
    '12',
  ],
  ...['--batch', '20', '--micro-batch', '8', '--width', '8', '--heads', '2', '--hidden', '16'],
  ...['--validation-prompts', '5', '--marginal-trials', '4', '--fine-tuning-trials', '3'],
  ...['--fine-tuning-examples', '7', '--workers', '1'],
];

/** The same arguments for another number of workers. */
const spread = (args: readonly string[], workers: number): string[] => [
  ...args.slice(0, -1),
  `${workers}`,
];

const FILES = ['fig1.svg', 'fig2.svg', 'fig3.svg', 'report.html', 'results.json'];
const contents = (folder: string): string[] =>
  FILES.map((name) => readFileSync(join(folder, name), 'utf8'));

/** Sends SIGINT as soon as training is under way. */
const interruptOnce = () => {
  let sent = false;
  return (child: { kill(signal: 'SIGINT'): boolean }, stderr: string): void => {
    if (sent || !stderr.includes('training')) return;
    sent = true;
    setTimeout(() => child.kill('SIGINT'), 100);
  };
};

test('the same seed twice gives the same bytes, another seed others', async () => {
  const folders = [temporaryFolder(), temporaryFolder(), temporaryFolder()];
  const seeds = ['5', '5', '6'];
  for (const [i, folder] of folders.entries()) {
    const { code } = await runHere([...TINY, '--seed', seeds[i], '--out', folder]);
    expect(code).toBe(0);
    expect(readdirSync(folder).sort()).toEqual(FILES);
  }
  expect(contents(folders[1])).toEqual(contents(folders[0]));
  expect(contents(folders[2])[4]).not.toEqual(contents(folders[0])[4]);
});

test('one worker, three, and as many as there are by default give the same bytes', async () => {
  const folders = [TINY, spread(TINY, 3), TINY.slice(0, -2)].map((args) => ({
    folder: temporaryFolder(),
    args,
  }));
  const runs = folders.map(({ folder, args }) => runCli([...args, '--out', folder]));
  for (const { code } of await Promise.all(runs)) expect(code).toBe(0);
  const [one, ...others] = folders.map(({ folder }) => contents(folder));
  for (const other of others) expect(other).toEqual(one);
});

test('interrupted and resumed three times, with one worker or two, a run ends with the same bytes', async () => {
  const [plain, stopped] = [temporaryFolder(), temporaryFolder()];
  const args = TINY.map((arg) => (arg === '120' ? '600' : arg));
  expect((await runCli([...args, '--out', plain])).code).toBe(0);
  for (let interruption = 0; interruption < 3; interruption++) {
    const workers = 1 + (interruption % 2);
    const { code, stderr } = await runCli(
      [...spread(args, workers), '--out', stopped],
      interruptOnce(),
    );
    expect(stderr).toMatch(
      /interrupted after \d+ of 600 steps, saved in .*; the same command goes/,
    );
    expect(readdirSync(stopped)).toEqual(['run-state.bin']);
    expect(code).toBe(75);
  }
  expect((await runCli([...args, '--out', stopped])).code).toBe(0);
  expect(contents(stopped)).toEqual(contents(plain));
});

test('an interrupted run refuses other settings and a spoiled state, and --fresh drops it', async () => {
  const folder = temporaryFolder();
  const state = join(folder, 'run-state.bin');
  const args = [...TINY.map((arg) => (arg === '120' ? '5000' : arg)), '--out', folder];
  expect((await runCli(args, interruptOnce())).code).toBe(75);
  const other = await runCli([...args, '--seed', '9']);
  expect(other.stderr).toContain('goes on under its own settings, seed 1, got seed 9');
  expect(other.stderr).toContain('--fresh drops that run');
  expect(other.code).toBe(3);
  const whole = readFileSync(state);
  truncateSync(state, Math.floor(whole.length / 2));
  const cut = await runCli(args);
  expect(cut.stderr).toContain('cut short or altered');
  expect(cut.code).toBe(3);
  writeFileSync(state, 'not a state at all');
  const foreign = await runCli(args);
  expect(foreign.stderr).toContain('do not begin like one');
  expect(foreign.code).toBe(3);
  // Nothing was half-written on the way, and the spoiled state is still there to be looked at.
  expect(readdirSync(folder)).toEqual(['run-state.bin']);
  const fresh = await runCli([...TINY, '--fresh', '--out', folder]);
  expect(fresh.code).toBe(0);
  expect(readdirSync(folder).sort()).toEqual(FILES);
});

test('--json prints the contract: checks with verdicts, series of equal lengths, files', async () => {
  const folder = temporaryFolder();
  const { code, stdout } = await runHere([...TINY, '--json', '--out', folder]);
  const result = JSON.parse(stdout);
  expect(code).toBe(0);
  expect(result.ok).toBe(true);
  expect(result.files).toEqual(FILES.map((name) => join(folder, name)));
  expect(result.figures.map(({ id }: { id: string }) => id)).toEqual(['fig1', 'fig2', 'fig3']);
  for (const { title, parameters, series, checks } of result.figures) {
    expect(title).toBeTypeOf('string');
    expect(parameters.seed).toBe(1);
    for (const { name, x, y, low, high } of series) {
      expect(name).toBeTypeOf('string');
      for (const column of [x, y, low, high].filter(Boolean)) {
        expect(column.length).toBe(x.length);
        for (const entry of column) expect(entry).toBeTypeOf('number');
      }
    }
    for (const { kind, value, limit, ok } of checks) {
      expect([value, limit].every(Number.isFinite)).toBe(true);
      expect(ok).toBe(kind === 'theorem' ? true : null);
    }
  }
});

test('a folder in use by another run is refused, and one left by a dead process is taken over', async () => {
  const folder = temporaryFolder();
  const lock = join(folder, 'run.lock');
  writeFileSync(lock, `${process.pid}\n`); // this very process is alive
  const refused = await runCli([...TINY, '--out', folder]);
  expect(refused.stderr).toContain(`must not be in use, got process ${process.pid} writing to it`);
  expect([refused.code, ...readdirSync(folder)]).toEqual([3, 'run.lock']);
  // A process that has ended: its number may be taken again, but not within a test.
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  writeFileSync(lock, `${pid}\n`);
  expect((await runCli([...TINY, '--out', folder])).code).toBe(0);
  expect(readdirSync(folder).sort()).toEqual(FILES);
});

test('a result file that cannot be written is noticed before the training', async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'report.html'));
  const { code, stderr } = await runHere([...TINY, '--out', folder]);
  expect(stderr).toMatch(/--out: .* got a folder at .*report\.html/);
  expect(stderr).not.toContain('training');
  expect([code, ...readdirSync(folder)]).toEqual([3, 'report.html']);
});

test('fine-tuning that moves nothing has no angle, and a diverging rate is an error that names it', async () => {
  const folder = temporaryFolder();
  const dead = ['--steps', '2', '--hidden', '1', '--width', '1', '--heads', '1'];
  const args = ['reproduce', 'fig3', '--pairs', '10', '--fine-tuning-examples', '3'];
  expect(
    (await runHere([...args, ...dead, '--fine-tuning-trials', '9', '--out', folder])).code,
  ).toBe(0);
  const huge = await runHere([
    ...args,
    '--steps',
    '2',
    '--fine-tuning-rate',
    '1e300',
    '--out',
    folder,
  ]);
  expect(huge.stderr).toMatch(/W1 must stay finite, .* smaller rate than 1e\+300 may help/);
  expect(huge.code).toBe(3);
});

test('one figure alone has the bytes it has among the others', async () => {
  const [all, one] = [temporaryFolder(), temporaryFolder()];
  await runHere([...TINY, '--out', all]);
  await runHere([...TINY.filter((arg) => !/fig[13]/.test(arg)), '--out', one]);
  expect(readdirSync(one).sort()).toEqual(['fig2.svg', 'report.html', 'results.json']);
  expect(readFileSync(join(one, 'fig2.svg'))).toEqual(readFileSync(join(all, 'fig2.svg')));
});

/** A figure without the toy, of a fraction of a second. */
const SMALL = [
  ...['reproduce', 'gradient', '--gradient-tasks', '2', '--gradient-layers', '3'],
  ...['--gradient-stacks', '2', '--gradient-continuation', '4', '--workers', '1'],
];

test('a figure with settings of its own names them, and is judged by its theorems only', async () => {
  const folder = temporaryFolder();
  const { code, stdout } = await runHere([...SMALL, '--json', '--out', folder]);
  expect(code).toBe(0);
  const { figures } = JSON.parse(stdout);
  expect(figures[0].parameters).toMatchObject({ seed: 1, tasks: 2, layers: 3 });
  for (const { kind, ok } of figures[0].checks) expect(ok).toBe(kind === 'theorem' ? true : null);
  expect(readdirSync(folder).sort()).toEqual(['gradient.svg', 'report.html', 'results.json']);
  expect(readFileSync(join(folder, 'report.html'), 'utf8')).not.toContain('was trained for');
});

test('a figure without the toy is made beside an interrupted run of the toy and leaves it there', async () => {
  const [folder, whole] = [temporaryFolder(), temporaryFolder()];
  const long = [...SMALL, 'fig1', '--steps', '5000', '--pairs', '12', '--out', folder];
  // The toy is trained first, and gradient would come after it.
  expect((await runCli(long, interruptOnce())).code).toBe(75);
  expect(readdirSync(folder)).toEqual(['run-state.bin']);
  expect((await runCli([...SMALL, '--out', folder])).code).toBe(0);
  expect((await runCli([...SMALL, '--out', whole])).code).toBe(0);
  const svg = (where: string): string => readFileSync(join(where, 'gradient.svg'), 'utf8');
  expect(svg(folder)).toBe(svg(whole));
  // The interrupted run of the other figure is still there.
  expect(readdirSync(folder)).toContain('run-state.bin');
});

test('a figure that fails takes no finished one with it, and one that is finished leaves the toy to the others', async () => {
  const folder = temporaryFolder();
  const toy = TINY.filter((arg) => !/fig[123]/.test(arg));
  const failing = ['fig2', 'functions', '--quick', '--functions-learning-rate', '1e300'];
  const { code } = await runHere([...toy, ...failing, '--out', folder]);
  expect(code).toBe(3);
  expect(readdirSync(folder).sort()).toEqual(['fig2.figure-state.bin', 'run-state.bin']);
  expect((await runHere([...toy, 'fig1', '--out', folder])).code).toBe(0);
  expect(readdirSync(folder)).toContain('run-state.bin');
  expect((await runHere([...toy, 'fig2', '--out', folder])).code).toBe(0);
  expect(readdirSync(folder).filter((name) => name.endsWith('.bin'))).toEqual([]);
});

test('training that diverges ends with an error, not with NaN in a figure', async () => {
  const folder = temporaryFolder();
  const { code, stderr } = await runHere([...TINY, '--learning-rate', '1e200', '--out', folder]);
  expect(stderr).toMatch(/must (stay|be) finite/);
  expect(code).toBe(3);
  // Nothing to go on with: the same folder takes a smaller rate without --fresh.
  expect(readdirSync(folder)).toEqual([]);
  expect((await runHere([...TINY, '--out', folder])).code).toBe(0);
});
