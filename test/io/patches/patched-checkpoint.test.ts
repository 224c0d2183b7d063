import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadCheckpoint, openWeights, writePatchedCheckpoint } from '../../../src/io/index.ts';
import { maxAbs, subtract } from '../../../src/linalg/index.ts';
import { randomFolder } from '../../support/patched-folders.ts';
import { RANDOM_CHECKPOINTS } from '../../support/random-checkpoints.ts';
import type { StoredTensor } from '../../support/restated-checkpoints.ts';
import { temporaryFolder } from '../../support/run-cli.ts';

test.each(RANDOM_CHECKPOINTS)(
  '$name with the patch added in gives the logits of the whole prompt on the tokens that stay',
  (random) => {
    const { folder: source, checkpoint, patch, restated, contextual } = randomFolder(random, 29);
    const folder = temporaryFolder();
    writePatchedCheckpoint(folder, source, checkpoint, patch({ mode: 'everywhere' }));
    const weights = openWeights(folder);
    const tensors = new Map<string, StoredTensor>();
    for (const [name, { dtype }] of weights.tensors) {
      expect(dtype).toBe('F64');
      tensors.set(name, weights.read(name));
    }
    weights.close();
    const off = (logits: Float64Array): number => maxAbs(subtract(logits, contextual));
    // Measured with seed 29: at most 1.2e-14, and 0.6 or more without.
    expect(off(restated({}, tensors))).toBeLessThan(1e-12);
    expect(off(restated({}))).toBeGreaterThan(0.1);
    expect(Object.keys(loadCheckpoint(folder).parameters)).toEqual(
      Object.keys(checkpoint.parameters),
    );
  },
);

const byName = (wanted: string) => {
  const random = RANDOM_CHECKPOINTS.find(({ name }) => name === wanted);
  if (!random) throw new Error(wanted);
  return randomFolder(random, 29);
};

test('the configuration says float64 and else what it said; tokenizer files come along', () => {
  const { folder: source, checkpoint, patch } = byName('Llama');
  writeFileSync(join(source, 'tokenizer.json'), '{ "as": "it stands" }');
  const folder = temporaryFolder();
  const files = writePatchedCheckpoint(folder, source, checkpoint, patch({ mode: 'everywhere' }));
  const config = (of: string) => JSON.parse(readFileSync(join(of, 'config.json'), 'utf8'));
  expect(config(folder)).toEqual({ ...config(source), torch_dtype: 'float64' });
  expect(readFileSync(join(folder, 'tokenizer.json'), 'utf8')).toBe('{ "as": "it stands" }');
  expect(files).toContain(join(folder, 'tokenizer.json'));
});

test('a change of a bias that the model does not have is refused by name', () => {
  const { folder, checkpoint, patch } = byName('Llama');
  const found = patch({ mode: 'everywhere', variant: 'bias' });
  expect(() => writePatchedCheckpoint(temporaryFolder(), folder, checkpoint, found)).toThrow(
    'got a change of that of model.layers.0.mlp.gate_proj, which has none',
  );
});

test('patches of other modes are refused, since weights act at every token', () => {
  const { folder, checkpoint, patch } = byName('Llama');
  expect(() =>
    writePatchedCheckpoint(temporaryFolder(), folder, checkpoint, patch({ mode: 'last' })),
  ).toThrow('mode everywhere is required, got last');
});
