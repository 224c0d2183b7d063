/**
 * Small random checkpoints of every family, laid out as the real ones are: names, shapes, buffers and all.
 *
 * @module
 */
import { Random } from '../../src/linalg/index.ts';
import type { Config, StoredTensor, StoredTensors } from './restated-checkpoints.ts';

export interface RandomCheckpoint {
  readonly name: string;
  readonly config: Config;
  readonly prefix: { readonly body: string; readonly head: string };
  /** Names and shapes of its tensors. */
  readonly layout: readonly (readonly [name: string, shape: readonly number[]])[];
}

type Layout = (readonly [name: string, shape: readonly number[]])[];

const below = (name: string) => ({ body: `${name}.`, head: '' });

const linear = (name: string, out: number, into: number, bias: boolean): Layout => [
  [`${name}.weight`, [out, into]],
  ...(bias ? ([[`${name}.bias`, [out]]] as const) : []),
];
const conv1d = (name: string, into: number, out: number): Layout => [
  [`${name}.weight`, [into, out]],
  [`${name}.bias`, [out]],
];
const layerNorm = (name: string, d: number): Layout => [
  [`${name}.weight`, [d]],
  [`${name}.bias`, [d]],
];
const rmsNorm = (name: string, d: number): Layout => [[`${name}.weight`, [d]]];

const layers = (count: number, block: (l: number) => Layout): Layout =>
  Array.from({ length: count }, (_, l) => block(l)).flat();

function gpt2Layout(config: Config, { body, head }: RandomCheckpoint['prefix']): Layout {
  const { n_embd: d, n_layer, vocab_size: v, n_positions } = config;
  const inner = config['n_inner'] ?? 4 * d;
  return [
    [`${body}wte.weight`, [v, d]],
    [`${body}wpe.weight`, [n_positions, d]],
    ...layers(n_layer, (l) => {
      const at = `${body}h.${l}`;
      return [
        ...layerNorm(`${at}.ln_1`, d),
        [`${at}.attn.bias`, [1, 1, n_positions, n_positions]],
        [`${at}.attn.masked_bias`, []],
        ...conv1d(`${at}.attn.c_attn`, d, 3 * d),
        ...conv1d(`${at}.attn.c_proj`, d, d),
        ...layerNorm(`${at}.ln_2`, d),
        ...conv1d(`${at}.mlp.c_fc`, d, inner),
        ...conv1d(`${at}.mlp.c_proj`, inner, d),
      ];
    }),
    ...layerNorm(`${body}ln_f`, d),
    ...(config['tie_word_embeddings'] === false ? linear(`${head}lm_head`, v, d, false) : []),
  ];
}

function neoxLayout(config: Config, { body, head }: RandomCheckpoint['prefix']): Layout {
  const { hidden_size: d, intermediate_size: inner, vocab_size: v } = config;
  const bias = config['attention_bias'] ?? true;
  return [
    [`${body}embed_in.weight`, [v, d]],
    ...layers(config['num_hidden_layers'], (l) => {
      const at = `${body}layers.${l}`;
      return [
        ...layerNorm(`${at}.input_layernorm`, d),
        ...layerNorm(`${at}.post_attention_layernorm`, d),
        [`${at}.attention.bias`, [1, 1, 16, 16]],
        [`${at}.attention.masked_bias`, []],
        [`${at}.attention.rotary_emb.inv_freq`, [1]],
        ...linear(`${at}.attention.query_key_value`, 3 * d, d, bias),
        ...linear(`${at}.attention.dense`, d, d, bias),
        ...linear(`${at}.mlp.dense_h_to_4h`, inner, d, true),
        ...linear(`${at}.mlp.dense_4h_to_h`, d, inner, true),
      ];
    }),
    ...layerNorm(`${body}final_layer_norm`, d),
    ...linear(`${head}embed_out`, v, d, false),
  ];
}

function gptjLayout(config: Config, { body, head }: RandomCheckpoint['prefix']): Layout {
  const { n_embd: d, vocab_size: v } = config;
  return [
    [`${body}wte.weight`, [v, d]],
    ...layers(config['n_layer'], (l) => {
      const at = `${body}h.${l}`;
      return [
        ...layerNorm(`${at}.ln_1`, d),
        [`${at}.attn.bias`, [1, 1, 16, 16]],
        ...['q_proj', 'k_proj', 'v_proj', 'out_proj'].flatMap((name) =>
          linear(`${at}.attn.${name}`, d, d, false),
        ),
        ...linear(`${at}.mlp.fc_in`, 4 * d, d, true),
        ...linear(`${at}.mlp.fc_out`, d, 4 * d, true),
      ];
    }),
    ...layerNorm(`${body}ln_f`, d),
    ...linear(`${head}lm_head`, v, d, true),
  ];
}

function decoderLayout(config: Config, { body, head }: RandomCheckpoint['prefix']): Layout {
  const { model_type: type, hidden_size: d, vocab_size: v } = config;
  const [heads, kvHeads] = [config['num_attention_heads'], config['num_key_value_heads']];
  const [e, inner] = [config['head_dim'] ?? d / heads, config['intermediate_size']];
  const all = config['attention_bias'] ?? false;
  const qkv = all || type === 'qwen2';
  const four = type === 'gemma2' || type === 'gemma3_text';
  const norms = [
    ...['input_layernorm', 'post_attention_layernorm'],
    ...(four ? ['pre_feedforward_layernorm', 'post_feedforward_layernorm'] : []),
  ];
  const heads_ = type === 'qwen3' || type === 'gemma3_text' ? ['q_norm', 'k_norm'] : [];
  return [
    [`${body}embed_tokens.weight`, [v, d]],
    ...layers(config['num_hidden_layers'], (l) => {
      const at = `${body}layers.${l}`;
      const gated = (names: readonly string[], bias: boolean): Layout => [
        ...linear(names[0], inner, d, bias),
        ...linear(names[1], inner, d, bias),
        ...linear(names[2], d, inner, bias),
      ];
      return [
        ...norms.flatMap((norm) => rmsNorm(`${at}.${norm}`, d)),
        ...linear(`${at}.self_attn.q_proj`, heads * e, d, qkv),
        ...linear(`${at}.self_attn.k_proj`, kvHeads * e, d, qkv),
        ...linear(`${at}.self_attn.v_proj`, kvHeads * e, d, qkv),
        ...linear(`${at}.self_attn.o_proj`, d, heads * e, all),
        ...heads_.flatMap((norm) => rmsNorm(`${at}.self_attn.${norm}`, e)),
        [`${at}.self_attn.rotary_emb.inv_freq`, [e / 2]],
        ...(type === 'mixtral'
          ? [
              ...linear(`${at}.block_sparse_moe.gate`, config['num_local_experts'], d, false),
              ...Array.from({ length: config['num_local_experts'] }, (_, x) =>
                gated(
                  ['w1', 'w3', 'w2'].map((w) => `${at}.block_sparse_moe.experts.${x}.${w}`),
                  false,
                ),
              ).flat(),
            ]
          : gated(
              ['gate', 'up', 'down'].map((name) => `${at}.mlp.${name}_proj`),
              config['mlp_bias'] ?? false,
            )),
      ];
    }),
    ...rmsNorm(`${body}norm`, d),
    ...((config['tie_word_embeddings'] ?? type.startsWith('gemma'))
      ? []
      : linear(`${head}lm_head`, v, d, false)),
  ];
}

const LAYOUTS: Readonly<Record<string, typeof gpt2Layout>> = {
  ...{ gpt2: gpt2Layout, gpt_neox: neoxLayout, gptj: gptjLayout },
};

const made = (
  name: string,
  config: Config,
  prefix: RandomCheckpoint['prefix'],
  inside: Config = config,
  others: Layout = [],
): RandomCheckpoint => {
  const own = (LAYOUTS[inside['model_type']] ?? decoderLayout)(inside, prefix);
  const layout = [...own, ...others];
  return { name, config, prefix, layout };
};

const GPT2: Config = {
  ...{ model_type: 'gpt2', n_embd: 12, n_head: 3, n_layer: 2, n_positions: 16, vocab_size: 11 },
  ...{ activation_function: 'gelu_new', layer_norm_epsilon: 1e-5, n_inner: null, eos_token_id: 3 },
};
const NEOX: Config = {
  ...{ model_type: 'gpt_neox', hidden_size: 24, num_attention_heads: 3, num_hidden_layers: 2 },
  ...{ intermediate_size: 20, vocab_size: 11, rotary_pct: 0.25, rotary_emb_base: 10000 },
  ...{ hidden_act: 'gelu', layer_norm_eps: 1e-5, max_position_embeddings: 64 },
};
const GPTJ: Config = {
  ...{ model_type: 'gptj', n_embd: 16, n_head: 2, n_layer: 2, rotary_dim: 4, vocab_size: 11 },
  ...{ activation_function: 'gelu_new', layer_norm_epsilon: 1e-5, n_positions: 64 },
};
const LLAMA: Config = {
  ...{ model_type: 'llama', hidden_size: 12, intermediate_size: 20, num_hidden_layers: 2 },
  ...{ num_attention_heads: 4, num_key_value_heads: 2, head_dim: 6, vocab_size: 11 },
  ...{ hidden_act: 'silu', rms_norm_eps: 1e-5, rope_theta: 500, max_position_embeddings: 64 },
};
const GEMMA: Config = {
  ...{ ...LLAMA, model_type: 'gemma', hidden_act: 'gelu', hidden_activation: null },
};
const GEMMA2: Config = {
  ...{ ...LLAMA, model_type: 'gemma2', hidden_activation: 'gelu_pytorch_tanh', hidden_act: 'gelu' },
  ...{ sliding_window: 3, query_pre_attn_scalar: 9 },
  ...{ attn_logit_softcapping: 2, final_logit_softcapping: 1.5 },
};
const GEMMA3: Config = {
  ...{ ...LLAMA, model_type: 'gemma3_text', num_hidden_layers: 3, sliding_window: 3 },
  ...{ hidden_activation: 'gelu_pytorch_tanh', query_pre_attn_scalar: 6, hidden_act: undefined },
  ...{ sliding_window_pattern: 3, rope_theta: 5000, rope_local_base_freq: 100 },
  ...{ rope_scaling: { rope_type: 'linear', factor: 8 } },
};
const LLAMA3 = {
  ...{ rope_type: 'llama3', factor: 8, low_freq_factor: 0.5, high_freq_factor: 4 },
  original_max_position_embeddings: 32,
};
const NONE = { body: '', head: '' };

/** Every family, with the options that change its forward pass. */
export const RANDOM_CHECKPOINTS: readonly RandomCheckpoint[] = [
  made('GPT-2', GPT2, below('transformer')),
  made(
    'GPT-2 without prefix, untied, scores by layer',
    {
      ...{ ...GPT2, tie_word_embeddings: false, n_inner: 20, activation_function: 'relu' },
      ...{ scale_attn_weights: false, scale_attn_by_inverse_layer_idx: true },
    },
    NONE,
  ),
  made('Pythia', NEOX, below('gpt_neox')),
  made(
    'NeoX in sequence, without attention biases, stretched',
    {
      ...{ ...NEOX, use_parallel_residual: false, attention_bias: false, rotary_pct: 1 },
      rope_scaling: { type: 'linear', factor: 2 },
    },
    below('gpt_neox'),
  ),
  made('GPT-J', GPTJ, below('transformer')),
  made('Llama', LLAMA, below('model')),
  made(
    'Llama 3 with every bias, tied',
    {
      ...{ ...LLAMA, attention_bias: true, mlp_bias: true, tie_word_embeddings: true },
      ...{ rope_scaling: LLAMA3, head_dim: undefined, hidden_size: 24 },
    },
    below('model'),
  ),
  made('Mistral', { ...LLAMA, model_type: 'mistral', sliding_window: 3 }, below('model')),
  made(
    'Qwen2 with windows above',
    {
      ...{ ...LLAMA, model_type: 'qwen2', use_sliding_window: true, sliding_window: 2 },
      max_window_layers: 1,
    },
    below('model'),
  ),
  made('Qwen3', { ...LLAMA, model_type: 'qwen3', tie_word_embeddings: true }, below('model')),
  made('Gemma', GEMMA, below('model')),
  made('Gemma 2', GEMMA2, below('model')),
  made('Gemma 3', GEMMA3, below('model')),
  made(
    'Gemma 3 that sees pictures',
    {
      ...{ model_type: 'gemma3', eos_token_id: [1, 7] },
      text_config: {
        ...GEMMA3,
        layer_types: ['full', 'sliding', 'full'].map((t) => `${t}_attention`),
      },
    },
    { body: 'language_model.model.', head: 'language_model.' },
    { ...GEMMA3 },
    [
      ['vision_tower.vision_model.encoder.layers.0.mlp.fc1.weight', [2, 3]],
      ['multi_modal_projector.mm_input_projection_weight', [3, 2]],
    ],
  ),
  made(
    'Mixtral',
    { ...LLAMA, model_type: 'mixtral', num_local_experts: 3, num_experts_per_tok: 2 },
    below('model'),
  ),
];

/** Random tensors of a layout: gains about 1 (stored about 0 by Gemma), everything else about 0. */
export function randomTensors({ layout, config }: RandomCheckpoint, seed: number): StoredTensors {
  const random = new Random(seed);
  const gemma = config['model_type'].startsWith('gemma');
  const tensors = layout.map(([name, shape]): [string, StoredTensor] => {
    const data = new Float64Array(shape.reduce((product, size) => product * size, 1));
    random.fillNormal(data);
    const isGain = /(?:norm|ln_\d|ln_f)\.weight$/.test(name);
    const [middle, spread] = isGain ? [gemma ? 0 : 1, 0.2] : [0, 0.4];
    return [name, { shape, data: data.map((entry) => middle + spread * entry) }];
  });
  return new Map(tensors);
}

/** The configuration that the forward pass reads. */
export const textConfig = ({ config }: RandomCheckpoint): Config => config['text_config'] ?? config;
