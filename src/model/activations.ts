/**
 * Activations, with what a rounding bound needs to know of them.
 *
 * @module
 */
import { type Op, relu } from '../autograd/index.ts';

export interface Activation {
  readonly op: Op;
  /** A Lipschitz constant on the whole line. */
  readonly lipschitz: number;
  /** Relative error of one evaluation: |ĝ − g| ≤ relativeError·|g|. */
  readonly relativeError: number;
}

export type ActivationName = 'relu';

/** By name. max(x, 0) is computed without rounding. */
export const ACTIVATIONS: Readonly<Record<ActivationName, Activation>> = {
  relu: { op: relu, lipschitz: 1, relativeError: 0 },
};
