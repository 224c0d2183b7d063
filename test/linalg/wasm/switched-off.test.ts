import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TRAINING_DIGEST } from '../../support/training-digest.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

test('without WebAssembly everything runs on the plain twins, to the same bits', () => {
  const off = 'data:text/javascript,delete globalThis.WebAssembly';
  const args = ['--import', off, '--import', 'tsx', 'test/support/training-digest.ts'];
  const printed = execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
  expect(printed.trim()).toBe(TRAINING_DIGEST);
});
