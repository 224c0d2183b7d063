/**
 * A checkpoint of GPT-2's shape with random weights, as Hugging Face lays it out in float32.
 *
 * A tensor is drawn when its turn to be written comes, so the largest one is all that is in memory.
 *
 * @module
 */
import { join } from 'node:path';
import { type TensorToWrite, writeSafetensors, writeWhole } from '../../src/io/index.ts';
import { Random } from '../../src/linalg/index.ts';

export interface Gpt2Sizes {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly hidden: number;
  readonly vocabulary: number;
  readonly positions: number;
}

/** GPT-2 of 124 million parameters. */
export const GPT2_124M: Gpt2Sizes = {
  layers: 12,
  width: 768,
  heads: 12,
  hidden: 3072,
  vocabulary: 50257,
  positions: 1024,
};

/** Standard deviation of weights: what GPT-2's training began with. */
const SPREAD = 0.02;

/**
 * Writes config.json and model.safetensors into a folder; returns how many numbers there are.
 *
 * Every tensor is drawn from its own stream of the seed, uniformly: gains about 1, all else about 0. Biases and
 * shifts are not 0, so that whatever adds them is seen.
 */
export function writeRandomGpt2(folder: string, sizes: Gpt2Sizes, seed: number): number {
  const tensors = shapesOf(sizes).map(([name, ...shape], stream): TensorToWrite => {
    const middle = /ln_\w+\.weight$/.test(name) ? 1 : 0;
    return { name, dtype: 'F32', shape, data: () => drawn(countOf(shape), middle, seed, stream) };
  });
  writeWhole(join(folder, 'config.json'), `${JSON.stringify(configOf(sizes), null, 2)}\n`);
  writeSafetensors(join(folder, 'model.safetensors'), tensors, new Map([['format', 'pt']]));
  return tensors.reduce((sum, { shape }) => sum + countOf(shape), 0);
}

const countOf = (shape: readonly number[]): number => shape.reduce((x, y) => x * y, 1);

/** Numbers of the given mean and the standard deviation SPREAD: U(−√3·SPREAD, √3·SPREAD) has it. */
function drawn(count: number, middle: number, seed: number, stream: number): Float64Array {
  const data = new Float64Array(count);
  const limit = Math.sqrt(3) * SPREAD;
  new Random(seed, stream).fillUniform(data, middle - limit, middle + limit);
  return data;
}

const configOf = ({ layers, width, heads, hidden, vocabulary, positions }: Gpt2Sizes) => ({
  architectures: ['GPT2LMHeadModel'],
  model_type: 'gpt2',
  n_embd: width,
  n_head: heads,
  n_inner: hidden,
  n_layer: layers,
  n_positions: positions,
  vocab_size: vocabulary,
  activation_function: 'gelu_new',
  layer_norm_epsilon: 1e-5,
});

type Shape = readonly [name: string, ...shape: number[]];

/** GPT-2's tensors: maps stored [in, out], queries, keys and values side by side. */
function shapesOf({ layers, width, hidden, vocabulary, positions }: Gpt2Sizes): Shape[] {
  const map = (name: string, into: number, out: number): Shape[] => [
    [`${name}.weight`, into, out],
    [`${name}.bias`, out],
  ];
  const norm = (name: string): Shape[] => [
    [`${name}.weight`, width],
    [`${name}.bias`, width],
  ];
  const blocks = Array.from({ length: layers }, (_, l) => {
    const at = `transformer.h.${l}`;
    return [
      ...norm(`${at}.ln_1`),
      ...map(`${at}.attn.c_attn`, width, 3 * width),
      ...map(`${at}.attn.c_proj`, width, width),
      ...norm(`${at}.ln_2`),
      ...map(`${at}.mlp.c_fc`, width, hidden),
      ...map(`${at}.mlp.c_proj`, hidden, width),
    ];
  });
  return [
    ['transformer.wte.weight', vocabulary, width],
    ['transformer.wpe.weight', positions, width],
    ...blocks.flat(),
    ...norm('transformer.ln_f'),
  ];
}
