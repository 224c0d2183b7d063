/**
 * The modules of a Hugging Face model that the parameters of a block belong to.
 *
 * @module
 */
import type { Checkpoint } from '../hugging-face/load.ts';
import type { Place } from '../hugging-face/places.ts';

/** Where a parameter of block l is stored, by its name in the block or by that of its norm. */
export function parameterPlace({ places }: Checkpoint, l: number, name: string): Place {
  const at = `blocks.${l}.${name}`;
  const place = places[at] ?? places[`${at}.g`] ?? places[`${at}.w`];
  if (place === undefined) throw new Error(`parameterPlace: no tensor holds ${at}`);
  return place;
}

/**
 * The path of the module whose weight or bias is stored there, in the model that has a head:
 * `model.layers.0.mlp.gate_proj`. Checkpoints without a prefix are of the body alone, which the head's model
 * calls by the first prefix of the family.
 */
export function moduleOf({ prefix, prefixes }: Checkpoint, { tensor }: Place): string {
  const body = prefix.body === '' ? prefixes[0].body : prefix.body;
  return body + tensor.replace(/\.(?:weight|bias)$/, '');
}
