/**
 * Mixtral: every layer has experts and a router.
 *
 * @module
 */
import { mixtralBlock } from '../../model/index.ts';
import { ACTIVATION_NAMES } from './activations.ts';
import { blocksOf, decoder, decoderSizes, TWO_NORMS } from './decoder.ts';
import type { FamilyDescription } from './description.ts';
import type { ConfigOptions } from './options.ts';
import { rotation } from './rotation.ts';
import { windowOption, windowsOf } from './windows.ts';

/** w1 is the gate, w3 goes up, w2 goes down. */
const EXPERT: Readonly<Record<string, string>> = { Wg: 'w1', Wu: 'w3', Wd: 'w2' };

export function mixtral(options: ConfigOptions): FamilyDescription {
  const sizes = decoderSizes(options, { kvHeads: 8, epsilon: 1e-5, tied: false });
  const experts = options.count('num_local_experts', 8);
  if (experts * sizes.layers > options.limits.tensors) {
    throw options.refused('num_local_experts', 'such that every layer has tensors for its experts');
  }
  const selected = options.count('num_experts_per_tok', 2);
  if (selected > experts) throw options.refused('num_experts_per_tok', `at most ${experts}`);
  const window = options.optional('sliding_window', null);
  const windows = windowsOf(options, sizes.layers, window, () => true);
  const same = {
    ...sizes,
    ...rotation(options, 1e6),
    ...{ experts, selected },
    activation: options.choice('hidden_act', ACTIVATION_NAMES, 'silu'),
  };
  const block = (l: number) => mixtralBlock({ ...same, ...windowOption(windows[l]) });
  return decoder(sizes, 'rms', TWO_NORMS, blocksOf(sizes, block), {}, (name) => {
    if (name === 'mlp.Wr') return 'block_sparse_moe.gate.weight';
    const [, e, letter] = /^mlp\.experts\.(\d+)\.(W[gud])$/.exec(name) ?? [];
    return e && `block_sparse_moe.experts.${e}.${EXPERT[letter]}.weight`;
  });
}
