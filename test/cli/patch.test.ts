import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { eager } from '../../src/autograd/index.ts';
import { patchCommand } from '../../src/cli/patch.ts';
import type { PatchResult } from '../../src/cli/patch-result.ts';
import { runNetwork } from '../../src/icl/index.ts';
import { loadCheckpoint, openSafetensors, readPatch, sha256OfIds } from '../../src/io/index.ts';
import { matrix, maxAbs, subtract } from '../../src/linalg/index.ts';
import { decode } from '../../src/model/index.ts';
import { writeRandomCheckpoint } from '../support/checkpoint-folder.ts';
import { MODELS } from '../support/models.ts';
import { RANDOM_CHECKPOINTS } from '../support/random-checkpoints.ts';
import {
  type Config,
  type LoraPart,
  restatedLogits,
  type StoredTensor,
} from '../support/restated-checkpoints.ts';
import { temporaryFolder } from '../support/run-cli.ts';
import { runHere } from '../support/run-command.ts';

const STORY =
  'Once upon a time, there was a little girl named Lily. She had a big red ball and a small dog named Max. ' +
  'One day, Lily and Max went to the park to play.';

const patch = (...args: readonly string[]) => runHere(patchCommand, ...args);

async function patched(...args: readonly string[]): Promise<PatchResult> {
  const { code, stdout } = await patch(...args, '--json');
  const result: PatchResult = JSON.parse(stdout);
  expect([code, result.ok]).toEqual([0, true]);
  return result;
}

const small = (name: string): string => writeRandomCheckpoint(temporaryFolder(), name);
const IDS = ['--context-ids', '3,0,7,10', '--query-ids', '7 1 4'];

describe.each(RANDOM_CHECKPOINTS.map(({ name }) => name))('%s', (name) => {
  test('is within its bound in every mode', async () => {
    const folder = small(name);
    for (const mode of ['all', 'last', 'everywhere'] as const) {
      const result = await patched('--model', folder, ...IDS, '--mode', mode);
      expect(result).toMatchObject({ mode, variant: 'default' });
      expect(result.tokens).toEqual({ begin: 0, context: 4, query: 3, removed: 4 });
      expect(result.keep).toEqual([4, 5, 6]);
      expect(result.maxLogitDifference).toBeLessThanOrEqual(result.logitBound);
      expect(result.maxLogitDifferenceWithoutPatch).toBeGreaterThan(0.1);
      expect(result.klPatched).toBeLessThan(1e-24);
      expect(result.klWithout).toBeGreaterThan(1e-4);
      expect(result.layers.map(({ index }) => index)).toEqual(
        [0, 1, 2].slice(0, result.layers.length),
      );
    }
  });
});

test('without --out and --format nothing is written', async () => {
  expect((await patched('--model', small('Llama'), ...IDS)).files).toEqual([]);
});

test('what is printed is what plain runs of the model give', async () => {
  const folder = small('GPT-2');
  const result = await patched(
    '--model',
    folder,
    '--query-ids',
    '3,0,7,10,7,1,4',
    '--remove',
    '1:3,4:5',
  );
  expect(result.tokens).toEqual({ begin: 0, context: 0, query: 7, removed: 3 });
  expect(result.keep).toEqual([0, 3, 5, 6]);
  const { model, parameters } = loadCheckpoint(folder);
  const [logits] = decode(model, parameters, [3, 0, 7, 10, 7, 1, 4], 1).logits;
  const weights = Array.from(logits, Math.exp);
  const total = weights.reduce((sum, w) => sum + w);
  const order = weights.map((_, id) => id).sort((a, b) => weights[b] - weights[a]);
  const { tokens } = result.withContext;
  expect(tokens.map(({ id }) => id)).toEqual(order.slice(0, tokens.length));
  for (const { id, text, probability } of tokens) {
    expect(text).toBeNull();
    expect(Math.abs(probability - weights[id] / total)).toBeLessThan(1e-14);
  }
  // 2 blocks, 4 tokens, ΔW1 of 48 and 12 and Δb2 of 12 numbers.
  expect(result.parameters).toBe(2 * 4 * (48 + 12 + 12));
});

test('a file of several formats goes into folders of their names', async () => {
  const [model, out] = [small('GPT-2'), temporaryFolder()];
  const { files, mode, variant } = await patched(
    ...['--model', model, ...IDS, '--out', out, '--format', 'peft,native', '--dense'],
  );
  expect([mode, variant]).toEqual(['everywhere', 'w1w2']);
  expect(files).toEqual(
    [
      ...['native/patch.safetensors', 'peft/adapter_config.json', 'peft/adapter_model.safetensors'],
      ...['dense/config.json', 'dense/model.safetensors'],
    ].map((name) => join(out, name)),
  );
});

test('the native file says what it was made from, without dates and paths, and applies bit for bit', async () => {
  const [model, out] = [small('Llama'), temporaryFolder()];
  const first = await patched('--model', model, ...IDS, '--mode', 'last', '--out', out);
  const bytes = readFileSync(first.files[0]);
  await patched('--model', model, ...IDS, '--mode', 'last', '--out', out);
  expect(readFileSync(first.files[0])).toEqual(bytes);
  const checkpoint = loadCheckpoint(model);
  const { network } = checkpoint.model.options;
  const { found, provenance } = readPatch(first.files[0], network, checkpoint.parameters);
  expect(provenance).toMatchObject({
    theorem: '5.2',
    variant: 'default',
    positions: [4, 5, 6],
    length: 7,
  });
  expect(provenance.removed).toBe(sha256OfIds([3, 0, 7, 10]));
  expect(provenance.kept).toBe(sha256OfIds([7, 1, 4]));
  expect(Object.keys(provenance.model)).toEqual(['config.json', 'model.safetensors']);
  const text = bytes.toString('latin1');
  expect(text).not.toContain(model);
  expect(text).not.toMatch(/20\d\d-\d\d/);
  const stream = checkpoint.model.embed(eager, checkpoint.parameters, [7, 1, 4], [4, 5, 6]);
  const runs = runNetwork(network, checkpoint.parameters, stream, [4, 5, 6], found.patches);
  const { output } = runs[runs.length - 1][2];
  const last = matrix(1, output.length, output);
  const { data } = checkpoint.model.logits(eager, checkpoint.parameters, last);
  const contextual = decode(checkpoint.model, checkpoint.parameters, [3, 0, 7, 10, 7, 1, 4], 1);
  expect(maxAbs(subtract(data, contextual.logits[0]))).toBe(first.maxLogitDifference);
});

test('Gemma 2 is refused as an adapter by the name of its norm, and written dense', async () => {
  const model = small('Gemma 2');
  const out = temporaryFolder();
  await expect(patch('--model', model, ...IDS, '--out', out, '--format', 'peft')).rejects.toThrow(
    'the gain of model.layers.0.post_feedforward_layernorm must change',
  );
  const { files, layers } = await patched('--model', model, ...IDS, '--out', out, '--dense');
  expect(files).toContain(join(out, 'model.safetensors'));
  expect(layers[0].gains[0].name).toBe('post_feedforward_layernorm');
});

test('the table shows every layer and site, both answers and the verdict', async () => {
  const { code, stdout, stderr } = await patch('--model', small('GPT-2'), ...IDS);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^layer {2}site +‖ΔW‖\/‖W‖ +‖base‖ +‖context‖ +bound +‖Δb‖$/m);
  expect(stdout).toMatch(/^0 +mlp\.c_fc +\d\.\d\de-?\d+ +/m);
  expect(stdout).toMatch(/^1 +mlp\.c_fc/m);
  expect(stdout).toMatch(/with context +without +patched/);
  expect(stdout).toContain('within its bound');
  expect(stderr).toContain('reading the model');
});

describe.each([
  [
    'no query',
    ['--context-ids', '1'],
    '--query, --query-file or --query-ids is required, got none',
  ],
  ['no context', ['--query-ids', '1'], '--context, --context-file or --context-ids is required'],
  ['two contexts', [...IDS, '--context', 'x'], 'the context is given once, got --context and'],
  ['no ids', ['--context-ids', '1,x', '--query-ids', '1'], '--context-ids needs numbers such as'],
  ['mode', [...IDS, '--mode', 'some'], "--mode must be all, last or everywhere, got 'some'"],
  ['variant', [...IDS, '--variant', 'w3'], '--variant must be one of default, w1w2'],
  ['format', [...IDS, '--format', 'onnx'], '--format needs native, peft, dense'],
  ['twice', [...IDS, '--format', 'peft,peft'], 'each once'],
  ['mode of peft', [...IDS, '--format', 'peft', '--mode', 'last'], '--mode everywhere is required'],
  ['dtype', [...IDS, '--dtype', 'f64'], '--dtype is for --format peft'],
  ['range', [...IDS, '--remove', '3:3'], '0 ≤ A < B ≤ 6, as the prompt has 7 tokens'],
  ['last token', [...IDS, '--remove', '2:7'], 'the last of them stays'],
  ['range text', [...IDS, '--remove', '2-4'], "got '2-4'"],
  ['rest', [...IDS, 'more'], "only options are expected, got 'more'"],
])('a command line with a wrong %s', (_, args, message) => {
  test('is a usage error that says what was wrong', async () => {
    await expect(patch('--model', small('Llama'), ...args)).rejects.toMatchObject({
      name: 'UsageError',
      message: expect.stringContaining(message),
    });
  });
});

test('a checkpoint that was not written here is not written over; one that was, may be', async () => {
  const [folder, other, fresh] = [small('GPT-2'), small('GPT-2'), temporaryFolder()];
  const dense = ['--model', folder, ...IDS, '--dense', '--out'];
  const before = readFileSync(join(other, 'model.safetensors'));
  await expect(patch(...dense, other)).rejects.toThrow(
    'a folder without another checkpoint is required',
  );
  expect(readFileSync(join(other, 'model.safetensors'))).toEqual(before);
  expect((await patch(...dense, fresh)).code).toBe(0);
  const written = readFileSync(join(fresh, 'model.safetensors'));
  expect((await patch(...dense, fresh)).code).toBe(0);
  expect(readFileSync(join(fresh, 'model.safetensors'))).toEqual(written);
});

test('ids do not need a tokenizer, but a broken one is an error', async () => {
  const folder = small('GPT-2');
  expect((await patch('--model', folder, ...IDS)).code).toBe(0);
  writeFileSync(join(folder, 'tokenizer.json'), '');
  await expect(patch('--model', folder, ...IDS)).rejects.toThrow('tokenizer.json');
});

describe('input that cannot be used is refused by name', () => {
  const refused = async (message: string | RegExp, ...args: readonly string[]): Promise<void> => {
    await expect(patch(...args)).rejects.toThrow(message);
  };

  test('unknown ids, a prompt that is too long, a folder that is none', async () => {
    const model = small('Llama');
    await refused(
      'the context: tokens from 0 to below 11 are required, at least one, got 11',
      '--model',
      model,
      '--context-ids',
      '11',
      '--query-ids',
      '1',
    );
    const many = Array(64).fill(1).join(',');
    await refused(
      'at most 64 tokens, got 65 of the prompt',
      '--model',
      model,
      '--context-ids',
      many,
      '--query-ids',
      '1',
    );
    await refused(
      '--model: a folder with config.json is required',
      '--model',
      temporaryFolder(),
      ...IDS,
    );
  });

  test('an empty context and a context that is no text', async () => {
    const model = small('Llama');
    const empty = join(model, 'empty.txt');
    writeFileSync(empty, '');
    const file = ['--context-file', empty, '--query-ids', '1'];
    writeFileSync(join(model, 'tokenizer.json'), JSON.stringify(LETTERS));
    await refused('the context must be one token at least, got none', '--model', model, ...file);
    writeFileSync(empty, Buffer.of(0xff, 0xfe));
    await refused('must be text in UTF-8, got other bytes', '--model', model, ...file);
    await refused(
      'must be a file, got none',
      '--model',
      model,
      '--query-file',
      join(model, 'x'),
      '--context-ids',
      '1',
    );
    await refused(
      'every character must have a token in the vocabulary, got "日"',
      '--model',
      model,
      '--context',
      'ab日a',
      '--query',
      'a',
    );
  });

  test('text without tokenizer.json; ids without it are fine', async () => {
    const model = small('Llama');
    await refused(
      'must hold tokenizer.json, got none',
      '--model',
      model,
      '--context',
      'a',
      '--query-ids',
      '1',
    );
    await patched('--model', model, ...IDS);
  });

  test('weights cut short, and one that is not a number', async () => {
    const model = small('Llama');
    const path = join(model, 'model.safetensors');
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.subarray(0, bytes.length - 8));
    await refused(/model\.safetensors/, '--model', model, ...IDS);
    const last = Buffer.from(bytes);
    last.writeDoubleLE(NaN, bytes.length - 8);
    writeFileSync(path, last);
    await refused(/model\.safetensors.*finite.*NaN/, '--model', model, ...IDS);
  });

  test("the model's own folder and one with files of another format are not written to", async () => {
    const model = small('Llama');
    const before = readFileSync(join(model, 'model.safetensors'));
    await refused(
      "another folder than the model's",
      '--model',
      model,
      ...IDS,
      '--out',
      model,
      '--dense',
    );
    const out = temporaryFolder();
    await patched('--model', model, ...IDS, '--out', out, '--format', 'peft');
    await refused('with adapter_config.json', '--model', model, ...IDS, '--out', out, '--dense');
    expect(readFileSync(join(model, 'model.safetensors'))).toEqual(before);
  });
});

/** A tokenizer of the letters a to k. */
const LETTERS = {
  ...{ version: '1.0', truncation: null, padding: null, added_tokens: [], normalizer: null },
  ...{ pre_tokenizer: null, post_processor: null, decoder: { type: 'Fuse' } },
  model: {
    ...{ type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: null },
    ...{ end_of_word_suffix: null, fuse_unk: false, byte_fallback: false, merges: [] },
    vocab: Object.fromEntries([...'abcdefghijk'].map((letter, id) => [letter, id])),
  },
};

describe.runIf(MODELS !== undefined)('stories260K', () => {
  const model = join(MODELS ?? '', 'stories260K');
  const prompt = ['--model', model, '--context', STORY, '--query', 'She was very'];

  test('a context of a few sentences: every layer patched, logits within 1e-11 and their bound', async () => {
    const result = await patched(...prompt);
    expect(result.tokens).toEqual({ begin: 1, context: 53, query: 3, removed: 53 });
    expect(result.keep).toEqual([0, 54, 55, 56]);
    expect(result.layers).toHaveLength(5);
    for (const { sites } of result.layers) {
      expect(sites.map(({ name }) => name)).toEqual(
        ['gate', 'up', 'down'].map((name) => `mlp.${name}_proj`),
      );
      for (const { relativeNorm } of sites) expect(relativeNorm).toBeGreaterThan(1e-3);
    }
    expect(result.maxLogitDifference).toBeLessThanOrEqual(Math.min(1e-11, result.logitBound));
    expect(result.maxLogitDifferenceWithoutPatch).toBeGreaterThan(0.1);
    expect(result.patched.tokens.map(({ text }) => text)).toContain(' happy');
  });

  test('the begin token stays, by text and by ids, unless it is said otherwise', async () => {
    const byText = await patched(...prompt);
    const ids = byText.ids.join(',');
    const byIds = await patched(
      '--model',
      model,
      '--context-ids',
      byText.ids.slice(0, 54).join(','),
      '--query',
      'She was very',
    );
    expect(byIds.keep).toEqual(byText.keep);
    expect(byIds.klWithout).toBe(byText.klWithout);
    const without = await patched(...prompt, '--no-begin');
    expect(without.ids.join(',')).toBe(ids.slice(2));
    expect(without.tokens.begin).toBe(0);
    const inside = ['--context-ids', '403,407', '--query-ids', '1,426'];
    expect((await patched('--model', model, ...inside)).ids).toEqual([403, 407, 1, 426]);
    const all = await patched(...prompt, '--remove', '0:54');
    expect(all.keep).toEqual([54, 55, 56]);
  });

  test.each(['12:40', '1:4,10:20,30:54'])('tokens %s removed from inside', async (remove) => {
    for (const mode of ['all', 'everywhere']) {
      const result = await patched(...prompt, '--remove', remove, '--mode', mode);
      expect(result.maxLogitDifference).toBeLessThanOrEqual(Math.min(1e-11, result.logitBound));
      expect(result.maxLogitDifferenceWithoutPatch).toBeGreaterThan(1e-2);
    }
  });

  test('the adapter, read again by plain code, gives the logits of the whole prompt; of mode last it does not', async () => {
    const out = temporaryFolder();
    const result = await patched(...prompt, '--out', out, '--format', 'peft');
    const text = (folder: string, name: string) => readFileSync(join(folder, name), 'utf8');
    const tensors = tensorsIn(join(model, 'model.safetensors'));
    const config: Config = JSON.parse(text(model, 'config.json'));
    const prefix = { body: 'model.', head: '' };
    const kept = result.keep.map((t) => result.ids[t]);
    const logits = (adapter?: ReadonlyMap<string, LoraPart>): Float64Array => {
      const options = { positions: result.keep, ...(adapter && { adapter }) };
      return Float64Array.from(
        restatedLogits(config, tensors, prefix, kept, options)[kept.length - 1],
      );
    };
    const whole = Float64Array.from(
      restatedLogits(config, tensors, prefix, result.ids)[result.ids.length - 1],
    );
    const parts = partsIn(tensorsIn(join(out, 'adapter_model.safetensors')));
    expect(JSON.parse(text(out, 'adapter_config.json')).target_modules).toEqual([...parts.keys()]);
    // Measured: 1.9e-7, and 4.7 without.
    const off = (own: Float64Array): number => maxAbs(subtract(own, whole));
    expect(off(logits(parts))).toBeLessThan(2e-6);
    expect(off(logits())).toBeGreaterThan(0.1);
    // Patches of mode last, from the native file, as an adapter.
    const native = temporaryFolder();
    const { files } = await patched(...prompt, '--out', native, '--mode', 'last');
    const last = tensorsIn(files[0]);
    const asAdapter = new Map(
      [...parts].map(([module, part]): [string, LoraPart] => {
        const [, l, name] = /layers\.(\d+)\.mlp\.(\w)/.exec(module) ?? [];
        const factor = (which: string) => last.get(`${l}.3.${which}.W${name}`)?.data;
        const [p, v] = [factor('p'), factor('v')];
        if (!p || !v) throw new Error(module);
        const [A, B] = [
          { ...part.A, data: v },
          { ...part.B, data: p },
        ];
        return [module, { A, B, scale: 1 }];
      }),
    );
    expect(off(logits(asAdapter))).toBeGreaterThan(1e-2);
  });
});

describe.runIf(MODELS !== undefined)('gpt-nano-sort', () => {
  const model = join(MODELS ?? '', 'gpt-nano-sort');

  test.each(['0:4', '1:3', '0:2,4:6'])(
    'tokens %s removed, in every mode and variant',
    async (remove) => {
      const ids = ['--model', model, '--query-ids', '0,2,1,1,0,2,0,1', '--remove', remove];
      for (const mode of ['all', 'last', 'everywhere']) {
        for (const variant of ['default', 'w1w2', 'w2only', 'bias', 'joint']) {
          const result = await patched(...ids, '--mode', mode, '--variant', variant);
          expect(result.layers).toHaveLength(3);
          expect(result.maxLogitDifference).toBeLessThanOrEqual(Math.min(1e-11, result.logitBound));
          expect(result.maxLogitDifferenceWithoutPatch).toBeGreaterThan(0.1);
        }
      }
    },
  );

  test('eleven tokens are its most', async () => {
    const ids = ['--context-ids', '0,1,2,0,1,2,0,1', '--query-ids', '0,1,2,1'];
    await expect(patch('--model', model, ...ids)).rejects.toThrow('at most 11 tokens, got 12');
  });
});

function tensorsIn(path: string): Map<string, StoredTensor> {
  const source = openSafetensors(path);
  const all = [...source.tensors.keys()].map((name) => [name, source.read(name)] as const);
  source.close();
  return new Map(all);
}

/** By the paths of modules, in the order of the layers. */
function partsIn(tensors: ReadonlyMap<string, StoredTensor>): Map<string, LoraPart> {
  const names = [...tensors.keys()].filter((name) => name.endsWith('.lora_A.weight'));
  const order = ['gate', 'up', 'down'];
  const rank = (name: string): number => {
    const [, l, which] = /layers\.(\d+)\.mlp\.(\w+)_proj/.exec(name) ?? [];
    return 3 * Number(l) + order.indexOf(which);
  };
  return new Map(
    names
      .sort((a, b) => rank(a) - rank(b))
      .map((name): [string, LoraPart] => {
        const [A, B] = [tensors.get(name), tensors.get(name.replace('lora_A', 'lora_B'))];
        if (!A || !B) throw new Error(name);
        return [
          name.slice('base_model.model.'.length, -'.lora_A.weight'.length),
          { A, B, scale: 1 },
        ];
      }),
  );
}
