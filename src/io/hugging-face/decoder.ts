/**
 * What Llama and the families after it call the same: sizes, tensors, and what stands around the blocks.
 *
 * @module
 */
import {
  type Block,
  type LanguageModelOptions,
  languageModel,
  type NormKind,
  network,
} from '../../model/index.ts';
import { ANGLES, below, type FamilyDescription } from './description.ts';
import type { ConfigOptions } from './options.ts';
import { placesOf, type Stored } from './places.ts';

export interface DecoderSizes {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headWidth: number;
  readonly hidden: number;
  readonly vocabulary: number;
  readonly epsilon: number;
  readonly tied: boolean;
}

/** What a family takes where the file says nothing. */
export interface DecoderDefaults {
  /** Default: as many as heads. */
  readonly kvHeads?: number;
  /** Default: hidden_size/num_attention_heads. */
  readonly headWidth?: number;
  readonly heads?: number;
  readonly vocabulary?: number;
  readonly epsilon: number;
  readonly tied: boolean;
}

/** The sizes. @throws FormatError naming an option that is missing, no size, or does not fit the others. */
export function decoderSizes(options: ConfigOptions, defaults: DecoderDefaults): DecoderSizes {
  const width = options.size('hidden_size');
  const heads = options.size('num_attention_heads', defaults.heads);
  const kvHeads = options.size('num_key_value_heads', defaults.kvHeads ?? heads);
  if (heads % kvHeads !== 0) {
    throw options.refused('num_key_value_heads', `a divisor of num_attention_heads ${heads}`);
  }
  const own = defaults.headWidth ?? (width % heads === 0 ? width / heads : undefined);
  const headWidth = options.size('head_dim', own);
  if (headWidth % 2 !== 0) throw options.refused('head_dim', 'even, as rotations need it,');
  return {
    ...{ width, heads, kvHeads, headWidth },
    layers: options.count('num_hidden_layers'),
    hidden: options.size('intermediate_size'),
    vocabulary: options.size('vocab_size', defaults.vocabulary),
    epsilon: options.positive('rms_norm_eps', defaults.epsilon),
    tied: options.flag('tie_word_embeddings', defaults.tied),
  };
}

/** Tensors of the attention and the gated network, by the names of their parameters. */
const BLOCK: Readonly<Record<string, string>> = {
  'layer.Wq': 'self_attn.q_proj.weight',
  'layer.Wk': 'self_attn.k_proj.weight',
  'layer.Wv': 'self_attn.v_proj.weight',
  'layer.Wo': 'self_attn.o_proj.weight',
  'layer.bq': 'self_attn.q_proj.bias',
  'layer.bk': 'self_attn.k_proj.bias',
  'layer.bv': 'self_attn.v_proj.bias',
  'layer.bo': 'self_attn.o_proj.bias',
  'layer.q_norm': 'self_attn.q_norm.weight',
  'layer.k_norm': 'self_attn.k_norm.weight',
  'mlp.Wg': 'mlp.gate_proj.weight',
  'mlp.Wu': 'mlp.up_proj.weight',
  'mlp.Wd': 'mlp.down_proj.weight',
  'mlp.bg': 'mlp.gate_proj.bias',
  'mlp.bu': 'mlp.up_proj.bias',
  'mlp.bd': 'mlp.down_proj.bias',
};

/** Norms before the attention and before the network. */
export const TWO_NORMS: Readonly<Record<string, string>> = {
  norm1: 'input_layernorm',
  norm2: 'post_attention_layernorm',
};

/** Norms before and after each part. */
export const FOUR_NORMS: Readonly<Record<string, string>> = {
  norm1: 'input_layernorm',
  post1: 'post_attention_layernorm',
  norm2: 'pre_feedforward_layernorm',
  post2: 'post_feedforward_layernorm',
};

/** The model of these blocks. `feedForward` names tensors of networks that are not gated ones. */
export function decoder(
  { width, vocabulary, epsilon, tied }: DecoderSizes,
  kind: Exclude<NormKind, 'layer'>,
  norms: Readonly<Record<string, string>>,
  blocks: readonly Block[],
  more: Partial<LanguageModelOptions> = {},
  feedForward: (name: string) => Stored | string | undefined = () => undefined,
): FamilyDescription {
  const gain = kind === 'rms' ? 'g' : 'w';
  const gains = Object.fromEntries(
    Object.entries(norms).map(([norm, tensor]) => [`${norm}.${gain}`, `${tensor}.weight`]),
  );
  const model = languageModel({
    ...{ network: network(blocks), vocabulary, finalNorm: kind, epsilon, tied },
    ...(kind === 'rms+1' && { embeddingFactor: Math.sqrt(width) }),
    ...more,
  });
  const places = placesOf(model.shapes, {
    blocks: 'layers',
    around: { E: 'embed_tokens.weight', U: 'lm_head.weight', [`final.${gain}`]: 'norm.weight' },
    block: (name) => gains[name] ?? BLOCK[name] ?? feedForward(name),
  });
  return {
    ...{ model, places, prefixes: below('model'), ignored: [ANGLES] },
    copyOfEmbeddings: tied ? 'lm_head.weight' : null,
  };
}

/** A block for each layer. */
export const blocksOf = ({ layers }: DecoderSizes, block: (layer: number) => Block): Block[] =>
  Array.from({ length: layers }, (_, l) => block(l));
