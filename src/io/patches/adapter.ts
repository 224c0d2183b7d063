/**
 * Patches as a LoRA adapter that Hugging Face's `peft` loads: rank 1, a pair of factors for each matrix.
 *
 *   here                      there
 *   p = W·δ, m numbers        lora_B.weight, [m, 1]
 *   v = a/‖a‖², d numbers     lora_A.weight, [1, d]
 *   ΔW = p·vᵀ                 lora_B·lora_A·(lora_alpha/r), with r = lora_alpha = 1
 *
 * An adapter acts at every token, so its patches must be of mode everywhere. It holds matrices only, so nothing may
 * be left to a bias or the gain of a norm; the variant w1w2 leaves nothing to biases. Names are those of modules:
 * peft takes no notice of a name that it does not know, and the adapter would be silently zero.
 *
 * Source: huggingface/peft 0.20, tuners/lora and utils/save_and_load.
 *
 * @module
 */
import { join } from 'node:path';
import { type NetworkPatches, requireNetworkPatches } from '../../icl/index.ts';
import { DomainError, type RankOne } from '../../linalg/index.ts';
import { writeWhole } from '../files.ts';
import type { Checkpoint } from '../hugging-face/load.ts';
import { type TensorToWrite, writeSafetensors } from '../safetensors-writer.ts';
import { moduleOf, parameterPlace } from './modules.ts';

export interface AdapterOptions {
  /** The name of the model that the adapter is for, as Hugging Face knows it. */
  readonly baseModel: string;
  /** F64 is of use on a model in float64 only. Default: F32. */
  readonly dtype?: TensorToWrite['dtype'];
}

/** The files that an adapter consists of. */
export const ADAPTER_FILES = ['adapter_config.json', 'adapter_model.safetensors'] as const;

/**
 * Writes the adapter into a folder and returns its files: `adapter_config.json` and `adapter_model.safetensors`.
 *
 * With the adapter on, the model does at the last of the tokens that stay, at their original positions, what it does
 * without the adapter on all tokens: exactly but for the rounding of the factors to `dtype`.
 *
 * @throws DomainError for a mode other than everywhere, naming a bias or norm that must change, or a number
 * beyond float32; FileError if a file cannot be written.
 */
export function writeAdapter(
  folder: string,
  checkpoint: Checkpoint,
  found: NetworkPatches,
  { baseModel, dtype = 'F32' }: AdapterOptions,
): string[] {
  const updates = updatesOf(checkpoint, found);
  const tensors = updates.flatMap(({ module, update: { p, v } }): TensorToWrite[] => {
    const at = `base_model.model.${module}`;
    return [
      { name: `${at}.lora_A.weight`, dtype, shape: [1, v.length], data: v },
      { name: `${at}.lora_B.weight`, dtype, shape: [p.length, 1], data: p },
    ];
  });
  const config = {
    ...{ peft_type: 'LORA', task_type: 'CAUSAL_LM', base_model_name_or_path: baseModel },
    ...{ inference_mode: true, r: 1, lora_alpha: 1, lora_dropout: 0, bias: 'none' },
    ...{ lora_bias: false, use_rslora: false, use_dora: false, init_lora_weights: true },
    fan_in_fan_out: updates.some(({ transposed }) => transposed),
    target_modules: updates.map(({ module }) => module),
    ...{ rank_pattern: {}, alpha_pattern: {} },
  };
  const [configFile, weightsFile] = ADAPTER_FILES.map((name) => join(folder, name));
  writeSafetensors(weightsFile, tensors, new Map([['format', 'pt']]));
  writeWhole(configFile, `${JSON.stringify(config, null, 2)}\n`);
  return [configFile, weightsFile];
}

interface Update {
  readonly module: string;
  readonly transposed: boolean;
  readonly update: RankOne;
}

/** The changed matrices by the paths of their modules. */
function updatesOf(checkpoint: Checkpoint, found: NetworkPatches): Update[] {
  const { network } = checkpoint.model.options;
  requireNetworkPatches('writeAdapter', network, checkpoint.parameters, found);
  if (found.mode !== 'everywhere') {
    throw new DomainError(
      'writeAdapter: an adapter acts at every token, so patches of mode everywhere are required, got ' +
        `mode ${found.mode}`,
    );
  }
  return found.patches.flatMap(([patch], l) => {
    if (!patch) return [];
    const [bias] = Object.keys(patch.biases);
    if (bias !== undefined) {
      throw new DomainError(
        'writeAdapter: an adapter of matrices alone is required, as variant w1w2 gives it, got a change of ' +
          `the bias ${bias} of block ${l}`,
      );
    }
    const [norm] = Object.keys(patch.gains ?? {});
    if (norm !== undefined) {
      throw new DomainError(
        'writeAdapter: LoRA holds matrices alone, and no exact patch of this model leaves its norms as they are: ' +
          `the gain of ${moduleOf(checkpoint, parameterPlace(checkpoint, l, norm))} must change`,
      );
    }
    return Object.entries(patch.weights).map(([weight, update]) => {
      const place = parameterPlace(checkpoint, l, `mlp.${weight}`);
      return { module: moduleOf(checkpoint, place), transposed: place.transposed === true, update };
    });
  });
}
