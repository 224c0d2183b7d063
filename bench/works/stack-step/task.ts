/**
 * A training step of a Pre-LN stack: sizes, parameters and data, which are the same for everybody.
 *
 *   r = x + Wo·attention(LN1(x)),  x ← r + W2·gelu(W1·LN2(r) + b1) + b2,  for each layer
 *   loss = (1/B)·Σ (ŷ − y)²,  ŷ the last component of the last token
 *
 * Attention is causal and has no biases; gelu is the one with the error function.
 *
 * @module
 */
import { type Matrix, matrix, Random } from '../../../src/linalg/index.ts';
import {
  biasShape,
  constantShape,
  initialise,
  type ParameterShapes,
  type Parameters,
  prefixed,
  weightShape,
} from '../../../src/model/index.ts';
import { joined } from '../../runner/errors.ts';

export interface StackSizes {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly hidden: number;
  readonly tokens: number;
  readonly batch: number;
}

export const EPSILON = 1e-5;
export const LEARNING_RATE = 1e-3;

/** The parameters of one layer, in the order in which results list them. Matrices are [out, in]. */
function layerShapes({ width, hidden }: StackSizes): ParameterShapes {
  const [gain, shift] = [constantShape(1, width, 1), constantShape(1, width, 0)];
  const square = weightShape(width, width);
  return {
    'norm1.g': gain,
    'norm1.b': shift,
    Wq: square,
    Wk: square,
    Wv: square,
    Wo: square,
    'norm2.g': gain,
    'norm2.b': shift,
    W1: weightShape(hidden, width),
    b1: biasShape(hidden, width),
    W2: weightShape(width, hidden),
    b2: biasShape(width, hidden),
  };
}

/** `0.norm1.g`, `0.norm1.b`, `0.Wq` … */
export function parametersFor(sizes: StackSizes): Parameters {
  const shapes = layerShapes(sizes);
  const random = new Random(1, 1);
  return Object.assign(
    {},
    ...Array.from({ length: sizes.layers }, (_, i) => prefixed(`${i}`, initialise(shapes, random))),
  );
}

/** Sequences, (batch·tokens)×width, and targets, batch×1, all standard normal. */
export function dataFor({ batch, tokens, width }: StackSizes): { x: Matrix; y: Matrix } {
  const random = new Random(1, 2);
  const x = matrix(batch * tokens, width);
  const y = matrix(batch, 1);
  random.fillNormal(x.data);
  random.fillNormal(y.data);
  return { x, y };
}

/** What is compared: the loss, then the gradient of every parameter in order. */
export const outcome = (loss: number, gradients: Parameters): Float64Array =>
  joined([[loss], ...Object.values(gradients).map(({ data }) => data)]);
