/**
 * Qwen2: biases of queries, keys and values; the upper layers may have a sliding window.
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

export function qwen2(options: ConfigOptions): FamilyDescription {
  const sizes = decoderSizes(options, { kvHeads: 32, epsilon: 1e-6, tied: false });
  const windows = qwenWindows(options, sizes.layers);
  const same = {
    ...sizes,
    ...rotation(options, 10000),
    activation: options.choice('hidden_act', ACTIVATION_NAMES, 'silu'),
    qkvBiases: true,
  };
  const block = (l: number) => llamaBlock({ ...same, ...windowOption(windows[l]) });
  return decoder(sizes, 'rms', TWO_NORMS, blocksOf(sizes, block));
}

/** With `use_sliding_window` the layers from `max_window_layers` on slide. */
export function qwenWindows(
  options: ConfigOptions,
  layers: number,
): readonly (number | undefined)[] {
  const slides = options.flag('use_sliding_window', false);
  const window = options.optional('sliding_window', 4096);
  const first = options.number('max_window_layers', 28);
  return windowsOf(options, layers, slides ? window : null, (l) => l >= first);
}
