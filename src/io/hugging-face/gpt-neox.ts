/**
 * GPT-NeoX and Pythia: queries, keys and values fused head by head.
 *
 * @module
 */
import { languageModel, neoxBlock, network } from '../../model/index.ts';
import { ACTIVATION_NAMES } from './activations.ts';
import { ANGLES, below, type FamilyDescription } from './description.ts';
import type { ConfigOptions } from './options.ts';
import { placesOf, type Stored, thirdOfHeads } from './places.ts';
import { rotation } from './rotation.ts';

const MASKS = /\.attention\.(?:bias|masked_bias)$/;

export function gptNeox(options: ConfigOptions): FamilyDescription {
  const width = options.size('hidden_size');
  const heads = options.size('num_attention_heads');
  if (width % heads !== 0) {
    throw options.refused('num_attention_heads', `a divisor of hidden_size ${width}`);
  }
  const headWidth = width / heads;
  const newer = options.record('rope_parameters')?.number('partial_rotary_factor', 0.25);
  const share = options.number('rotary_pct', newer ?? 0.25);
  const rotated = Math.floor(headWidth * share);
  if (!(share >= 0 && share <= 1) || rotated % 2 !== 0) {
    throw options.refused('rotary_pct', `a share of ${headWidth} entries that is even`);
  }
  const hidden = options.size('intermediate_size');
  const layers = options.count('num_hidden_layers');
  const epsilon = options.positive('layer_norm_eps', 1e-5);
  const tied = options.flag('tie_word_embeddings', false);
  const attentionBiases = options.flag('attention_bias', true);
  const block = neoxBlock({
    ...{ width, heads, hidden, epsilon, rotated, attentionBiases },
    ...rotation(options, 10000, share),
    activation: options.choice('hidden_act', ACTIVATION_NAMES, 'gelu'),
    sequential: !options.flag('use_parallel_residual', true),
  });
  const model = languageModel({
    ...{ network: network(Array.from({ length: layers }, () => block)), finalNorm: 'layer' },
    ...{ vocabulary: options.size('vocab_size'), epsilon, tied },
  });
  const fused = (k: number, what: string): Stored => ({
    tensor: `attention.query_key_value.${what}`,
    fused: thirdOfHeads(k, heads, headWidth),
  });
  const names: Readonly<Record<string, Stored | string>> = {
    ...{ 'layer.Wq': fused(0, 'weight'), 'layer.bq': fused(0, 'bias') },
    ...{ 'layer.Wk': fused(1, 'weight'), 'layer.bk': fused(1, 'bias') },
    ...{ 'layer.Wv': fused(2, 'weight'), 'layer.bv': fused(2, 'bias') },
    ...{ 'layer.Wo': 'attention.dense.weight', 'layer.bo': 'attention.dense.bias' },
    ...{ 'mlp.W1': 'mlp.dense_h_to_4h.weight', 'mlp.b1': 'mlp.dense_h_to_4h.bias' },
    ...{ 'mlp.W2': 'mlp.dense_4h_to_h.weight', 'mlp.b2': 'mlp.dense_4h_to_h.bias' },
    ...{ 'norm1.g': 'input_layernorm.weight', 'norm1.b': 'input_layernorm.bias' },
    ...{ 'norm2.g': 'post_attention_layernorm.weight', 'norm2.b': 'post_attention_layernorm.bias' },
  };
  return {
    model,
    places: placesOf(model.shapes, {
      blocks: 'layers',
      around: {
        ...{ E: 'embed_in.weight', U: 'embed_out.weight' },
        ...{ 'final.g': 'final_layer_norm.weight', 'final.b': 'final_layer_norm.bias' },
      },
      block: (name) => names[name],
    }),
    prefixes: below('gpt_neox'),
    ignored: [MASKS, ANGLES],
    copyOfEmbeddings: tied ? 'embed_out.weight' : null,
  };
}
