/**
 * The two-layer perceptron that follows a contextual layer.
 *
 * @module
 */
import type { Evaluator } from '../autograd/index.ts';
import { ACTIVATIONS, type ActivationName } from './activations.ts';
import { biasShape, type ParameterShapes, type Parameters, weightShape } from './parameters.ts';
import { type BlockPatch, linearSite, type Site } from './sites.ts';

export interface MlpOptions {
  /** Entries of the input. */
  readonly width: number;
  readonly hidden: number;
  readonly outputWidth: number;
  readonly activation: ActivationName;
}

/** What an evaluation of the perceptron passes through, one row an input. */
export interface MlpValues<V> {
  /** W1·z + b1 */
  readonly preActivation: V;
  /** h = g(W1·z + b1) */
  readonly hidden: V;
  /** W2·h + b2 */
  readonly update: V;
}

export interface Mlp {
  readonly options: MlpOptions;
  readonly shapes: ParameterShapes;
  /** The sites, in the order they are evaluated: what reads the input, and what gives the output. */
  readonly sites: { readonly input: Site; readonly output: Site };
  /** W2·g(W1·z + b1) + b2 for each row z, each site with its part of the patch. */
  forward<V>(on: Evaluator<V>, parameters: Parameters<V>, z: V, patch?: BlockPatch): MlpValues<V>;
}

/** Parameters: W1 hidden×width, b1, W2 outputWidth×hidden, b2. */
export function mlp(options: MlpOptions): Mlp {
  const { width, hidden, outputWidth, activation } = options;
  const input = { weight: 'W1', bias: 'b1' };
  const output = { weight: 'W2', bias: 'b2' };
  return {
    options,
    shapes: {
      W1: weightShape(hidden, width),
      b1: biasShape(hidden, width),
      W2: weightShape(outputWidth, hidden),
      b2: biasShape(outputWidth, hidden),
    },
    sites: { input, output },
    forward(on, p, z, patch) {
      const preActivation = linearSite(on, p, input, z, patch);
      const h = on.apply(ACTIVATIONS[activation].op, preActivation);
      return { preActivation, hidden: h, update: linearSite(on, p, output, h, patch) };
    },
  };
}
