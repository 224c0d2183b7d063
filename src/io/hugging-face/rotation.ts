/**
 * Rotary positions of a configuration.
 *
 * θ is `rope_theta` (of NeoX `rotary_emb_base`), what is done to the frequencies `rope_scaling`; newer files have both
 * in `rope_parameters`. The kinds default, linear and llama3 are read. The others are refused: they depend on
 * the length of the text (dynamic, longrope), or scale the scores as well (yarn).
 *
 * @module
 */
import type { RopeScaling } from '../../autograd/index.ts';
import type { RotarySizes } from '../../model/index.ts';
import type { ConfigOptions } from './options.ts';

export type Rotation = Required<Pick<RotarySizes, 'ropeBase'>> & Pick<RotarySizes, 'ropeScaling'>;

/**
 * The rotation of all layers, with the θ of the family where the file has none. `share` is what part of each head the
 * family turns.
 */
export function rotation(options: ConfigOptions, theta: number, share = 1): Rotation {
  const newer = options.record('rope_parameters');
  const older = options.record('rope_scaling');
  const inside = newer?.positive('rope_theta', theta) ?? theta;
  const scaling = newer ?? older;
  return {
    ropeBase: options.positive(['rope_theta', 'rotary_emb_base'], inside),
    ...(scaling && frequencies(scaling, share)),
  };
}

/** Of one record of `rope_parameters`, where each kind of layer has its own. */
export const rotationOf = (record: ConfigOptions, theta: number): Rotation => ({
  ropeBase: record.positive('rope_theta', theta),
  ...frequencies(record, 1),
});

const KINDS: ReadonlyMap<string, 'default' | RopeScaling['kind']> = new Map([
  ['default', 'default'],
  ['linear', 'linear'],
  ['llama3', 'llama3'],
]);

function frequencies(options: ConfigOptions, share: number): Pick<Rotation, 'ropeScaling'> {
  const kind = options.choice(['rope_type', 'type'], KINDS, 'default');
  if (options.number('partial_rotary_factor', share) !== share) {
    throw options.refused('partial_rotary_factor', `${share}`);
  }
  if (kind === 'default') return {};
  const factor = options.positive('factor');
  if (kind === 'linear') return { ropeScaling: { kind, factor } };
  const low = options.positive('low_freq_factor');
  const high = options.positive('high_freq_factor');
  if (!(high > low)) throw options.refused('high_freq_factor', `above low_freq_factor ${low}`);
  const trainedLength = options.positive('original_max_position_embeddings');
  return { ropeScaling: { kind, factor, low, high, trainedLength } };
}
