/**
 * From a `config.json` to a model: which family it is of, and what that family says.
 *
 * @module
 */
import { quoted, type Refuse, refusing } from '../format-error.ts';
import type { TensorInfo } from '../safetensors-header.ts';
import type { Description, FamilyDescription } from './description.ts';
import { gemma } from './gemma.ts';
import { gemma2 } from './gemma2.ts';
import { gemma3, gemma3Text } from './gemma3.ts';
import { gptj } from './gpt-j.ts';
import { gptNeox } from './gpt-neox.ts';
import { gpt2 } from './gpt2.ts';
import { llama } from './llama.ts';
import { mistral } from './mistral.ts';
import { mixtral } from './mixtral.ts';
import { ConfigOptions, type Limits } from './options.ts';
import { qwen2 } from './qwen2.ts';
import { qwen3 } from './qwen3.ts';
import { requireNothingElse } from './refused-options.ts';

/** By `model_type`. */
export const MODEL_TYPES: ReadonlyMap<string, (options: ConfigOptions) => FamilyDescription> =
  new Map([
    ['gpt2', gpt2],
    ['gpt_neox', gptNeox],
    ['gptj', gptj],
    ['llama', llama],
    ['mistral', mistral],
    ['qwen2', qwen2],
    ['qwen3', qwen3],
    ['gemma', gemma],
    ['gemma2', gemma2],
    ['gemma3_text', gemma3Text],
    ['gemma3', gemma3],
    ['mixtral', mixtral],
  ]);

/**
 * The model that a configuration describes, for the tensors that are there.
 *
 * `config` is what JSON.parse gave; `path` stands in errors.
 *
 * @throws FormatError naming the option and its value: an unknown `model_type`, a size that is missing, no size or
 * larger than anything among the tensors, an option that this engine does not have.
 */
export function describeModel(
  config: unknown,
  tensors: ReadonlyMap<string, Pick<TensorInfo, 'shape'>>,
  path: string,
): Description {
  const refuse = refusing('describeModel', path);
  const options = new ConfigOptions(config, limitsOf(tensors), refuse);
  const { value: modelType } = options.value('model_type');
  const family = typeof modelType === 'string' ? MODEL_TYPES.get(modelType) : undefined;
  if (typeof modelType !== 'string' || family === undefined) {
    throw options.refused('model_type', `one of ${[...MODEL_TYPES.keys()].join(', ')}`);
  }
  const found = family(options);
  requireNothingElse(options, modelType);
  const text = modelType === 'gemma3' ? options.record('text_config') : null;
  const either = (name: string): readonly number[] => {
    const own = options.ids(name);
    return own.length > 0 ? own : (text?.ids(name) ?? []);
  };
  const context = (text ?? options).number(['max_position_embeddings', 'n_positions'], 0);
  return {
    ...found,
    modelType,
    context: context > 0 ? context : null,
    beginToken: either('bos_token_id')[0] ?? null,
    endTokens: either('eos_token_id'),
  };
}

function limitsOf(tensors: ReadonlyMap<string, Pick<TensorInfo, 'shape'>>): Limits {
  let size = 0;
  for (const { shape } of tensors.values()) {
    for (const each of shape) size = Math.max(size, each);
  }
  return { tensors: tensors.size, size };
}

/** The value of a JSON text. @throws FormatError made by `refuse` if it is none. */
export function parseJson(text: string, refuse: Refuse): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw refuse('JSON is required', quoted(error instanceof Error ? error.message : ''));
  }
}
