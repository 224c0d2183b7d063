/**
 * Gemma 2: four norms a block, scores and logits capped, a sliding window in every other layer from the first on.
 *
 * @module
 */
import { gemmaBlock } from '../../model/index.ts';
import { ACTIVATION_NAMES } from './activations.ts';
import { blocksOf, decoder, decoderSizes, FOUR_NORMS } from './decoder.ts';
import type { FamilyDescription } from './description.ts';
import type { ConfigOptions } from './options.ts';
import { rotation } from './rotation.ts';
import { windowOption, windowsOf } from './windows.ts';

export function gemma2(options: ConfigOptions): FamilyDescription {
  const sizes = decoderSizes(options, { kvHeads: 4, headWidth: 256, epsilon: 1e-6, tied: true });
  const window = options.optional('sliding_window', 4096);
  const windows = windowsOf(options, sizes.layers, window, (l) => l % 2 === 0);
  const same = {
    ...sizes,
    ...rotation(options, 10000),
    ...gemmaScores(options, 50),
    activation: options.choice('hidden_activation', ACTIVATION_NAMES, 'gelu_pytorch_tanh'),
    attentionBiases: options.flag('attention_bias', false),
  };
  const block = (l: number) => gemmaBlock({ ...same, ...windowOption(windows[l]) });
  const logits = gemmaLogits(options, 30);
  return decoder(sizes, 'rms+1', FOUR_NORMS, blocksOf(sizes, block), logits);
}

/** Scores are divided by √query_pre_attn_scalar, and capped. */
export function gemmaScores(
  options: ConfigOptions,
  cap: number | null,
): { readonly scale: number; readonly softCap?: number } {
  const scale = 1 / Math.sqrt(options.positive('query_pre_attn_scalar', 256));
  const softCap = options.optional('attn_logit_softcapping', cap);
  return { scale, ...(softCap !== null && { softCap }) };
}

/** The cap of the logits. */
export function gemmaLogits(
  options: ConfigOptions,
  cap: number | null,
): { readonly logitCap?: number } {
  const logitCap = options.optional('final_logit_softcapping', cap);
  return logitCap === null ? {} : { logitCap };
}
