import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const EXAMPLES = readdirSync(join(ROOT, 'examples')).filter((name) => name.endsWith('.ts'));

const run = (name: string): string =>
  execFileSync(process.execPath, ['--import', 'tsx', join('examples', name)], {
    cwd: ROOT,
    encoding: 'utf8',
  });

test('examples are numbered from 01 without a gap', () => {
  const numbers = EXAMPLES.map((name) => name.slice(0, 2)).sort();
  expect(numbers).toEqual(numbers.map((_, i) => String(i + 1).padStart(2, '0')));
  expect(numbers.length).toBeGreaterThan(0);
});

test.each(EXAMPLES)('%s is short, runs, and prints the same every time', (name) => {
  expect(readFileSync(join(ROOT, 'examples', name), 'utf8').split('\n').length).toBeLessThan(60);
  const printed = run(name);
  expect(printed.split('\n').length).toBeGreaterThan(3);
  expect(printed).not.toMatch(/NaN|undefined|Infinity/);
  expect(run(name)).toBe(printed);
});

test('the theorem’s example shows equality with the patch and none without', () => {
  const [contextual, base, patched] = run('01-the-theorem.ts')
    .split('\n')
    .map((line) => line.slice(27));
  expect(patched).toBe(contextual);
  expect(base).not.toBe(contextual);
});
