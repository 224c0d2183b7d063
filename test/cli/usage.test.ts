import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCli, runHere, temporaryFolder } from '../support/run-cli.ts';

test.each([
  [[], 'a command is required, reproduce, verify, patch, generate or thought, got none'],
  [
    ['toString'],
    "a command is required, reproduce, verify, patch, generate or thought, got 'toString'",
  ],
  [['reproduce'], 'name a figure, fig1, fig2, fig3, recurrent, alignment, '],
  [['reproduce', 'fig9'], "functions or all, got 'fig9'"],
  [['reproduce', 'fig1', '--depth-tasks', '3'], '--depth-tasks needs the figure depth, got fig1'],
  [['reproduce', 'all', '--stpes', '3'], "Unknown option '--stpes'"],
  [['reproduce', 'all', '--steps'], "'--steps <value>' argument missing"],
  [['reproduce', 'all', '--steps', 'many'], "--steps needs a number, got 'many'"],
  [['reproduce', 'all', '--steps='], "--steps needs a number, got ''"],
  [['reproduce', 'all', '--steps', '3', '--steps', '4'], '--steps may be given once, got it twice'],
  [['reproduce', 'all', '--json=yes'], "'--json' does not take an argument"],
  [['reproduce', 'all', '--out='], '--out needs a value, got none'],
  [['verify', 'softmax'], "only options are expected, got 'softmax'"],
  [['verify', '--theorem', '9.9'], '--theorem must be one of 1.2, '],
  [['verify', '--layer', 'linear', '--theorem', '2.3'], 'some row must fit all filters'],
  [['verify', '--out', 'x'], "Unknown option '--out'"],
  [['verify', '--trials', '0'], '--trials must be an integer from 1 on, got 0'],
  [['verify', '--workers', '0'], '--workers must be an integer from 1 to 64, got 0'],
  [['reproduce', 'all', '--workers', '1.5'], '--workers must be an integer from 1 to 64, got 1.5'],
  [['verify', '--seed', '1.5'], '--seed must be an integer from 0 on, got 1.5'],
])('deltaw %j is a usage error that says what was wrong', async (args, message) => {
  const { code, stdout, stderr } = await runHere(args);
  expect(stderr).toContain(message);
  expect(stdout).toBe('');
  expect(code).toBe(2);
});

test.each([
  [['--steps', '0'], '--steps must be an integer from 1 on, got 0'],
  [['--steps', '1e999'], "--steps needs a number, got '1e999'"],
  [['--width', '30'], '--width must be a multiple of --heads, got 30 and 8'],
  [['--learning-rate=-1'], '--learning-rate must be a positive number, got -1'],
  [['--pairs', '2'], '--pairs must be an integer from 10 on, got 2'],
  [['gradient', '--gradient-rate', '0'], '--gradient-rate must be a positive number, got 0'],
  [['gradient', '--gradient-layers', '1'], '--gradient-layers must be an integer from 2 on, got 1'],
  [['--seed=-1'], '--seed must be an integer from 0 to 2^53 − 1, got -1'],
])('reproduce refuses %j', async (flags, message) => {
  const { code, stderr } = await runHere([
    'reproduce',
    'fig1',
    '--out',
    temporaryFolder(),
    ...flags,
  ]);
  expect(stderr).toContain(message);
  expect(code).toBe(2);
});

test.each([
  [['--help']],
  [['reproduce', '--help']],
  [['verify', '--help']],
  [['patch', '--help']],
  [['generate', '--help']],
])('deltaw %j begins with examples and ends well', async (args) => {
  const { code, stdout, stderr } = await runHere(args);
  expect(stdout).toMatch(/^Examples:\n {2}deltaw /);
  expect(stdout).toContain('Usage: deltaw');
  expect([code, stderr]).toEqual([0, '']);
});

test('an output folder that cannot be written is refused before any work', async () => {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  const { code, stderr } = await runHere(['reproduce', 'all', '--out', join(file, 'below')]);
  expect(stderr).toMatch(
    /--out: .*below must be a folder that can be written, got a file at .*file/,
  );
  expect(stderr).not.toContain('training');
  expect(code).toBe(3);
});

test('the program itself ends with the same code and the same words', async () => {
  const args = ['reproduce', 'fig1', '--width', '30'];
  const [here, there] = [await runHere(args), await runCli(args)];
  expect(there).toEqual(here);
  expect(there.code).toBe(2);
});
