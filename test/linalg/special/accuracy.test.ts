import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..', '..');

const accuracy = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, ['--import', 'tsx', 'scripts/accuracy.ts', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
  });

test('the accuracy command measures the functions asked for, and says what it compared with', () => {
  const { status, stdout } = accuracy('--count', '500', '--only', 'erf,gelu', '--json');
  expect(status).toBe(0);
  const { rows, interrupted } = JSON.parse(stdout);
  expect(interrupted).toBe(false);
  expect(rows.map((row: { function: string }) => row.function)).toEqual([
    ...['erf', 'erf', 'erf'],
    ...['gelu', 'gelu', 'gelu'],
  ]);
  for (const { ulp, units, holds, arguments: count } of rows) {
    expect(count).toBe(500);
    expect(holds).toBe(true);
    // Less than about half an ulp is impossible: it would mean that nothing was compared.
    expect(ulp).toBeGreaterThan(0.45);
    if (units !== null) expect(units).toBeGreaterThan(0.1);
  }
});

test('the accuracy command prints rows of a table, and refuses what it does not know', () => {
  const { status, stdout } = accuracy('--count', '200', '--only', 'sigmoid');
  expect(status).toBe(0);
  expect(stdout).toMatch(
    /^\| function \| .*\n\| --- .*\n(\| sigmoid \| .* ulp \| .* \| 1 ulp \|\n){3}$/,
  );
  const unknown = accuracy('--only', 'gamma');
  expect(unknown.status).toBe(2);
  expect(unknown.stderr).toContain('functions: exp, expm1');
  expect(accuracy('--count', '0').status).toBe(2);
});
