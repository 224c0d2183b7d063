import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeRandomGpt2 } from '../scripts/scale/checkpoint.ts';
import { measure } from '../scripts/scale/measure.ts';
import { temporaryFolder } from './support/run-cli.ts';
import { assertSameBits } from './support/same-bits.ts';

const SIZES = { layers: 2, width: 12, heads: 3, hidden: 20, vocabulary: 17, positions: 13 };

test('a random checkpoint is the same bytes from the same seed, and others from another', () => {
  const [a, b, c] = [1, 1, 2].map((seed) => {
    const folder = temporaryFolder();
    // wte, wpe and ln_f; a block has two norms, c_attn, c_proj, c_fc and the other c_proj.
    const block = 2 * 24 + 13 * 36 + 13 * 12 + 13 * 20 + 21 * 12;
    expect(writeRandomGpt2(folder, SIZES, seed)).toBe(17 * 12 + 13 * 12 + 24 + 2 * block);
    return readFileSync(join(folder, 'model.safetensors'));
  });
  assertSameBits(Float64Array.from(a), Float64Array.from(b), 'seed 1');
  expect(c.equals(a)).toBe(false);
});

test.each(['all', 'last', 'everywhere'] as const)(
  'a small one is loaded, patched in mode %s and verified by what npm run scale runs',
  (mode) => {
    const folder = temporaryFolder();
    const numbers = writeRandomGpt2(folder, SIZES, 3);
    const found = measure(folder, { context: 4, query: 3, mode, seed: 5 });
    expect(found.ok).toBe(true);
    expect(found.numbers).toBe(numbers);
    expect(found.blocksOverBound).toBeGreaterThan(0);
    expect(found.blocksOverBound).toBeLessThanOrEqual(1);
    expect(found.logitDifference).toBeLessThanOrEqual(found.logitBound);
    expect(found.logitDifferenceWithoutPatch).toBeGreaterThan(1e-6);
    expect(found.stages.map(({ name }) => name)).toEqual([
      'load',
      'patch',
      'bounds of blocks',
      'logits and their bound',
    ]);
    expect(found.share).toBeGreaterThan(0);
  },
);
