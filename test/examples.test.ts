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

const printed = new Map<string, string>();

/** The same, of a run that any test made. */
function runOnce(name: string): string {
  const found = printed.get(name) ?? run(name);
  printed.set(name, found);
  return found;
}

test('examples are numbered from 01 without a gap', () => {
  const numbers = EXAMPLES.map((name) => name.slice(0, 2)).sort();
  expect(numbers).toEqual(numbers.map((_, i) => String(i + 1).padStart(2, '0')));
  expect(numbers.length).toBeGreaterThan(0);
});

test.each(EXAMPLES)('%s is short, runs, and prints nothing undefined', (name) => {
  expect(readFileSync(join(ROOT, 'examples', name), 'utf8').split('\n').length).toBeLessThan(60);
  const text = runOnce(name);
  expect(text.split('\n').length).toBeGreaterThan(3);
  expect(text).not.toMatch(/NaN|undefined|Infinity/);
  // One is enough to show that nothing is drawn from outside: they share all of their randomness.
  if (name.startsWith('03')) expect(run(name)).toBe(text);
});

/** What an example prints after `label`, line by line. */
const after = (text: string, label: RegExp): string[] =>
  text.split('\n').flatMap((line) => (label.test(line) ? [line.replace(label, '')] : []));

test('the course covers what it promises, in this order', () => {
  expect(EXAMPLES.map((name) => name.slice(3, -3)).join(' ')).toBe(
    'a-matrix-and-a-gradient attention-and-context the-theorem watching-it-grow a-network ' +
      'without-the-prompt a-thought-matrix a-certificate',
  );
});

test('the theorem’s example shows equality with the patch and none without', () => {
  const text = runOnce('03-the-theorem.ts');
  const [byHand, byLibrary] = after(text, /^one entry.*: /)[0].split(', ');
  expect(byHand).toBe(byLibrary);
  const [patched] = after(text, /^without it, W \+ ΔW +/);
  expect(after(text, /^with the context +/)).toEqual([patched]);
  expect(after(text, /^without it +(?=-|\d)/)[0]).not.toBe(patched);
});

test('attention does not ask for the order of its context', () => {
  const text = runOnce('02-attention-and-context.ts');
  expect(after(text, /^3, turned round +a′ = /)).toEqual(after(text, /^3 of 3 tokens +a′ = /));
});

test('the patched model generates what it would have said', () => {
  const text = runOnce('06-without-the-prompt.ts');
  const [patched] = after(text, /^without it, patched +/);
  expect(after(text, /^with the context +/)).toEqual([patched]);
  expect(after(text, /^without it +(?=\d)/)[0]).not.toBe(patched);
});

test('the thought matrix meets what it was made of, and the certificate is refused when exaggerated', () => {
  const rows = after(runOnce('07-a-thought-matrix.ts'), /^ +(?=\d)/).map((line) =>
    line.split(/ +/).map(Number),
  );
  for (const [K, seen] of rows) expect(seen < 1e-20).toBe(K <= 4);
  const [, , others, byMean] = rows[rows.length - 1];
  expect(others).toBeLessThan(0.02);
  expect(byMean).toBeGreaterThan(0.3);
  const refused = after(runOnce('08-a-certificate.ts'), /^with R a thousand times smaller: /);
  expect(refused[0]).toMatch(/^verifyCertificate: block 0, token 7: .* must be within/);
});
