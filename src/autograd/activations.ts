/**
 * The activations by name.
 *
 * @module
 */
import type { Op } from './op.ts';
import { gelu, geluTanh, relu, sigmoid, silu, softplus, tanh } from './ops/index.ts';

/** Names of operations on one matrix that act on each entry by itself. */
export type ActivationOpName =
  | 'relu'
  | 'gelu'
  | 'geluTanh'
  | 'silu'
  | 'tanh'
  | 'sigmoid'
  | 'softplus';

/** By name. */
export const ACTIVATION_OPS: Readonly<Record<ActivationOpName, Op>> = {
  relu,
  gelu,
  geluTanh,
  silu,
  tanh,
  sigmoid,
  softplus,
};
