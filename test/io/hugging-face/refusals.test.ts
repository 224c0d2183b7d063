/**
 * What is refused: options that this engine does not have, and tensors that do not fit, each by its name.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { describeModel, FormatError, loadParameters } from '../../../src/io/index.ts';
import { Random } from '../../../src/linalg/index.ts';
import {
  RANDOM_CHECKPOINTS,
  type RandomCheckpoint,
  randomTensors,
} from '../../support/random-checkpoints.ts';
import type { Config, StoredTensors } from '../../support/restated-checkpoints.ts';

const named = (name: string): RandomCheckpoint => {
  const found = RANDOM_CHECKPOINTS.find((each) => each.name === name);
  if (!found) throw new Error(`no checkpoint ${name}`);
  return found;
};

const infoOf = (tensors: StoredTensors) =>
  new Map(
    [...tensors].map(([name, { shape, data }]) => {
      return [name, { dtype: 'F64', shape, count: data.length, begin: 0, end: 0 }];
    }),
  );

/** Reads a checkpoint with options changed, and tensors replaced, added, or taken away where null. */
function read(
  name: string,
  options: Config = {},
  changes: Readonly<Record<string, readonly number[] | null>> = {},
  change: (
    tensors: Map<string, { shape: readonly number[]; data: Float64Array }>,
  ) => void = () => {},
) {
  const checkpoint = named(name);
  const tensors = new Map(randomTensors(checkpoint, 92));
  for (const [tensor, shape] of Object.entries(changes)) {
    if (shape === null) tensors.delete(tensor);
    else {
      const size = shape.reduce((product, each) => product * each, 1);
      tensors.set(tensor, { shape, data: new Float64Array(size) });
    }
  }
  change(tensors);
  const source = {
    tensors: infoOf(tensors),
    read: (tensor: string) => {
      const found = tensors.get(tensor);
      if (!found) throw new Error(`no tensor ${tensor}`);
      return found;
    },
  };
  const config = { ...checkpoint.config, ...options };
  const description = describeModel(config, source.tensors, 'a/config.json');
  return { description, ...loadParameters(description, source, 'a') };
}

const YARN = { rope_type: 'yarn', factor: 4 };
const L3 = { rope_type: 'llama3', factor: 8, low_freq_factor: 4, high_freq_factor: 4 };

describe('options', () => {
  test.each<[name: string, options: Config, message: string]>([
    ['Llama', { model_type: 'mamba' }, 'option model_type must be one of gpt2, gpt_neox,'],
    ['Llama', { model_type: undefined }, 'option model_type must be one of'],
    ['Llama', { model_type: '__proto__' }, 'mixtral, got "__proto__"'],
    ['Llama', { hidden_act: 'quick_gelu' }, 'sigmoid, got "quick_gelu"'],
    ['Pythia', { hidden_act: 'gelu_fast' }, 'option hidden_act must be one of gelu,'],
    ['Llama', { rope_scaling: YARN }, 'rope_scaling: option rope_type must be one of default'],
    ['Llama', { rope_scaling: { type: 'dynamic', factor: 2 } }, 'llama3, got "dynamic"'],
    ['Llama', { rope_parameters: YARN }, 'rope_parameters: option rope_type must be one of'],
    ['Llama', { rope_scaling: L3 }, 'option high_freq_factor must be above low_freq_factor 4'],
    ['Llama', { rope_scaling: { type: 'linear' } }, 'option factor must be a finite number'],
    ['Llama', { rope_scaling: 'linear' }, 'rope_scaling: an object of options is required'],
    ['Llama', { rope_theta: -1 }, 'option rope_theta must be positive, got -1'],
    [
      'Llama',
      { sliding_window: 4 },
      'sliding_window must be off, since llama has no such part here',
    ],
    ['Llama', { partial_rotary_factor: 0.5 }, 'option partial_rotary_factor must be off'],
    ['Llama', { residual_multiplier: 0.22 }, 'option residual_multiplier must be off'],
    ['Llama', { quantization_config: { bits: 4 } }, 'quantization_config must be off'],
    [
      'Llama',
      { layer_types: ['full_attention', 'sliding_attention'] },
      'full_attention everywhere',
    ],
    ['Llama', { layer_types: ['full_attention'] }, 'for each of 2 layers, got a list of 1'],
    [
      'Llama',
      { layer_types: ['full_attention', 'chunked_attention'] },
      'option layer_types must be',
    ],
    ['Llama', { num_key_value_heads: 3 }, 'num_key_value_heads must be a divisor of'],
    ['Llama', { head_dim: 5 }, 'option head_dim must be even'],
    ['Llama', { rms_norm_eps: 0 }, 'option rms_norm_eps must be positive, got 0'],
    ['Llama', { attention_bias: 1 }, 'option attention_bias must be true or false, got 1'],
    ['Llama', { eos_token_id: 'end' }, 'option eos_token_id must be token ids, got "end"'],
    [
      'Llama',
      { num_hidden_layers: 1e9 },
      'num_hidden_layers must be a positive integer of at most',
    ],
    [
      'Llama',
      { hidden_size: 1e9 },
      'hidden_size must be a positive integer of at most 24, the largest',
    ],
    [
      'Llama',
      { hidden_size: undefined },
      'option hidden_size must be a finite number, got undefined',
    ],
    ['Llama', { vocab_size: 1.5 }, 'option vocab_size must be a positive integer'],
    ['Mixtral', { num_local_experts: 30 }, 'such that every layer has tensors for its experts'],
    ['Mixtral', { num_experts_per_tok: 4 }, 'option num_experts_per_tok must be at most 3, got 4'],
    ['Qwen2 with windows above', { attention_bias: true }, 'attention_bias must be off'],
    ['Gemma', { hidden_act: 'silu' }, 'option hidden_act must be a gelu, got "silu"'],
    ['Gemma 2', { use_bidirectional_attention: true }, 'use_bidirectional_attention must be off'],
    ['Gemma 2', { final_logit_softcapping: -30 }, 'final_logit_softcapping must be positive'],
    ['Gemma 3', { sliding_window_pattern: 1.5 }, 'sliding_window_pattern must be an integer'],
    ['Gemma 3 that sees pictures', { text_config: null }, 'option text_config must be the options'],
    ['GPT-2', { n_head: 5 }, 'option n_head must be a divisor of n_embd 12, got 5'],
    ['GPT-2', { add_cross_attention: true }, 'add_cross_attention must be off'],
    [
      'GPT-2',
      { rope_scaling: YARN },
      'option rope_scaling must be off, since gpt2 has no such part',
    ],
    ['GPT-J', { rotary_dim: null }, 'option rotary_dim must be even and at most n_embd/n_head 8'],
    ['GPT-J', { rotary_dim: 12 }, 'option rotary_dim must be even and at most'],
    ['Pythia', { rotary_pct: 2 }, 'option rotary_pct must be a share of 8 entries'],
    ['Pythia', { num_attention_heads: 5 }, 'num_attention_heads must be a divisor of hidden_size'],
  ])('%s with %j', (name, options, message) => {
    expect(() => read(name, options)).toThrow(FormatError);
    expect(() => read(name, options)).toThrow(message);
    expect(() => read(name, options)).toThrow(/^describeModel: a\/config\.json: /);
  });

  test.each([[null], [[]], ['llama'], [7]])('a configuration that is %j', (config) => {
    expect(() => describeModel(config, new Map(), 'a/config.json')).toThrow(
      'describeModel: a/config.json: an object of options is required',
    );
  });

  test('inside text_config are refused as those outside', () => {
    const { text_config: text } = named('Gemma 3 that sees pictures').config;
    const options = { text_config: { ...text, clip_qkv: 8 } };
    expect(() => read('Gemma 3 that sees pictures', options)).toThrow(
      'text_config: option clip_qkv',
    );
  });

  test.each<[name: string, options: Config]>([
    [
      'Llama',
      { rope_scaling: null, sliding_window: null, residual_multiplier: 1, use_cache: true },
    ],
    [
      'Llama',
      { rope_scaling: { rope_type: 'default' }, attention_dropout: 0.1, pretraining_tp: 2 },
    ],
    [
      'Llama',
      { rope_theta: undefined, rope_parameters: { rope_theta: 500, rope_type: 'default' } },
    ],
    ['GPT-2', { quantization_config: {}, summary_type: 'cls_index', resid_pdrop: 0.1, n_ctx: 16 }],
    ['Pythia', { rotary_pct: undefined, rope_parameters: { partial_rotary_factor: 0.25 } }],
  ])('that change nothing are passed over: %s with %j', (name, options) => {
    const plain = read(name);
    const { parameters, description } = read(name, options);
    expect(parameters).toEqual(plain.parameters);
    const [own, other] = [description, plain.description].map(({ model }) =>
      JSON.stringify(model.options),
    );
    expect(own).toBe(other);
  });
});

describe('tensors', () => {
  const Q = 'model.layers.1.self_attn.q_proj.weight';

  test.each<
    [name: string, changes: Readonly<Record<string, readonly number[] | null>>, message: string]
  >([
    ['Llama', { [Q]: null }, `tensor "${Q}" of [24,12] is required, got none of that name`],
    ['Llama', { [Q]: [12, 24] }, `tensor "${Q}" must be [24,12], got [12,24]`],
    ['Llama', { [Q]: [288] }, `tensor "${Q}" must be [24,12], got [288]`],
    ['Llama', { 'lm_head.weight': null }, 'tensor "lm_head.weight" of [11,12] is required'],
    [
      'Llama',
      { 'model.embed_tokens.weight': null },
      'tensor "model.embed_tokens.weight" or "embed_tokens.weight" is required, got none',
    ],
    [
      'Llama',
      {
        'model.layers.2.mlp.up_proj.weight': [20, 12],
        'model.layers.0.self_attn.q_proj.bias': [24],
      },
      'only tensors of this llama are allowed, got also "model.layers.2.mlp.up_proj.weight", ' +
        '"model.layers.0.self_attn.q_proj.bias"',
    ],
    ['GPT-2', { 'transformer.h.0.attn.c_attn.weight': [36, 12] }, 'must be [12,36], got [36,12]'],
    ['Pythia', { 'gpt_neox.layers.0.attention.query_key_value.bias': [24] }, 'must be [72], got'],
    ['Mixtral', { 'model.layers.0.block_sparse_moe.experts.2.w3.weight': null }, 'experts.2.w3'],
  ])('of %s: %j', (name, changes, message) => {
    expect(() => read(name, {}, changes)).toThrow(FormatError);
    expect(() => read(name, {}, changes)).toThrow(message);
    expect(() => read(name, {}, changes)).toThrow(/^loadParameters: a: /);
  });

  test('a copy of tied embeddings may be there, if it is one', () => {
    const copied = (entry: number) => () =>
      read('GPT-2', {}, {}, (tensors) => {
        const { shape, data } = tensors.get('transformer.wte.weight') ?? { shape: [], data: [] };
        const copy = Float64Array.from(data);
        copy[7] += entry;
        tensors.set('lm_head.weight', { shape, data: copy });
      });
    expect(copied(0)).not.toThrow();
    expect(copied(1e-9)).toThrow(
      'with option tie_word_embeddings tensor "lm_head.weight" must be the embeddings',
    );
  });
});

test('tokens that begin and end a text, and the context, come from the file', () => {
  expect(read('GPT-2').description).toMatchObject({
    context: 16,
    beginToken: null,
    endTokens: [3],
  });
  expect(read('Gemma 3 that sees pictures').description.endTokens).toEqual([1, 7]);
  expect(read('Llama', { eos_token_id: -1, bos_token_id: 5 }).description).toMatchObject({
    ...{ context: 64, beginToken: 5, endTokens: [] },
  });
});

test('configurations with options replaced by anything are read or refused, never more', () => {
  const random = new Random(93);
  const pick = <T>(list: readonly T[]): T => list[random.integer(list.length)];
  const deep = JSON.parse('['.repeat(5000) + ']'.repeat(5000));
  const values: readonly unknown[] = [
    ...[null, undefined, true, false, '', 'gelu', 'default', '__proto__', [], {}, deep, [[]]],
    ...[0, -0, 1, 2, 3, 4, 6, 7, 12, -1, 0.5, 1e9, 2 ** 53, 1e308, -1e308, 5e-324, NaN, Infinity],
    ...[{ rope_type: 'linear', factor: 1e-300 }, { rope_type: 'default' }, YARN, L3, [1, 2]],
    ...[{ __proto__: null }, ['full_attention', 'sliding_attention'], { model_type: 'llama' }],
  ];
  const outcomes = { read: 0, refused: 0 };
  for (let trial = 0; trial < 1500; trial++) {
    const { name, config } = pick(RANDOM_CHECKPOINTS);
    const nested = config['text_config'];
    const own: Config = nested ?? config;
    const changed = Object.fromEntries(
      Array.from({ length: 1 + random.integer(2) }, () => [pick(Object.keys(own)), pick(values)]),
    );
    const options = nested ? { text_config: { ...nested, ...changed } } : changed;
    try {
      read(name, options);
      outcomes.read++;
    } catch (error) {
      const label = `seed 93, trial ${trial}: ${name}, ${Object.keys(changed)}`;
      expect(error, label).toBeInstanceOf(FormatError);
      outcomes.refused++;
    }
  }
  expect(Math.min(outcomes.read, outcomes.refused)).toBeGreaterThan(100);
});
