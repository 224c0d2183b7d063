/**
 * No operation escapes the tests that loop over ALL_OPS.
 *
 * @module
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ALL_OPS } from '../../../src/autograd/all-ops.ts';
import * as autograd from '../../../src/autograd/index.ts';
import { Random } from '../../../src/linalg/index.ts';

const FOLDER = join(import.meta.dirname, '../../../src/autograd/ops');
const files = readdirSync(FOLDER).filter((file) => file.endsWith('.ts') && file !== 'index.ts');

test('the folder has operations', () => {
  expect(files.length).toBeGreaterThanOrEqual(7);
});

test.each(files)(
  'everything that %s exports is in ALL_OPS and in the public index',
  async (file) => {
    const exported: Record<string, unknown> = await import(join(FOLDER, file));
    expect(Object.keys(exported).length).toBeGreaterThan(0);
    for (const [name, value] of Object.entries(exported)) {
      const listed =
        typeof value === 'function'
          ? ALL_OPS.some((op) => op.name.startsWith(`${name}(`)) // a factory
          : ALL_OPS.some((op) => op === value && op.name === name);
      expect(listed, name).toBe(true);
      expect(Object.entries(autograd), name).toContainEqual([name, value]);
    }
  },
);

test('no operation is listed twice under one name and one probe', () => {
  const keys = ALL_OPS.map((op) => {
    const shapes = op.probe(new Random(1)).map(({ rows, cols }) => [rows, cols]);
    return `${op.name} ${JSON.stringify(shapes)}`;
  });
  expect(new Set(keys).size).toBe(ALL_OPS.length);
});
