/**
 * The two-layer perceptron.
 *
 * @module
 */
import { ACTIVATIONS, type ActivationName, requireActivation } from '../activations.ts';
import { requireSizes } from '../contextual-layer.ts';
import { biasShape, weightShape } from '../parameters.ts';
import type { FeedForward } from './feed-forward.ts';

export interface MlpOptions {
  /** Entries of the input. */
  readonly width: number;
  readonly hidden: number;
  readonly outputWidth: number;
  readonly activation: ActivationName;
  /** Default: true. */
  readonly biases?: boolean;
}

/**
 * y = W2·g(W1·z + b1) + b2 for each row z.
 *
 * Parameters: W1 hidden×width, W2 outputWidth×hidden, and b1, b2 unless `biases` is false.
 *
 * @throws DomainError if a size is not a positive integer or the activation is unknown.
 */
export function mlp(options: MlpOptions): FeedForward {
  const { width, hidden, outputWidth, activation, biases = true } = options;
  requireSizes('mlp', { width, hidden, outputWidth });
  requireActivation('mlp', activation);
  const input = { weight: 'W1', bias: 'b1' };
  const output = { weight: 'W2', bias: 'b2' };
  return {
    kind: 'mlp',
    width,
    outputWidth,
    shapes: {
      W1: weightShape(hidden, width),
      ...(biases && { b1: biasShape(hidden, width) }),
      W2: weightShape(outputWidth, hidden),
      ...(biases && { b2: biasShape(outputWidth, hidden) }),
    },
    inputs: [input],
    outputs: [output],
    forward: ({ on, linear }, z) =>
      linear(output, on.apply(ACTIVATIONS[activation].op, linear(input, z))),
  };
}
