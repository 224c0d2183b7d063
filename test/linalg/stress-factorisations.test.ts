import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the script; `interruptAfter` sends SIGINT that many milliseconds after its first message. */
function stress(args: readonly string[], interruptAfter?: number): Promise<Ran> {
  const script = 'scripts/stress-factorisations.ts';
  const child = spawn(process.execPath, ['--import', 'tsx', script, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return new Promise((resolve, reject) => {
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      if (stderr === '' && interruptAfter !== undefined) {
        setTimeout(() => child.kill('SIGINT'), interruptAfter);
      }
      stderr += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

test('2000 random factorisations of every kind and class stay within their bounds', async () => {
  const args = ['--count', '2000', '--seed', '7', '--json'];
  const [first, again] = await Promise.all([stress(args), stress(args)]);
  expect(first.code).toBe(0);
  expect(again.stdout).toBe(first.stdout);
  const result = JSON.parse(first.stdout);
  expect(result).toMatchObject({ count: 2000, seed: 7, done: 2000, interrupted: false, failed: 0 });
  expect(result.rows.length).toBe(60); // six kinds, ten classes
  const counts = result.rows.map((row: { count: number }) => row.count);
  expect(counts.reduce((sum: number, n: number) => sum + n, 0)).toBe(2000);
  for (const { worst, kind, refused } of result.rows) {
    expect(worst <= 1, `${kind}: ${worst}`).toBe(true);
    expect(kind === 'cholesky' || refused === 0).toBe(true);
  }
  expect(result.worst > 0.5 && result.worst <= 1).toBe(true); // the bounds are not idle either
  expect(result.mostSweeps >= 3 && result.mostSweeps <= 20).toBe(true);
});

test('interrupted, it prints what was done so far; a bad option is named', async () => {
  const { code, stdout } = await stress(['--count', '100000000'], 700);
  expect(code).toBe(130);
  const done = /(\d+) of 100000000 cases \(seed 1\): largest error\/bound \S+, 0 failed/.exec(
    stdout,
  );
  expect(Number(done?.[1])).toBeGreaterThan(0);
  const wrong = await stress(['--count', 'many']);
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain("--count needs a natural number, got 'many'");
});
