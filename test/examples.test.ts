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

/** What an example prints after `label`, line by line. */
const after = (printed: string, label: RegExp): string[] =>
  printed.split('\n').flatMap((line) => (label.test(line) ? [line.replace(label, '')] : []));

test('the course covers what it promises, in this order', () => {
  expect(EXAMPLES.map((name) => name.slice(3, -3)).join(' ')).toBe(
    'a-matrix-and-a-gradient attention-and-context the-theorem watching-it-grow a-network ' +
      'without-the-prompt a-thought-matrix a-certificate',
  );
});

test('the theorem’s example shows equality with the patch and none without', () => {
  const printed = run('03-the-theorem.ts');
  const [byHand, byLibrary] = after(printed, /^one entry.*: /)[0].split(', ');
  expect(byHand).toBe(byLibrary);
  const [patched] = after(printed, /^without it, W \+ ΔW +/);
  expect(after(printed, /^with the context +/)).toEqual([patched]);
  expect(after(printed, /^without it +(?=-|\d)/)[0]).not.toBe(patched);
});

test('attention does not ask for the order of its context', () => {
  const printed = run('02-attention-and-context.ts');
  expect(after(printed, /^3, turned round +a′ = /)).toEqual(
    after(printed, /^3 of 3 tokens +a′ = /),
  );
});

test('the patched model generates what it would have said', () => {
  const printed = run('06-without-the-prompt.ts');
  const [patched] = after(printed, /^without it, patched +/);
  expect(after(printed, /^with the context +/)).toEqual([patched]);
  expect(after(printed, /^without it +(?=\d)/)[0]).not.toBe(patched);
});

test('the thought matrix meets what it was made of, and the certificate is refused when exaggerated', () => {
  const rows = after(run('07-a-thought-matrix.ts'), /^ +(?=\d)/).map((line) =>
    line.split(/ +/).map(Number),
  );
  for (const [K, seen] of rows) expect(seen < 1e-20).toBe(K <= 4);
  const [, , others, byMean] = rows[rows.length - 1];
  expect(others).toBeLessThan(0.02);
  expect(byMean).toBeGreaterThan(0.3);
  const refused = after(run('08-a-certificate.ts'), /^with R a thousand times smaller: /);
  expect(refused[0]).toMatch(/^verifyCertificate: block 0, token 7: .* must be within/);
});
