/**
 * The two-layer perceptron that follows a contextual layer.
 *
 * @module
 */
import { add, addBias, type Evaluator, linear } from '../autograd/index.ts';
import { matrix, type RankOne } from '../linalg/index.ts';
import { ACTIVATIONS, type ActivationName } from './activations.ts';
import { biasShape, type ParameterShapes, type Parameters, weightShape } from './parameters.ts';

export interface MlpOptions {
  /** Entries of the input. */
  readonly width: number;
  readonly hidden: number;
  readonly outputWidth: number;
  readonly activation: ActivationName;
}

/** What an evaluation of the perceptron passes through, one row an input. */
export interface MlpValues<V> {
  /** z = W1·a + b1 */
  readonly preActivation: V;
  /** h = g(z) */
  readonly hidden: V;
  /** W2·h + b2 */
  readonly output: V;
}

export interface Mlp {
  readonly options: MlpOptions;
  readonly shapes: ParameterShapes;
  /**
   * W2·g(W1·a + b1) + b2 for each row a. With `update` the first matrix is W1 + p·vᵀ, applied
   * factored: (W1·a + p·(v·a)) + b1. Biases are added after the sums.
   */
  forward<V>(on: Evaluator<V>, parameters: Parameters<V>, a: V, update?: RankOne): MlpValues<V>;
}

/** Parameters: W1 hidden×width, b1, W2 outputWidth×hidden, b2. */
export function mlp(options: MlpOptions): Mlp {
  const { width, hidden, outputWidth, activation } = options;
  return {
    options,
    shapes: {
      W1: weightShape(hidden, width),
      b1: biasShape(hidden, width),
      W2: weightShape(outputWidth, hidden),
      b2: biasShape(outputWidth, hidden),
    },
    forward(on, p, a, update) {
      let sum = on.apply(linear, a, p.W1);
      if (update) {
        const v = on.constant(matrix(1, width, update.v));
        const column = on.constant(matrix(hidden, 1, update.p));
        sum = on.apply(add, sum, on.apply(linear, on.apply(linear, a, v), column));
      }
      const preActivation = on.apply(addBias, sum, p.b1);
      const h = on.apply(ACTIVATIONS[activation].op, preActivation);
      const output = on.apply(addBias, on.apply(linear, h, p.W2), p.b2);
      return { preActivation, hidden: h, output };
    },
  };
}
