/**
 * Adapters for peft, read again by plain code: LoRA's forward pass at every token, y = W·x + B·(A·x)·alpha/r.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openSafetensors, writeAdapter } from '../../../src/io/index.ts';
import { maxAbs, subtract } from '../../../src/linalg/index.ts';
import { KEEP, type RandomFolder, randomFolder } from '../../support/patched-folders.ts';
import { RANDOM_CHECKPOINTS } from '../../support/random-checkpoints.ts';
import type { LoraPart } from '../../support/restated-checkpoints.ts';
import { temporaryFolder } from '../../support/run-cli.ts';

/** What peft makes of a folder: parts by the paths of modules, from the files alone. */
function readAdapter(folder: string): Map<string, LoraPart> {
  const config = JSON.parse(readFileSync(join(folder, 'adapter_config.json'), 'utf8'));
  expect(config).toMatchObject({ peft_type: 'LORA', task_type: 'CAUSAL_LM', bias: 'none' });
  expect(config).toMatchObject({ use_rslora: false, use_dora: false, lora_bias: false });
  const source = openSafetensors(join(folder, 'adapter_model.safetensors'));
  const names = new Set(source.tensors.keys());
  const take = (name: string) => {
    expect(names.delete(name), name).toBe(true);
    return source.read(name);
  };
  const parts = config.target_modules.map((module: string) => {
    const A = take(`base_model.model.${module}.lora_A.weight`);
    const B = take(`base_model.model.${module}.lora_B.weight`);
    expect([A.shape[0], B.shape[1]]).toEqual([config.r, config.r]);
    return [module, { A, B, scale: config.lora_alpha / config.r }] as const;
  });
  source.close();
  expect([...names]).toEqual([]); // peft would pass over the rest without a word
  return new Map(parts);
}

/** Paths as the tensors of the checkpoint have them: one that was saved without its head has no prefix. */
const asStored = (
  { checkpoint: { prefix, prefixes } }: RandomFolder,
  parts: ReadonlyMap<string, LoraPart>,
): Map<string, LoraPart> =>
  new Map(
    [...parts].map(([module, part]) => {
      expect(module.startsWith(prefix.body || prefixes[0].body), module).toBe(true);
      return [prefix.body === '' ? module.slice(prefixes[0].body.length) : module, part];
    }),
  );

const LORA = RANDOM_CHECKPOINTS.filter(({ name }) => !/Gemma [23]/.test(name));

describe.each(LORA)('$name', (random) => {
  const own = (): RandomFolder => randomFolder(random, 17);
  const exported = (
    from: RandomFolder,
    found: Parameters<typeof writeAdapter>[2],
    dtype: 'F32' | 'F64',
  ): Float64Array => {
    const folder = temporaryFolder();
    writeAdapter(folder, from.checkpoint, found, { baseModel: 'some/model', dtype });
    const adapter = asStored(from, readAdapter(folder));
    for (const module of adapter.keys()) {
      expect(from.tensors.has(`${module}.weight`), module).toBe(true);
    }
    return from.restated({ adapter });
  };
  const off = (from: RandomFolder, logits: Float64Array): number =>
    maxAbs(subtract(logits, from.contextual));

  test('on the tokens that stay the adapter gives the logits of the whole prompt, to the precision of its file', () => {
    const from = own();
    const found = from.patch({ mode: 'everywhere', variant: 'w1w2' });
    // Measured with seed 17: at most 1.2e-14 in F64 and 9.7e-8 in F32, 1.4 or more without, 0.04 or more below.
    expect(off(from, exported(from, found, 'F64'))).toBeLessThan(1e-12);
    expect(off(from, exported(from, found, 'F32'))).toBeLessThan(1e-6);
    expect(off(from, from.restated({}))).toBeGreaterThan(0.1);
  });

  test('patches of mode last, used the same way, do not', () => {
    const from = own();
    const last = from.patch({ mode: 'last', variant: 'w1w2' });
    expect(() => exported(from, last, 'F64')).toThrow(
      'mode everywhere are required, got mode last',
    );
    const patches = last.patches.map((layer) => KEEP.map(() => layer[KEEP.length - 1]));
    expect(off(from, exported(from, { mode: 'everywhere', patches }, 'F64'))).toBeGreaterThan(1e-2);
  });
});

test.each(RANDOM_CHECKPOINTS.filter(({ name }) => /Gemma [23]/.test(name)))(
  '$name is refused by the name of the norm that must change',
  (random) => {
    const { checkpoint, patch } = randomFolder(random, 17);
    const found = patch({ mode: 'everywhere', variant: 'w1w2' });
    expect(() => writeAdapter(temporaryFolder(), checkpoint, found, { baseModel: 'x' })).toThrow(
      /the gain of .*layers\.0\.post_feedforward_layernorm must change/,
    );
  },
);

test('a change of a bias is refused, and the variant that needs none is named', () => {
  const { checkpoint, patch } = randomFolder(RANDOM_CHECKPOINTS[0], 17);
  const found = patch({ mode: 'everywhere' });
  expect(() => writeAdapter(temporaryFolder(), checkpoint, found, { baseModel: 'x' })).toThrow(
    'as variant w1w2 gives it, got a change of the bias b2 of block 0',
  );
});

test('GPT-2 is marked as stored [in, out], Llama as not', () => {
  const marks = ['GPT-2', 'Llama'].map((wanted) => {
    const random = RANDOM_CHECKPOINTS.find(({ name }) => name === wanted);
    if (!random) throw new Error(wanted);
    const { checkpoint, patch } = randomFolder(random, 17);
    const folder = temporaryFolder();
    const found = patch({ mode: 'everywhere', variant: 'w1w2' });
    writeAdapter(folder, checkpoint, found, { baseModel: wanted });
    const config = JSON.parse(readFileSync(join(folder, 'adapter_config.json'), 'utf8'));
    return [config.fan_in_fan_out, config.target_modules.slice(0, 2), config.r, config.lora_alpha];
  });
  expect(marks).toEqual([
    [true, ['transformer.h.0.mlp.c_fc', 'transformer.h.0.mlp.c_proj'], 1, 1],
    [false, ['model.layers.0.mlp.gate_proj', 'model.layers.0.mlp.up_proj'], 1, 1],
  ]);
});
