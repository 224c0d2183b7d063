/**
 * Random checkpoints as folders on disk, as commands take them.
 *
 * @module
 */
import { join } from 'node:path';
import { writeSafetensors, writeWhole } from '../../src/io/index.ts';
import { RANDOM_CHECKPOINTS, randomTensors } from './random-checkpoints.ts';

/** Writes the checkpoint of this name into a folder, in float64 and with more options, and returns the folder. */
export function writeRandomCheckpoint(
  folder: string,
  name: string,
  more: Readonly<Record<string, unknown>> = {},
  seed = 91,
): string {
  const checkpoint = RANDOM_CHECKPOINTS.find((each) => each.name === name);
  if (!checkpoint) throw new Error(`writeRandomCheckpoint: none is called ${name}`);
  const tensors = [...randomTensors(checkpoint, seed)].map(([tensor, { shape, data }]) => ({
    ...{ name: tensor, dtype: 'F64' as const, shape, data },
  }));
  writeWhole(join(folder, 'config.json'), JSON.stringify({ ...checkpoint.config, ...more }));
  writeSafetensors(join(folder, 'model.safetensors'), tensors);
  return folder;
}
