/**
 * Activations by the names that configurations give them.
 *
 * Not here, and refused by name: `gelu_fast` and `quick_gelu`, which are other functions than those they approximate.
 *
 * @module
 */
import type { ActivationName } from '../../model/index.ts';

export const ACTIVATION_NAMES: ReadonlyMap<string, ActivationName> = new Map([
  ['gelu', 'gelu'],
  ['gelu_python', 'gelu'],
  ['gelu_new', 'geluTanh'],
  ['gelu_pytorch_tanh', 'geluTanh'],
  ['gelu_accurate', 'geluTanh'],
  ['silu', 'silu'],
  ['swish', 'silu'],
  ['relu', 'relu'],
  ['tanh', 'tanh'],
  ['sigmoid', 'sigmoid'],
]);
