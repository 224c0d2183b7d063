/**
 * Llama.
 *
 * @module
 */
import { llamaBlock } from '../../model/index.ts';
import { ACTIVATION_NAMES } from './activations.ts';
import { blocksOf, decoder, decoderSizes, TWO_NORMS } from './decoder.ts';
import type { FamilyDescription } from './description.ts';
import type { ConfigOptions } from './options.ts';
import { rotation } from './rotation.ts';
import { windowsOf } from './windows.ts';

export function llama(options: ConfigOptions): FamilyDescription {
  const sizes = decoderSizes(options, { epsilon: 1e-6, tied: false });
  windowsOf(options, sizes.layers, null, () => false); // layers of other types are refused there
  const block = llamaBlock({
    ...sizes,
    ...rotation(options, 10000),
    activation: options.choice('hidden_act', ACTIVATION_NAMES, 'silu'),
    attentionBiases: options.flag('attention_bias', false),
    mlpBiases: options.flag('mlp_bias', false),
  });
  return decoder(
    sizes,
    'rms',
    TWO_NORMS,
    blocksOf(sizes, () => block),
  );
}
