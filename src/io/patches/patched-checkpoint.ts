/**
 * Patches added into the weights: a checkpoint like any other, in float64.
 *
 * @module
 */
import { join } from 'node:path';
import { type NetworkPatches, withNetworkPatch } from '../../icl/index.ts';
import { DomainError } from '../../linalg/index.ts';
import { FileError, readIfThere, writeWhole } from '../files.ts';
import { refusing } from '../format-error.ts';
import { parseJson } from '../hugging-face/describe.ts';
import type { Checkpoint } from '../hugging-face/load.ts';
import { fullName, tensorsOf } from '../hugging-face/parameters.ts';
import type { Place } from '../hugging-face/places.ts';
import { writeSafetensors } from '../safetensors-writer.ts';
import { moduleOf, parameterPlace } from './modules.ts';

/** The files that are copied as they are, where the model has them. */
const COPIED = [
  ...['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json'],
  ...['generation_config.json', 'chat_template.jinja'],
];

/**
 * Writes a checkpoint of the patched weights into `folder`, laid out as that in `source`, and returns its files.
 * Its `config.json` says float64, so that other programs read the numbers as they are.
 *
 * Each weight is fl(W + fl(p·vᵀ)). Of two tensors only one is in memory beside the parameters.
 *
 * @throws DomainError for a mode other than everywhere, and for a change of a bias that the model does not have, naming
 * it; FileError if a file cannot be read or written.
 */
export function writePatchedCheckpoint(
  folder: string,
  source: string,
  checkpoint: Checkpoint,
  found: NetworkPatches,
): string[] {
  requireBiases(checkpoint, found);
  const { model, places, prefix } = checkpoint;
  const parameters = withNetworkPatch(model.options.network, checkpoint.parameters, found);
  const users = new Map<string, [name: string, place: Place][]>();
  for (const [name, place] of Object.entries(places)) {
    const tensor = fullName(place, prefix);
    users.set(tensor, [...(users.get(tensor) ?? []), [name, place]]);
  }
  const weights = join(folder, 'model.safetensors');
  const tensors = [...users].map(([name, own]) => ({
    ...{ name, shape: own[0][1].shape, dtype: 'F64' as const },
    data: () => {
      const only = { ...checkpoint, places: Object.fromEntries(own) };
      return tensorsOf(only, prefix, parameters).get(name)?.data ?? new Float64Array();
    },
  }));
  writeSafetensors(weights, tensors, new Map([['format', 'pt']]));
  const config = join(folder, 'config.json');
  writeWhole(config, configIn(source));
  return [config, weights, ...copyFiles(source, folder)];
}

/** A bias that the configuration does not speak of would be read by nobody. */
function requireBiases(checkpoint: Checkpoint, { patches }: NetworkPatches): void {
  patches.forEach(([patch], l) => {
    for (const bias of Object.keys(patch?.biases ?? {})) {
      if (Object.hasOwn(checkpoint.places, `blocks.${l}.mlp.${bias}`)) continue;
      const { inputs, outputs } = checkpoint.model.options.network.blocks[l].feedForward;
      const weight = [...inputs, ...outputs].find((site) => site.bias === bias)?.weight;
      const module = moduleOf(checkpoint, parameterPlace(checkpoint, l, `mlp.${weight}`));
      throw new DomainError(
        `writePatchedCheckpoint: a bias that the model has is required, got a change of that of ${module}, which ` +
          'has none; the variant default leaves it alone',
      );
    }
  });
}

function configIn(source: string): string {
  const path = join(source, 'config.json');
  const bytes = readIfThere(path);
  const refuse = refusing('writePatchedCheckpoint', path);
  if (bytes === undefined) throw new FileError(`writePatchedCheckpoint: ${path} is gone`);
  const config = parseJson(new TextDecoder().decode(bytes), refuse);
  if (typeof config !== 'object' || config === null)
    throw refuse('an object is required', 'another');
  const name = 'dtype' in config ? 'dtype' : 'torch_dtype';
  return `${JSON.stringify({ ...config, [name]: 'float64' }, null, 2)}\n`;
}

function copyFiles(source: string, folder: string): string[] {
  return COPIED.flatMap((name) => {
    const bytes = readIfThere(join(source, name));
    if (bytes === undefined) return [];
    writeWhole(join(folder, name), bytes);
    return [join(folder, name)];
  });
}
