/**
 * The forward passes of checkpoints, once more: plain loops over the tensors as they are stored.
 *
 * Nothing of the engine is used. What a configuration means is read here from the definitions of transformers,
 * a token and a head at a time, with the Math of the machine.
 *
 * @module
 */

/** A stored tensor. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}
export type StoredTensors = ReadonlyMap<string, StoredTensor>;

/** A `config.json`. */
// biome-ignore lint/suspicious/noExplicitAny: what JSON.parse gives.
export type Config = Readonly<Record<string, any>>;

type Row = readonly number[];
type Rows = readonly Row[];

const ACTIVATIONS: Readonly<Record<string, (x: number) => number>> = {
  relu: (x) => Math.max(0, x),
  silu: (x) => x / (1 + Math.exp(-x)),
  gelu_new: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))),
  gelu: (x) => x * normalShare(x),
};
const activation = (name: string): ((x: number) => number) =>
  ACTIVATIONS[name === 'gelu_pytorch_tanh' ? 'gelu_new' : name];

/** Φ(x) by Simpson's rule from 0: its error with 2000 steps is below 1e-15 for |x| ≤ 8. */
function normalShare(x: number): number {
  const steps = 2000;
  const f = (t: number): number => Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI);
  const h = x / steps;
  let sum = f(0) + f(x);
  for (let i = 1; i < steps; i++) sum += (i % 2 === 1 ? 4 : 2) * f(i * h);
  return 0.5 + (sum * h) / 3;
}

const plus = (x: Row, y: Row): Row => x.map((entry, i) => entry + y[i]);

/** LoRA's part of one module: y becomes y + scale·B·(A·x). A is [r, in], B is [out, r]. */
export interface LoraPart {
  readonly A: StoredTensor;
  readonly B: StoredTensor;
  readonly scale: number;
}

/** One checkpoint, whose tensors are asked for by their names. */
class Reader {
  readonly #tensors: StoredTensors;
  readonly #prefix: string;
  readonly #adapter: ReadonlyMap<string, LoraPart>;
  constructor(
    tensors: StoredTensors,
    prefix: string,
    adapter: ReadonlyMap<string, LoraPart> = new Map(),
  ) {
    this.#tensors = tensors;
    this.#prefix = prefix;
    this.#adapter = adapter;
  }

  /** What the adapter adds to y at this module, if it has a part for it. */
  #adapted(name: string, x: Row, y: Row): Row {
    const part = this.#adapter.get(this.#prefix + name);
    if (!part) return y;
    const [r, into] = part.A.shape;
    const inner = Array.from({ length: r }, (_, k) => {
      let sum = 0;
      for (let j = 0; j < into; j++) sum += part.A.data[k * into + j] * x[j];
      return sum;
    });
    return y.map((entry, i) => {
      const all = inner.reduce((sum, each, k) => sum + part.B.data[i * r + k] * each, 0);
      return entry + part.scale * all;
    });
  }

  has = (name: string): boolean => this.#tensors.has(this.#prefix + name);

  get(name: string): StoredTensor {
    const found = this.#tensors.get(this.#prefix + name);
    if (!found) throw new Error(`no tensor ${this.#prefix}${name}`);
    return found;
  }

  row(name: string, i: number): Row {
    const { shape, data } = this.get(name);
    return Array.from(data.subarray(i * shape[1], (i + 1) * shape[1]));
  }

  /** x·Wᵀ + b of a Linear. */
  linear(name: string, x: Row): Row {
    const { shape, data } = this.get(`${name}.weight`);
    const [out, into] = shape;
    const bias = this.has(`${name}.bias`) ? this.get(`${name}.bias`).data : undefined;
    const y = Array.from({ length: out }, (_, i) => {
      let sum = bias?.[i] ?? 0;
      for (let j = 0; j < into; j++) sum += data[i * into + j] * x[j];
      return sum;
    });
    return this.#adapted(name, x, y);
  }

  /** x·W + b of a Conv1D. */
  conv1d(name: string, x: Row): Row {
    const { shape, data } = this.get(`${name}.weight`);
    const [into, out] = shape;
    const bias = this.get(`${name}.bias`).data;
    const y = Array.from({ length: out }, (_, i) => {
      let sum = bias[i];
      for (let j = 0; j < into; j++) sum += x[j] * data[j * out + i];
      return sum;
    });
    return this.#adapted(name, x, y);
  }

  layerNorm(name: string, x: Row, epsilon: number): Row {
    const mean = x.reduce((sum, entry) => sum + entry) / x.length;
    const variance = x.reduce((sum, entry) => sum + (entry - mean) ** 2, 0) / x.length;
    const [gain, shift] = [this.get(`${name}.weight`).data, this.get(`${name}.bias`).data];
    return x.map((e, i) => ((e - mean) / Math.sqrt(variance + epsilon)) * gain[i] + shift[i]);
  }

  rmsNorm(name: string, x: Row, epsilon: number, offset: number): Row {
    const square = x.reduce((sum, entry) => sum + entry * entry, 0) / x.length;
    const gain = this.get(`${name}.weight`).data;
    return x.map((entry, i) => (entry / Math.sqrt(square + epsilon)) * (offset + gain[i]));
  }
}

interface Attention {
  readonly heads: number;
  readonly kvHeads: number;
  readonly scale: number;
  readonly window?: number | null;
  readonly cap?: number | null;
  /** Where each token stands. */
  readonly positions: Row;
}

/** Causal attention, head by head; rows of q, k and v hold their heads side by side. */
function attend(q: Rows, k: Rows, v: Rows, options: Attention): Rows {
  const { heads, kvHeads, scale, window, cap, positions } = options;
  const e = q[0].length / heads;
  return q.map((query, t) =>
    Array.from({ length: heads }, (_, h) => {
      const g = Math.floor(h / (heads / kvHeads));
      const seen = k.flatMap((_, j) =>
        j <= t && (!window || positions[t] - positions[j] < window) ? [j] : [],
      );
      const scores = seen.map((j) => {
        let s = 0;
        for (let c = 0; c < e; c++) s += query[h * e + c] * k[j][g * e + c];
        return cap ? cap * Math.tanh((s * scale) / cap) : s * scale;
      });
      const most = Math.max(...scores);
      const weights = scores.map((s) => Math.exp(s - most));
      const total = weights.reduce((sum, w) => sum + w);
      return Array.from({ length: e }, (_, c) =>
        seen.reduce((sum, j, i) => sum + (weights[i] / total) * v[j][g * e + c], 0),
      );
    }).flat(),
  );
}

/** Turns the first 2·frequencies.length entries of each head. */
function turn(row: Row, heads: number, t: number, frequencies: Row, halves: boolean): Row {
  const e = row.length / heads;
  const out = [...row];
  for (let h = 0; h < heads; h++) {
    frequencies.forEach((f, j) => {
      const a = h * e + (halves ? j : 2 * j);
      const b = halves ? a + frequencies.length : a + 1;
      const [cos, sin] = [Math.cos(t * f), Math.sin(t * f)];
      out[a] = row[a] * cos - row[b] * sin;
      out[b] = row[b] * cos + row[a] * sin;
    });
  }
  return out;
}

/** Frequencies for so many entries, as `rope_scaling` says. */
function frequenciesOf(entries: number, base: number, scaling?: Config | null): Row {
  const plain = Array.from({ length: entries / 2 }, (_, j) => 1 / base ** ((2 * j) / entries));
  const kind = scaling?.['rope_type'] ?? scaling?.['type'] ?? 'default';
  if (!scaling || kind === 'default') return plain;
  if (kind === 'linear') return plain.map((f) => f / scaling['factor']);
  const { factor, low_freq_factor: low, high_freq_factor: high } = scaling;
  const length = scaling['original_max_position_embeddings'];
  return plain.map((f) => {
    const wavelength = (2 * Math.PI) / f;
    if (wavelength < length / high) return f;
    if (wavelength > length / low) return f / factor;
    const smooth = (length / wavelength - low) / (high - low);
    return ((1 - smooth) * f) / factor + smooth * f;
  });
}

function gpt2(config: Config, t: Reader, head: Reader, ids: Row, positions: Row): Rows {
  const epsilon = config['layer_norm_epsilon'];
  const { n_head: heads, n_embd: d } = config;
  const act = activation(config['activation_function']);
  let x: Rows = ids.map((id, i) =>
    plus(t.row('wte.weight', id), t.row('wpe.weight', positions[i])),
  );
  for (let l = 0; l < config['n_layer']; l++) {
    const qkv = x.map((row) =>
      t.conv1d(`h.${l}.attn.c_attn`, t.layerNorm(`h.${l}.ln_1`, row, epsilon)),
    );
    const cut = (k: number): Rows => qkv.map((row) => row.slice(k * d, (k + 1) * d));
    const root = config['scale_attn_weights'] === false ? 1 : 1 / Math.sqrt(d / heads);
    const scale = config['scale_attn_by_inverse_layer_idx'] ? root / (l + 1) : root;
    const o = attend(cut(0), cut(1), cut(2), { heads, kvHeads: heads, scale, positions });
    const r = x.map((row, i) => plus(row, t.conv1d(`h.${l}.attn.c_proj`, o[i])));
    x = r.map((row) => {
      const inner = t.conv1d(`h.${l}.mlp.c_fc`, t.layerNorm(`h.${l}.ln_2`, row, epsilon));
      return plus(row, t.conv1d(`h.${l}.mlp.c_proj`, inner.map(act)));
    });
  }
  const tied = config['tie_word_embeddings'] !== false;
  return x.map((row) => {
    const last = t.layerNorm('ln_f', row, epsilon);
    return tied ? t.linear('wte', last) : head.linear('lm_head', last);
  });
}

function gptNeox(config: Config, t: Reader, head: Reader, ids: Row, positions: Row): Rows {
  const epsilon = config['layer_norm_eps'];
  const { num_attention_heads: heads, hidden_size: d } = config;
  const e = d / heads;
  const act = activation(config['hidden_act']);
  const frequencies = frequenciesOf(
    Math.floor(e * config['rotary_pct']),
    config['rotary_emb_base'],
    config['rope_scaling'],
  );
  let x: Rows = ids.map((id) => t.row('embed_in.weight', id));
  for (let l = 0; l < config['num_hidden_layers']; l++) {
    const at = `layers.${l}`;
    const qkv = x.map((row) =>
      t.linear(
        `${at}.attention.query_key_value`,
        t.layerNorm(`${at}.input_layernorm`, row, epsilon),
      ),
    );
    // A row is [heads, 3·e]: q, k and v of each head one after another.
    const part = (k: number): Rows =>
      qkv.map((row) =>
        Array.from({ length: heads }, (_, h) =>
          row.slice((3 * h + k) * e, (3 * h + k + 1) * e),
        ).flat(),
      );
    const [q, k] = [0, 1].map((which) =>
      part(which).map((row, i) => turn(row, heads, positions[i], frequencies, true)),
    );
    const scale = 1 / Math.sqrt(e);
    const o = attend(q, k, part(2), { heads, kvHeads: heads, scale, positions });
    const attention = o.map((row) => t.linear(`${at}.attention.dense`, row));
    x = x.map((row, i) => {
      const r = plus(row, attention[i]);
      const read = config['use_parallel_residual'] === false ? r : row;
      const z = t.layerNorm(`${at}.post_attention_layernorm`, read, epsilon);
      const inner = t.linear(`${at}.mlp.dense_h_to_4h`, z).map(act);
      return plus(r, t.linear(`${at}.mlp.dense_4h_to_h`, inner));
    });
  }
  return x.map((row) => head.linear('embed_out', t.layerNorm('final_layer_norm', row, epsilon)));
}

function gptj(config: Config, t: Reader, head: Reader, ids: Row, positions: Row): Rows {
  const epsilon = config['layer_norm_epsilon'];
  const heads = config['n_head'];
  const act = activation(config['activation_function']);
  const frequencies = frequenciesOf(config['rotary_dim'], 10000);
  let x: Rows = ids.map((id) => t.row('wte.weight', id));
  for (let l = 0; l < config['n_layer']; l++) {
    const z = x.map((row) => t.layerNorm(`h.${l}.ln_1`, row, epsilon));
    const [q, k] = ['q', 'k'].map((letter) =>
      z.map((row, i) =>
        turn(t.linear(`h.${l}.attn.${letter}_proj`, row), heads, positions[i], frequencies, false),
      ),
    );
    const v = z.map((row) => t.linear(`h.${l}.attn.v_proj`, row));
    const scale = 1 / Math.sqrt(config['n_embd'] / heads);
    const o = attend(q, k, v, { heads, kvHeads: heads, scale, positions });
    x = x.map((row, i) => {
      const inner = t.linear(`h.${l}.mlp.fc_in`, z[i]).map(act);
      const both = plus(
        t.linear(`h.${l}.attn.out_proj`, o[i]),
        t.linear(`h.${l}.mlp.fc_out`, inner),
      );
      return plus(row, both);
    });
  }
  return x.map((row) => head.linear('lm_head', t.layerNorm('ln_f', row, epsilon)));
}

/** Does this layer slide? What each family says where `layer_types` is missing. */
function windowAt(config: Config, l: number): number | null {
  const window = config['sliding_window'] ?? null;
  if (config['layer_types']) {
    return config['layer_types'][l] === 'sliding_attention' ? window : null;
  }
  switch (config['model_type']) {
    case 'mistral':
    case 'mixtral':
      return window;
    case 'qwen2':
    case 'qwen3':
      return config['use_sliding_window'] && l >= config['max_window_layers'] ? window : null;
    case 'gemma2':
      return l % 2 === 0 ? window : null;
    case 'gemma3_text':
      return (l + 1) % config['sliding_window_pattern'] === 0 ? null : window;
    default:
      return null;
  }
}

/** Llama and those after it. */
function decoder(config: Config, t: Reader, head: Reader, ids: Row, positions: Row): Rows {
  const { model_type: type, rms_norm_eps: epsilon, hidden_size: d } = config;
  const gemma = type.startsWith('gemma');
  const four = type === 'gemma2' || type === 'gemma3_text';
  const offset = gemma ? 1 : 0;
  const [heads, kvHeads] = [config['num_attention_heads'], config['num_key_value_heads']];
  const e = config['head_dim'] ?? d / heads;
  const act = activation(gemma ? 'gelu_new' : (config['hidden_act'] ?? 'silu'));
  const scale = 1 / Math.sqrt(config['query_pre_attn_scalar'] ?? e);
  const norm = (name: string, row: Row): Row => t.rmsNorm(name, row, epsilon, offset);
  const eachHead = (name: string, row: Row): Row => {
    if (!t.has(`${name}.weight`)) return row;
    const parts = Array.from({ length: row.length / e }, (_, h) => row.slice(h * e, (h + 1) * e));
    return parts.flatMap((part) => norm(name, part));
  };
  let x: Rows = ids.map((id) =>
    t.row('embed_tokens.weight', id).map((entry) => (gemma ? Math.sqrt(d) * entry : entry)),
  );
  for (let l = 0; l < config['num_hidden_layers']; l++) {
    const at = `layers.${l}`;
    const window = windowAt(config, l);
    const local = type === 'gemma3_text' && window !== null;
    const frequencies = local
      ? frequenciesOf(e, config['rope_local_base_freq'])
      : frequenciesOf(e, config['rope_theta'], config['rope_scaling']);
    const z = x.map((row) => norm(`${at}.input_layernorm`, row));
    const placed = (letter: string, count: number): Rows =>
      z.map((row, i) => {
        const own = t.linear(`${at}.self_attn.${letter}_proj`, row);
        return turn(
          eachHead(`${at}.self_attn.${letter}_norm`, own),
          count,
          positions[i],
          frequencies,
          true,
        );
      });
    const v = z.map((row) => t.linear(`${at}.self_attn.v_proj`, row));
    const o = attend(placed('q', heads), placed('k', kvHeads), v, {
      ...{ heads, kvHeads, scale, window, positions, cap: config['attn_logit_softcapping'] },
    });
    const between = (name: string, row: Row): Row => (four ? norm(`${at}.${name}`, row) : row);
    x = x.map((row, i) => {
      const mixed = t.linear(`${at}.self_attn.o_proj`, o[i]);
      const r = plus(row, between('post_attention_layernorm', mixed));
      const before = four ? 'pre_feedforward_layernorm' : 'post_attention_layernorm';
      const y = feedForward(config, t, at, norm(`${at}.${before}`, r), act);
      return plus(r, between('post_feedforward_layernorm', y));
    });
  }
  const cap = config['final_logit_softcapping'];
  return x.map((row) => {
    const last = norm('norm', row);
    const tied = config['tie_word_embeddings'] ?? gemma;
    const logits = tied ? t.linear('embed_tokens', last) : head.linear('lm_head', last);
    return cap ? logits.map((entry) => cap * Math.tanh(entry / cap)) : logits;
  });
}

function feedForward(
  config: Config,
  t: Reader,
  at: string,
  z: Row,
  act: (x: number) => number,
): Row {
  const gated = ([gate, up, down]: readonly string[]): Row => {
    const raised = t.linear(up, z);
    return t.linear(
      down,
      t.linear(gate, z).map((entry, i) => act(entry) * raised[i]),
    );
  };
  if (config['model_type'] !== 'mixtral') {
    return gated(['gate', 'up', 'down'].map((name) => `${at}.mlp.${name}_proj`));
  }
  // Softmax over all experts, the largest of them, scaled to 1.
  const scores = t.linear(`${at}.block_sparse_moe.gate`, z).map(Math.exp);
  const chosen = scores
    .map((score, e) => ({ score, e }))
    .sort((a, b) => b.score - a.score)
    .slice(0, config['num_experts_per_tok']);
  const total = chosen.reduce((sum, { score }) => sum + score, 0);
  return chosen
    .map(({ score, e }): Row => {
      const names = ['w1', 'w3', 'w2'].map((w) => `${at}.block_sparse_moe.experts.${e}.${w}`);
      return gated(names).map((entry) => (score / total) * entry);
    })
    .reduce(plus);
}

export interface RestatedOptions {
  /** Default: 0, 1, 2 … */
  readonly positions?: readonly number[];
  /** LoRA's parts by the paths of modules. Default: none. */
  readonly adapter?: ReadonlyMap<string, LoraPart>;
}

/** Logits at every token, from tensors whose names have these prefixes. */
export function restatedLogits(
  config: Config,
  tensors: StoredTensors,
  prefix: { readonly body: string; readonly head: string },
  ids: readonly number[],
  { positions = ids.map((_, i) => i), adapter }: RestatedOptions = {},
): Rows {
  const body = new Reader(tensors, prefix.body, adapter);
  const head = new Reader(tensors, prefix.head, adapter);
  const families: Readonly<Record<string, typeof gpt2>> = { gpt2, gpt_neox: gptNeox, gptj };
  return (families[config['model_type']] ?? decoder)(config, body, head, ids, positions);
}
