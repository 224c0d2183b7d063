import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadCheckpoint } from '../../src/io/index.ts';
import { runCli } from '../support/run-cli.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'models', 'moby-dick');
const PROMPT = ['--context', 'Queequeg took up his harpoon. ', '--query', 'Que'];

test('the model that comes along has at most 400,000 parameters in 1.6 MB, and its card says what it is', () => {
  const { parameters } = loadCheckpoint(FOLDER);
  const count = Object.values(parameters).reduce((sum, { data }) => sum + data.length, 0);
  expect(count).toBeLessThanOrEqual(400_000);
  expect(statSync(join(FOLDER, 'model.safetensors')).size).toBeLessThanOrEqual(1.6e6);
  const card = readFileSync(join(FOLDER, 'README.md'), 'utf8');
  expect(card).toContain(`${count} parameters`);
  for (const part of ['public domain', 'nats a character', 'npm run moby-dick']) {
    expect(card).toContain(part);
  }
});

test('patch and generate work without a model being named', async () => {
  const patch = await runCli(['patch', ...PROMPT, '--json']);
  expect(patch.code).toBe(0);
  const found = JSON.parse(patch.stdout);
  expect(found).toMatchObject({ ok: true, model: 'moby-dick', tokens: { context: 30, query: 3 } });
  expect(found.layers.length).toBe(3);
  expect(found.maxLogitDifference).toBeLessThanOrEqual(found.logitBound);
  expect(found.maxLogitDifference).toBeLessThanOrEqual(1e-11);
  expect(found.maxLogitDifferenceWithoutPatch).toBeGreaterThan(0.1);
  const generate = await runCli(['generate', ...PROMPT, '--tokens', '40', '--json']);
  expect(generate.code).toBe(0);
  const { withContext, without, patched } = JSON.parse(generate.stdout);
  expect(patched).toEqual(withContext);
  expect(without.ids).not.toEqual(withContext.ids);
  // It has learned to spell.
  expect(withContext.text).toMatch(/^equeg .*\bthe\b/);
});
