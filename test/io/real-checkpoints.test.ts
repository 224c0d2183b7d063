import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openWeights, writeSafetensors } from '../../src/io/index.ts';
import { MODELS } from '../support/models.ts';
import { temporaryFolder } from '../support/run-cli.ts';
import { readPlainly } from '../support/safetensors-files.ts';
import { assertSameBits } from '../support/same-bits.ts';

const CHECKPOINTS = ['gpt-nano-sort', 'stories260K'];

describe.each(MODELS === undefined ? [] : CHECKPOINTS)('%s', (model) => {
  const folder = join(MODELS ?? '', model);

  test('every tensor of the file is read as a plain reader reads it, and is finite', () => {
    const plain = readPlainly(readFileSync(join(folder, 'model.safetensors')));
    const source = openWeights(folder, { finite: true });
    expect([...source.tensors.keys()].sort()).toEqual([...(plain?.tensors.keys() ?? [])].sort());
    expect(source.tensors.size).toBeGreaterThan(40);
    for (const name of source.tensors.keys()) {
      const { shape, data } = source.read(name);
      expect(shape).toEqual(plain?.tensors.get(name)?.shape);
      assertSameBits(data, plain?.tensors.get(name)?.values ?? [], name);
    }
    source.close();
  });

  test('what was float32 is float32 again: written by us, it holds the same', () => {
    const source = openWeights(folder);
    const path = join(temporaryFolder(), 'model.safetensors');
    const tensors = [...source.tensors].map(([name, { shape }]) => {
      return { name, dtype: 'F32' as const, shape, data: () => source.read(name).data };
    });
    writeSafetensors(path, tensors, source.metadata);
    expect(readPlainly(readFileSync(path))).toEqual(
      readPlainly(readFileSync(join(folder, 'model.safetensors'))),
    );
    source.close();
  });
});

test('where there is a folder of real checkpoints, both are in it', () => {
  const missing = CHECKPOINTS.filter((model) => !existsSync(join(MODELS ?? '', model)));
  expect(MODELS === undefined ? [] : missing).toEqual([]);
});
