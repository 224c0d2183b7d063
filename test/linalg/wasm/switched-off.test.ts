import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TRAINING_DIGEST } from '../../support/training-digest.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/** A constructor that throws, as that of modules does where a page's policy refuses them. */
const REFUSING = `class { constructor() { throw new RangeError('refused') } }`;

test.each([
  ['without WebAssembly', 'delete globalThis.WebAssembly'],
  ['where modules may not be compiled', `WebAssembly.Module = ${REFUSING}`],
  ['where there is no Wasm memory', `WebAssembly.Memory = ${REFUSING}`],
])('%s everything runs on the plain twins, to the same bits', (_, change) => {
  const off = `data:text/javascript,${encodeURIComponent(change)}`;
  const args = ['--import', off, '--import', 'tsx', 'test/support/training-digest.ts'];
  const printed = execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
  expect(printed.trim()).toBe(TRAINING_DIGEST);
});
