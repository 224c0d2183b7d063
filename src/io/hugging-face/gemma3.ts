/**
 * Gemma 3, the part that reads text: normalised queries and keys, five sliding layers before each full one, and
 * two rotations.
 *
 * It may stand by itself (`gemma3_text`) or inside a model that sees pictures too (`gemma3`, options in
 * `text_config`), whose other parts are left unread.
 *
 * @module
 */
import { gemmaBlock } from '../../model/index.ts';
import { ACTIVATION_NAMES } from './activations.ts';
import { blocksOf, decoder, decoderSizes, FOUR_NORMS } from './decoder.ts';
import type { FamilyDescription, Prefix } from './description.ts';
import { gemmaLogits, gemmaScores } from './gemma2.ts';
import type { ConfigOptions } from './options.ts';
import { requireNothingElse } from './refused-options.ts';
import { type Rotation, rotation, rotationOf } from './rotation.ts';
import { windowOption, windowsOf } from './windows.ts';

const INSIDE: readonly Prefix[] = [
  { body: 'language_model.model.', head: 'language_model.' },
  { body: 'model.language_model.', head: '' },
];
const PICTURES = /^(?:model\.)?(?:vision_tower|multi_modal_projector)\./;

export function gemma3Text(options: ConfigOptions): FamilyDescription {
  const sizes = decoderSizes(options, {
    ...{ heads: 8, kvHeads: 4, headWidth: 256, vocabulary: 262_208 },
    ...{ epsilon: 1e-6, tied: true },
  });
  const window = options.optional('sliding_window', 4096);
  const pattern = options.positive(['sliding_window_pattern', '_sliding_window_pattern'], 6);
  if (!Number.isInteger(pattern)) throw options.refused('sliding_window_pattern', 'an integer');
  const windows = windowsOf(options, sizes.layers, window, (l) => (l + 1) % pattern !== 0);
  const { full, sliding } = rotations(options);
  const same = {
    ...sizes,
    ...gemmaScores(options, null),
    activation: options.choice('hidden_activation', ACTIVATION_NAMES, 'gelu_pytorch_tanh'),
    attentionBiases: options.flag('attention_bias', false),
    qkNorm: { epsilon: sizes.epsilon, offset: 1 as const },
  };
  const block = (l: number) =>
    gemmaBlock({
      ...same,
      ...(windows[l] === undefined ? full : sliding),
      ...windowOption(windows[l]),
    });
  const logits = gemmaLogits(options, null);
  return decoder(sizes, 'rms+1', FOUR_NORMS, blocksOf(sizes, block), logits);
}

/** The rotation of full layers, which alone may be scaled, and that of sliding ones. */
function rotations(options: ConfigOptions): { full: Rotation; sliding: Rotation } {
  const local = options.positive('rope_local_base_freq', 10000);
  const newer = options.record('rope_parameters');
  const [full, sliding] = [newer?.record('full_attention'), newer?.record('sliding_attention')];
  if (!full || !sliding) {
    return { full: rotation(options, 1e6), sliding: { ropeBase: local } };
  }
  return { full: rotationOf(full, 1e6), sliding: rotationOf(sliding, local) };
}

export function gemma3(options: ConfigOptions): FamilyDescription {
  const text = options.record('text_config');
  if (!text) throw options.refused('text_config', 'the options of the part that reads text');
  const own = gemma3Text(text);
  requireNothingElse(text, 'gemma3_text');
  return { ...own, prefixes: [...INSIDE, ...own.prefixes], ignored: [...own.ignored, PICTURES] };
}
