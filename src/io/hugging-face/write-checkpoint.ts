/**
 * A checkpoint with other parameters, laid out as the one that it came from.
 *
 * @module
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Parameters } from '../../model/index.ts';
import { FileError, readIfThere, writeWhole } from '../files.ts';
import { refusing } from '../format-error.ts';
import { openSafetensors } from '../safetensors-reader.ts';
import { writeSafetensors } from '../safetensors-writer.ts';
import { parseJson } from './describe.ts';
import type { Checkpoint } from './load.ts';
import { fullName, tensorsOf } from './parameters.ts';
import type { Place } from './places.ts';

/** What the metadata of a checkpoint that was written here says under 'deltaw'. */
const CHANGED = 'changed weights';

/** Whether the folder holds a checkpoint, and one that was not written here: none that may be written over. */
export function holdsForeignCheckpoint(folder: string): boolean {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const its = names.filter(
    (name) => name === 'config.json' || /\.safetensors(\.index\.json)?$/.test(name),
  );
  if (its.length === 0) return false;
  if (!names.includes('model.safetensors')) return true;
  try {
    const opened = openSafetensors(join(folder, 'model.safetensors'));
    const mark = opened.metadata.get('deltaw');
    opened.close();
    return mark !== CHANGED || its.length > 2;
  } catch {
    return true; // damaged, or something else
  }
}

/** The files that are copied as they are, where the model has them. */
const COPIED = [
  ...['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json'],
  ...['generation_config.json', 'chat_template.jinja'],
];

/**
 * Writes a checkpoint of these parameters into `folder`, laid out as that in `source`, and returns its files. Its
 * `config.json` says float64, so that other programs read the numbers as they are; `loadCheckpoint` gives the
 * parameters back bit for bit.
 *
 * Of two tensors only one is in memory beside the parameters.
 *
 * @throws NonFiniteError naming a tensor with a number that is not finite; FileError if a file cannot be read or written.
 */
export function writeCheckpoint(
  folder: string,
  source: string,
  checkpoint: Checkpoint,
  parameters: Parameters,
): string[] {
  const { places, prefix } = checkpoint;
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
  writeSafetensors(
    weights,
    tensors,
    new Map([
      ['deltaw', CHANGED],
      ['format', 'pt'],
    ]),
  );
  const config = join(folder, 'config.json');
  writeWhole(config, configIn(source));
  return [config, weights, ...copyFiles(source, folder)];
}

function configIn(source: string): string {
  const path = join(source, 'config.json');
  const bytes = readIfThere(path);
  const refuse = refusing('writeCheckpoint', path);
  if (bytes === undefined) throw new FileError(`writeCheckpoint: ${path} is gone`);
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
