/**
 * The three-layer perceptron: two hidden layers.
 *
 * @module
 */
import { addBias, linear as linearMap } from '../../autograd/index.ts';
import { ACTIVATIONS, requireActivation } from '../activations.ts';
import { requireSizes } from '../contextual-layer.ts';
import { biasShape, weightShape } from '../parameters.ts';
import type { FeedForward } from './feed-forward.ts';
import type { MlpOptions } from './mlp.ts';

/**
 * y = W3·g(W2·g(W1·z + b1) + b2) + b3 for each row z, both hidden layers of `hidden` entries.
 *
 * A patch changes W1, which reads z, and W3 or b3, which give y. W2 lies between them and is left alone:
 * where its input is contextual, so is its output.
 *
 * Parameters: W1 hidden×width, W2 hidden×hidden, W3 outputWidth×hidden, and b1, b2, b3 unless `biases`
 * is false.
 *
 * @throws DomainError if a size is not a positive integer or the activation is unknown.
 */
export function deepMlp(options: MlpOptions): FeedForward {
  const { width, hidden, outputWidth, activation, biases = true } = options;
  requireSizes('deepMlp', { width, hidden, outputWidth });
  requireActivation('deepMlp', activation);
  const input = { weight: 'W1', bias: 'b1' };
  const output = { weight: 'W3', bias: 'b3' };
  const { op } = ACTIVATIONS[activation];
  return {
    kind: 'deep-mlp',
    width,
    outputWidth,
    shapes: {
      W1: weightShape(hidden, width),
      ...(biases && { b1: biasShape(hidden, width) }),
      W2: weightShape(hidden, hidden),
      ...(biases && { b2: biasShape(hidden, hidden) }),
      W3: weightShape(outputWidth, hidden),
      ...(biases && { b3: biasShape(outputWidth, hidden) }),
    },
    inputs: [input],
    outputs: [output],
    forward({ on, p, linear }, z) {
      const first = on.apply(op, linear(input, z));
      const product = on.apply(linearMap, first, p.W2);
      const second = biases ? on.apply(addBias, product, p.b2) : product;
      return linear(output, on.apply(op, second));
    },
  };
}
