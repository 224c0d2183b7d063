/**
 * Gemma 1.
 *
 * Its files call the activation `gelu` and mean the form with tanh, which `hidden_activation` says where it is there;
 * transformers reads them so.
 *
 * @module
 */
import { gemma1Block } from '../../model/index.ts';
import { ACTIVATION_NAMES } from './activations.ts';
import { blocksOf, decoder, decoderSizes, TWO_NORMS } from './decoder.ts';
import type { FamilyDescription } from './description.ts';
import type { ConfigOptions } from './options.ts';
import { rotation } from './rotation.ts';

export function gemma(options: ConfigOptions): FamilyDescription {
  const sizes = decoderSizes(options, { kvHeads: 16, headWidth: 256, epsilon: 1e-6, tied: true });
  const older = options.choice('hidden_act', ACTIVATION_NAMES, 'gelu_pytorch_tanh');
  if (!older.startsWith('gelu')) throw options.refused('hidden_act', 'a gelu');
  const block = gemma1Block({
    ...sizes,
    ...rotation(options, 10000),
    activation: options.choice('hidden_activation', ACTIVATION_NAMES, 'gelu_pytorch_tanh'),
    attentionBiases: options.flag('attention_bias', false),
  });
  return decoder(
    sizes,
    'rms+1',
    TWO_NORMS,
    blocksOf(sizes, () => block),
  );
}
