/**
 * Random checkpoints as folders, patched.
 *
 * @module
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eager } from '../../src/autograd/index.ts';
import { type NetworkPatch, type NetworkPatchOptions, networkPatch } from '../../src/icl/index.ts';
import { type Checkpoint, loadCheckpoint, writeSafetensors } from '../../src/io/index.ts';
import { type RandomCheckpoint, randomTensors, textConfig } from './random-checkpoints.ts';
import {
  type RestatedOptions,
  restatedLogits,
  type StoredTensors,
} from './restated-checkpoints.ts';
import { temporaryFolder } from './run-cli.ts';

/** A prompt whose removed tokens lie inside: a window of three tokens misses one, one of two sees another that stays. */
export const IDS: readonly number[] = [3, 0, 7, 10, 7, 1, 4, 9];
export const KEEP: readonly number[] = [0, 4, 6, 7];

export interface RandomFolder {
  readonly folder: string;
  readonly checkpoint: Checkpoint;
  readonly tensors: StoredTensors;
  /** Logits at the last of the kept tokens by plain loops, as changed by an adapter or other tensors. */
  readonly restated: (options: RestatedOptions, tensors?: StoredTensors) => Float64Array;
  /** The same with every token there. */
  readonly contextual: Float64Array;
  readonly patch: (options: NetworkPatchOptions) => NetworkPatch;
}

/** Writes the checkpoint, loads it, and restates it. */
export function randomFolder(random: RandomCheckpoint, seed: number): RandomFolder {
  const folder = temporaryFolder();
  const tensors = randomTensors(random, seed);
  writeFileSync(join(folder, 'config.json'), JSON.stringify(random.config));
  writeSafetensors(
    join(folder, 'model.safetensors'),
    [...tensors].map(([name, tensor]) => ({ name, dtype: 'F64', ...tensor })),
  );
  const checkpoint = loadCheckpoint(folder);
  const { model, parameters } = checkpoint;
  const kept = KEEP.map((t) => IDS[t]);
  const logits = (
    ids: readonly number[],
    options: RestatedOptions,
    own = tensors,
  ): Float64Array => {
    const all = restatedLogits(textConfig(random), own, random.prefix, ids, options);
    return Float64Array.from(all[ids.length - 1]);
  };
  return {
    ...{ folder, checkpoint, tensors },
    restated: (options, own) => logits(kept, { positions: KEEP, ...options }, own),
    contextual: logits(IDS, {}),
    patch: (options) => {
      const positions = IDS.map((_, t) => t);
      const stream = model.embed(eager, parameters, IDS, positions);
      return networkPatch(model.options.network, parameters, stream, KEEP, options);
    },
  };
}
