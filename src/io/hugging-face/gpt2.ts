/**
 * GPT-2: fused queries, keys and values, all weights of blocks stored [in, out].
 *
 * @module
 */
import { gpt2Block, languageModel, network } from '../../model/index.ts';
import { ACTIVATION_NAMES } from './activations.ts';
import { below, type FamilyDescription } from './description.ts';
import type { ConfigOptions } from './options.ts';
import { placesOf, type Stored, third } from './places.ts';

const MASKS = /\.attn\.(?:bias|masked_bias)$/;

/** Scores are divided by √e unless `scale_attn_weights` is false, and by l + 1 in layer l where the file says so. */
export function gpt2(options: ConfigOptions): FamilyDescription {
  const width = options.size(['n_embd', 'hidden_size']);
  const heads = options.size(['n_head', 'num_attention_heads']);
  if (width % heads !== 0) throw options.refused('n_head', `a divisor of n_embd ${width}`);
  const hidden = options.size('n_inner', 4 * width);
  const layers = options.count(['n_layer', 'num_hidden_layers']);
  const epsilon = options.positive('layer_norm_epsilon', 1e-5);
  const activation = options.choice('activation_function', ACTIVATION_NAMES, 'gelu_new');
  const byRoot = options.flag('scale_attn_weights', true);
  const byLayer = options.flag('scale_attn_by_inverse_layer_idx', false);
  const tied = options.flag('tie_word_embeddings', true);
  const root = byRoot ? 1 / Math.sqrt(width / heads) : 1;
  const blocks = Array.from({ length: layers }, (_, l) =>
    gpt2Block({
      ...{ width, heads, hidden, epsilon, activation },
      ...((byLayer || !byRoot) && { scale: byLayer ? root / (l + 1) : root }),
    }),
  );
  const model = languageModel({
    ...{ network: network(blocks), finalNorm: 'layer', epsilon, tied },
    vocabulary: options.size('vocab_size'),
    learnedPositions: options.size(['n_positions', 'max_position_embeddings']),
  });
  const weight = (tensor: string): Stored => ({ tensor: `${tensor}.weight`, transposed: true });
  const fused = (k: number): Stored => ({ ...weight('attn.c_attn'), fused: third(k, width) });
  const bias = (k: number): Stored => ({ tensor: 'attn.c_attn.bias', fused: third(k, width) });
  const block: Readonly<Record<string, Stored | string>> = {
    ...{ 'layer.Wq': fused(0), 'layer.Wk': fused(1), 'layer.Wv': fused(2) },
    ...{ 'layer.bq': bias(0), 'layer.bk': bias(1), 'layer.bv': bias(2) },
    ...{ 'layer.Wo': weight('attn.c_proj'), 'layer.bo': 'attn.c_proj.bias' },
    ...{ 'mlp.W1': weight('mlp.c_fc'), 'mlp.b1': 'mlp.c_fc.bias' },
    ...{ 'mlp.W2': weight('mlp.c_proj'), 'mlp.b2': 'mlp.c_proj.bias' },
    ...{ 'norm1.g': 'ln_1.weight', 'norm1.b': 'ln_1.bias' },
    ...{ 'norm2.g': 'ln_2.weight', 'norm2.b': 'ln_2.bias' },
  };
  return {
    model,
    places: placesOf(model.shapes, {
      blocks: 'h',
      around: {
        ...{ E: 'wte.weight', P: 'wpe.weight', U: 'lm_head.weight' },
        ...{ 'final.g': 'ln_f.weight', 'final.b': 'ln_f.bias' },
      },
      block: (name) => block[name],
    }),
    prefixes: below('transformer'),
    ignored: [MASKS],
    copyOfEmbeddings: tied ? 'lm_head.weight' : null,
  };
}
