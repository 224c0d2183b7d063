import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { eager } from '../../../src/autograd/index.ts';
import { type NetworkPatches, runNetwork } from '../../../src/icl/index.ts';
import {
  type Provenance,
  readPatch,
  sha256OfIds,
  sha256OfModel,
  writePatch,
} from '../../../src/io/index.ts';
import { IDS, KEEP, type RandomFolder, randomFolder } from '../../support/patched-folders.ts';
import { RANDOM_CHECKPOINTS } from '../../support/random-checkpoints.ts';
import { temporaryFolder } from '../../support/run-cli.ts';
import { assertSameBits } from '../../support/same-bits.ts';

const PROVENANCE: Provenance = {
  ...{ theorem: '5.2', variant: 'default', version: '0.1.0', model: { 'config.json': 'ab' } },
  ...{ removed: 'cd', kept: 'ef', positions: KEEP, length: IDS.length },
};

const WANTED = ['GPT-2', 'Pythia', 'Llama', 'Gemma 2', 'Mixtral'];

function saved(
  from: RandomFolder,
  mode: NetworkPatches['mode'],
): { path: string; found: ReturnType<RandomFolder['patch']> } {
  const path = join(temporaryFolder(), 'patch.safetensors');
  const found = from.patch({ mode });
  writePatch(path, { found, provenance: PROVENANCE });
  return { path, found };
}

describe.each(RANDOM_CHECKPOINTS.filter(({ name }) => WANTED.includes(name)))('$name', (random) => {
  test.each(['all', 'last', 'everywhere'] as const)(
    'patches of mode %s come back and do what they did, bit for bit',
    (mode) => {
      const from = randomFolder(random, 23);
      const { model, parameters } = from.checkpoint;
      const { network } = model.options;
      const { path, found } = saved(from, mode);
      const back = readPatch(path, network, parameters);
      expect(back.provenance).toEqual(PROVENANCE);
      expect(back.found.mode).toBe(mode);
      const kept = KEEP.map((t) => IDS[t]);
      const stream = model.embed(eager, parameters, kept, KEEP);
      const runs = runNetwork(network, parameters, stream, KEEP, back.found.patches);
      runs.forEach((layer, l) => {
        layer.forEach(({ output }, i) => {
          assertSameBits(output, found.patched[l][i].output, `block ${l}, token ${i}`);
        });
      });
    },
  );
});

const llama = (): RandomFolder => {
  const random = RANDOM_CHECKPOINTS.find(({ name }) => name === 'Llama');
  if (!random) throw new Error('Llama');
  return randomFolder(random, 23);
};

test('the same patches give the same bytes', () => {
  const from = llama();
  const [first, second] = [saved(from, 'all'), saved(from, 'all')];
  expect(readFileSync(first.path)).toEqual(readFileSync(second.path));
});

test('of mode everywhere one token stands for all', () => {
  const from = llama();
  const [one, all] = [saved(from, 'everywhere'), saved(from, 'all')].map(({ path }) => {
    return readFileSync(path).length;
  });
  expect(one).toBeLessThan(all / 3);
});

test('a byte that was altered is found wherever it stands, and so is a file cut short', () => {
  const from = llama();
  const { model, parameters } = from.checkpoint;
  const { path } = saved(from, 'last');
  const bytes = readFileSync(path);
  const read = () => readPatch(path, model.options.network, parameters);
  for (let at = 0; at < bytes.length; at += 13) {
    const altered = Buffer.from(bytes);
    altered[at] ^= 1;
    writeFileSync(path, altered);
    expect(read, `byte ${at}`).toThrow(path);
  }
  for (let length = 0; length < bytes.length; length += 211) {
    writeFileSync(path, bytes.subarray(0, length));
    expect(read, `${length} bytes`).toThrow(path);
  }
});

test('patches of another network are refused', () => {
  const from = llama();
  const other = randomFolder(RANDOM_CHECKPOINTS[0], 23).checkpoint;
  const { path } = saved(from, 'all');
  expect(() => readPatch(path, other.model.options.network, other.parameters)).toThrow(
    'a patch may name W1, W2, got W',
  );
});

test('a model is known by the hashes of its files, ids by theirs', () => {
  const { folder } = llama();
  const hashes = sha256OfModel(folder);
  expect(Object.keys(hashes)).toEqual(['config.json', 'model.safetensors']);
  writeFileSync(join(folder, 'config.json'), `${readFileSync(join(folder, 'config.json'))} `);
  const after = sha256OfModel(folder);
  expect(after['config.json']).not.toBe(hashes['config.json']);
  expect(after['model.safetensors']).toBe(hashes['model.safetensors']);
  // printf '1,2,3' | sha256sum
  expect(sha256OfIds([1, 2, 3])).toBe(
    '8a6ae15122001229edb8866f56e342af12ae8187203c3e3b33931743e7c0c48d',
  );
});
