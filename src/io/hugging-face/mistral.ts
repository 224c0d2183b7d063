/**
 * Mistral: Llama with a sliding window in every layer, unless it is null.
 *
 * @module
 */
import { llamaBlock } from '../../model/index.ts';
import { ACTIVATION_NAMES } from './activations.ts';
import { blocksOf, decoder, decoderSizes, TWO_NORMS } from './decoder.ts';
import type { FamilyDescription } from './description.ts';
import type { ConfigOptions } from './options.ts';
import { rotation } from './rotation.ts';
import { windowOption, windowsOf } from './windows.ts';

export function mistral(options: ConfigOptions): FamilyDescription {
  const sizes = decoderSizes(options, { kvHeads: 8, epsilon: 1e-6, tied: false });
  const window = options.optional('sliding_window', 4096);
  const windows = windowsOf(options, sizes.layers, window, () => true);
  const same = {
    ...sizes,
    ...rotation(options, 10000),
    activation: options.choice('hidden_act', ACTIVATION_NAMES, 'silu'),
  };
  const block = (l: number) => llamaBlock({ ...same, ...windowOption(windows[l]) });
  return decoder(sizes, 'rms', TWO_NORMS, blocksOf(sizes, block));
}
