/**
 * The step as a user of TensorFlow.js writes it: all rows of every layer, `variableGrads`, `train.adam`.
 *
 * Matrices are [in, out] and keys are transposed by hand, which is what the Wasm backend is fast at.
 * 'tuned' is the program of a user who found out what `productWithOwnGradient` says.
 *
 * @module
 */
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs';
import { part } from '../../../src/model/index.ts';
import { type Product, productWithOwnGradient, type Tfjs, tfjs } from '../../contestants/tfjs.ts';
import { trainingProgram, variableOf } from '../../contestants/tfjs-step.ts';
import type { Program } from '../../runner/contract.ts';
import { dataFor, EPSILON, LEARNING_RATE, parametersFor, type StackSizes } from './task.ts';

export type Style = 'all rows' | 'all rows, tuned';

type Layer = Readonly<Record<string, Variable>>;

export async function tfjsStep(
  backend: 'cpu' | 'wasm',
  style: Style,
  sizes: StackSizes,
): Promise<Program> {
  const tf = await tfjs(backend);
  const { layers, all } = variablesFor(tf, sizes);
  const { x, y } = dataFor(sizes);
  const [sequences, targets] = [x, y].map((m) => Float32Array.from(m.data));
  const product: Product = style === 'all rows' ? tf.matMul : productWithOwnGradient(tf);
  const mask = tf.tensor2d(causalMask(sizes.tokens), [sizes.tokens, sizes.tokens]);

  const lossOf = (): Scalar => {
    const read = forward(
      tf,
      product,
      sizes,
      layers,
      mask,
      tf.tensor2d(sequences, [x.rows, x.cols]),
    );
    return tf.mean(tf.squaredDifference(read, tf.tensor1d(targets)));
  };
  return trainingProgram(tf, all, LEARNING_RATE, () => lossOf, false);
}

/** One variable a parameter, matrices transposed; `all` in the order of the results. */
function variablesFor(tf: Tfjs, sizes: StackSizes): { layers: Layer[]; all: Variable[] } {
  const named = Object.entries(parametersFor(sizes)).map(([name, value]): [string, Variable] => {
    return [name, variableOf(tf, name, value)];
  });
  const byName = Object.fromEntries(named);
  const layers = Array.from({ length: sizes.layers }, (_, i) => part(byName, `${i}`));
  return { layers, all: named.map(([, variable]) => variable) };
}

/** Added to the scores: 0 where j ≤ i, and what makes the weight 0 elsewhere. */
function causalMask(tokens: number): Float32Array {
  return Float32Array.from({ length: tokens * tokens }, (_, at) =>
    at % tokens <= Math.floor(at / tokens) ? 0 : -1e9,
  );
}

function forward(
  tf: Tfjs,
  product: Product,
  { batch, tokens, width, heads }: StackSizes,
  layers: readonly Layer[],
  mask: Tensor,
  sequences: Tensor,
): Tensor {
  const e = width / heads;
  const norm = (x: Tensor, g: Tensor, b: Tensor): Tensor => {
    const { mean, variance } = tf.moments(x, -1, true);
    const z = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, EPSILON)));
    return tf.add(tf.mul(z, g), b);
  };
  const gelu = (x: Tensor): Tensor =>
    tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
  const split = (x: Tensor, order: number[]): Tensor =>
    tf.transpose(tf.reshape(x, [batch, tokens, heads, e]), order);
  let x = sequences;
  for (const p of layers) {
    const normed = norm(x, p['norm1.g'], p['norm1.b']);
    const q = split(product(normed, p.Wq), [0, 2, 1, 3]);
    const k = split(product(normed, p.Wk), [0, 2, 3, 1]);
    const v = split(product(normed, p.Wv), [0, 2, 1, 3]);
    const scores = tf.add(tf.mul(product(q, k), 1 / Math.sqrt(e)), mask);
    const mixed = tf.transpose(product(tf.softmax(scores), v), [0, 2, 1, 3]);
    const r = tf.add(x, product(tf.reshape(mixed, [batch * tokens, width]), p.Wo));
    const z = norm(r, p['norm2.g'], p['norm2.b']);
    const h = gelu(tf.add(product(z, p.W1), p.b1));
    x = tf.add(r, tf.add(product(h, p.W2), p.b2));
  }
  const last = tf.slice(
    tf.reshape(x, [batch, tokens, width]),
    [0, tokens - 1, width - 1],
    [batch, 1, 1],
  );
  return tf.reshape(last, [batch]);
}
