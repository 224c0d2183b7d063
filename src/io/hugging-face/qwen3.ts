/**
 * Qwen3: queries and keys of each head normalised.
 *
 * @module
 */
import { llamaBlock } from '../../model/index.ts';
import { ACTIVATION_NAMES } from './activations.ts';
import { blocksOf, decoder, decoderSizes, TWO_NORMS } from './decoder.ts';
import type { FamilyDescription } from './description.ts';
import type { ConfigOptions } from './options.ts';
import { qwenWindows } from './qwen2.ts';
import { rotation } from './rotation.ts';
import { windowOption } from './windows.ts';

export function qwen3(options: ConfigOptions): FamilyDescription {
  const defaults = { kvHeads: 32, headWidth: 128, epsilon: 1e-6, tied: false };
  const sizes = decoderSizes(options, defaults);
  const windows = qwenWindows(options, sizes.layers);
  const same = {
    ...sizes,
    ...rotation(options, 10000),
    activation: options.choice('hidden_act', ACTIVATION_NAMES, 'silu'),
    attentionBiases: options.flag('attention_bias', false),
    qkNorm: { epsilon: sizes.epsilon },
  };
  const block = (l: number) => llamaBlock({ ...same, ...windowOption(windows[l]) });
  return decoder(sizes, 'rms', TWO_NORMS, blocksOf(sizes, block));
}
