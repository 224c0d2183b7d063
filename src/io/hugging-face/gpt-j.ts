/**
 * GPT-J: no biases in the attention, one on the logits.
 *
 * @module
 */
import { gptjBlock, languageModel, network } from '../../model/index.ts';
import { ACTIVATION_NAMES } from './activations.ts';
import { below, type FamilyDescription } from './description.ts';
import type { ConfigOptions } from './options.ts';
import { placesOf } from './places.ts';

const MASKS = /\.attn\.(?:bias|masked_bias|embed_positions)$/;

const BLOCK: Readonly<Record<string, string>> = {
  'layer.Wq': 'attn.q_proj.weight',
  'layer.Wk': 'attn.k_proj.weight',
  'layer.Wv': 'attn.v_proj.weight',
  'layer.Wo': 'attn.out_proj.weight',
  'mlp.W1': 'mlp.fc_in.weight',
  'mlp.b1': 'mlp.fc_in.bias',
  'mlp.W2': 'mlp.fc_out.weight',
  'mlp.b2': 'mlp.fc_out.bias',
  'norm1.g': 'ln_1.weight',
  'norm1.b': 'ln_1.bias',
};

export function gptj(options: ConfigOptions): FamilyDescription {
  const width = options.size(['n_embd', 'hidden_size']);
  const heads = options.size(['n_head', 'num_attention_heads']);
  if (width % heads !== 0) throw options.refused('n_head', `a divisor of n_embd ${width}`);
  // Null would make angles for the whole width, which fits no head.
  const rotated = options.size('rotary_dim', 64);
  if (options.value('rotary_dim').value === null || rotated % 2 !== 0 || rotated > width / heads) {
    throw options.refused('rotary_dim', `even and at most n_embd/n_head ${width / heads}`);
  }
  const hidden = options.size('n_inner', 4 * width);
  const layers = options.count(['n_layer', 'num_hidden_layers']);
  const epsilon = options.positive('layer_norm_epsilon', 1e-5);
  const activation = options.choice('activation_function', ACTIVATION_NAMES, 'gelu_new');
  const tied = options.flag('tie_word_embeddings', false);
  const block = gptjBlock({ width, heads, hidden, epsilon, rotated, activation });
  const model = languageModel({
    ...{ network: network(Array.from({ length: layers }, () => block)), finalNorm: 'layer' },
    ...{ vocabulary: options.size('vocab_size'), epsilon, tied, logitBias: true },
  });
  return {
    model,
    places: placesOf(model.shapes, {
      blocks: 'h',
      around: {
        ...{ E: 'wte.weight', U: 'lm_head.weight', u: 'lm_head.bias' },
        ...{ 'final.g': 'ln_f.weight', 'final.b': 'ln_f.bias' },
      },
      block: (name) => BLOCK[name],
    }),
    prefixes: below('transformer'),
    ignored: [MASKS],
    copyOfEmbeddings: tied ? 'lm_head.weight' : null,
  };
}
