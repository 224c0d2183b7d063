/**
 * The toy's step in TensorFlow.js. Prompts are drawn with our generator, as ours are, inside the time.
 *
 * 'query row' computes what we compute; 'all rows' is the program that everybody writes, which takes
 * the query's row of its output. `productWithOwnGradient` makes the first of them slower, so it is not
 * used here.
 *
 * @module
 */
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs';
import type { ToySettings } from '../../../src/experiments/toy-settings.ts';
import { type Tfjs, tfjs } from '../../contestants/tfjs.ts';
import { trainingProgram, variableOf } from '../../contestants/tfjs-step.ts';
import type { Program } from '../../runner/contract.ts';
import { parametersFor, promptSource } from './task.ts';

export type Rows = 'query row' | 'all rows';

export async function tfjsToyStep(
  backend: 'cpu' | 'wasm',
  rows: Rows,
  settings: ToySettings,
): Promise<Program> {
  const tf = await tfjs(backend);
  const variables = variablesFor(tf, settings);
  const all = Object.values(variables);
  const draw = promptSource(settings);
  const prepare = (): (() => Scalar) => {
    const { sequences, targets } = draw();
    const x = tf.tensor2d(Float32Array.from(sequences.data), [sequences.rows, sequences.cols]);
    const y = tf.tensor1d(Float32Array.from(targets.data));
    return () => tf.mean(tf.squaredDifference(predictions(tf, settings, variables, x, rows), y));
  };
  return trainingProgram(tf, all, settings.learningRate, prepare, true);
}

/** One variable a parameter, matrices as [in, out]. */
function variablesFor(tf: Tfjs, settings: ToySettings): Record<string, Variable> {
  return Object.fromEntries(
    Object.entries(parametersFor(settings)).map(([name, value]) => {
      return [name, variableOf(tf, name, value)];
    }),
  );
}

function predictions(
  tf: Tfjs,
  { batch, pairs, width, heads, dimension }: ToySettings,
  p: Record<string, Variable>,
  x: Tensor,
  rows: Rows,
): Tensor {
  const tokens = pairs + 1;
  const tokenWidth = dimension + 1;
  const e = width / heads;
  const lastRows = (of: Tensor, cols: number): Tensor => {
    const grouped = tf.reshape(of, [batch, tokens, cols]);
    return tf.reshape(tf.slice(grouped, [0, tokens - 1, 0], [batch, 1, cols]), [batch, cols]);
  };
  const asking = rows === 'query row' ? lastRows(x, tokenWidth) : x;
  const queries = rows === 'query row' ? 1 : tokens;
  const split = (of: Tensor, length: number, order: number[]): Tensor =>
    tf.transpose(tf.reshape(of, [batch, length, heads, e]), order);
  const q = split(tf.matMul(asking, p['layer.Wq']), queries, [0, 2, 1, 3]);
  const k = split(tf.matMul(x, p['layer.Wk']), tokens, [0, 2, 3, 1]);
  const v = split(tf.matMul(x, p['layer.Wv']), tokens, [0, 2, 1, 3]);
  const weights = tf.softmax(tf.mul(tf.matMul(q, k), 1 / Math.sqrt(e)));
  const mixed = tf.transpose(tf.matMul(weights, v), [0, 2, 1, 3]);
  const a = tf.matMul(tf.reshape(mixed, [batch * queries, width]), p['layer.Wo']);
  const h = tf.relu(tf.add(tf.matMul(a, p['mlp.W1']), p['mlp.b1']));
  const out = tf.add(tf.matMul(h, p['mlp.W2']), p['mlp.b2']);
  const read = rows === 'query row' ? out : lastRows(out, tokenWidth);
  return tf.reshape(tf.slice(read, [0, dimension], [batch, 1]), [batch]);
}
