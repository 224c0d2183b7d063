/**
 * A folder as Hugging Face lays it out: `config.json` beside `model.safetensors` or its shards.
 *
 * @module
 */
import { join } from 'node:path';
import { FileError, readIfThere } from '../files.ts';
import { refusing } from '../format-error.ts';
import { openWeights } from '../safetensors-shards.ts';
import { describeModel, parseJson } from './describe.ts';
import type { Description } from './description.ts';
import { type Loaded, loadParameters } from './parameters.ts';

/** A model and its parameters, ready to be run. */
export interface Checkpoint extends Description, Loaded {}

const CONFIG = 'config.json';

/**
 * The checkpoint in a folder, its numbers widened exactly to float64.
 *
 * @throws FileError if a file is missing or cannot be read; FormatError naming the file and what is wrong: the
 * option that this engine does not have, the tensor that does not fit, a number that is not finite.
 */
export function loadCheckpoint(folder: string): Checkpoint {
  const path = join(folder, CONFIG);
  const bytes = readIfThere(path);
  if (bytes === undefined) {
    throw new FileError(`loadCheckpoint: ${folder} must hold ${CONFIG}, got none`);
  }
  const config = parseJson(new TextDecoder().decode(bytes), refusing('loadCheckpoint', path));
  const weights = openWeights(folder, { finite: true });
  try {
    const description = describeModel(config, weights.tensors, path);
    return { ...description, ...loadParameters(description, weights, folder) };
  } finally {
    weights.close();
  }
}
