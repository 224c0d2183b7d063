/**
 * The functions of work (b) in tfjs and jax-js. Arguments are in the library's memory before the clock
 * starts; the result is in JavaScript's when it stops.
 *
 * @module
 */
import type { Tensor } from '@tensorflow/tfjs';
import { type Floats, type Jax, type JaxArray, jax } from '../../contestants/jax.ts';
import { type Tfjs, tfjs } from '../../contestants/tfjs.ts';
import type { Program } from '../../runner/contract.ts';
import { argumentsFor, COLUMNS, EPSILON, type FunctionName } from './data.ts';

export async function tfjsProgram(
  backend: 'cpu' | 'wasm',
  name: FunctionName,
  rows: number,
): Promise<Program> {
  const tf = await tfjs(backend);
  const data = argumentsFor(rows);
  const x = tf.tensor2d(Float32Array.from(data.x), [rows, COLUMNS]);
  const [gain, shift] = [data.gain, data.shift].map((row) => tf.tensor1d(Float32Array.from(row)));
  const apply = inTfjs(tf, name, gain, shift);
  const run = (): ArrayLike<number> => {
    // Read outside: tidy looks for tensors in every entry of what it returns.
    const y = tf.tidy(() => apply(x));
    const data = y.dataSync();
    y.dispose();
    return data;
  };
  return { run, result: run };
}

function inTfjs(tf: Tfjs, name: FunctionName, gain: Tensor, shift: Tensor): (x: Tensor) => Tensor {
  const maps: Record<FunctionName, (x: Tensor) => Tensor> = {
    exp: (x) => tf.exp(x),
    tanh: (x) => tf.tanh(x),
    GELU: (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1)),
    softmax: (x) => tf.softmax(x),
    'layer norm': (x) => {
      const { mean, variance } = tf.moments(x, -1, true);
      const z = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, EPSILON)));
      return tf.add(tf.mul(z, gain), shift);
    },
  };
  return maps[name];
}

export async function jaxProgram(
  floats: Floats,
  name: FunctionName,
  rows: number,
): Promise<Program> {
  const library = await jax();
  const { numpy: np, jit } = library;
  const data = argumentsFor(rows);
  const x = np.array(floats.from(data.x), { shape: [rows, COLUMNS] });
  const [gain, shift] = [data.gain, data.shift].map((row) => np.array(floats.from(row)));
  const apply = jit(inJax(library, name));
  const run = (): ArrayLike<number> => apply(x.ref, gain.ref, shift.ref).dataSync();
  return { run, result: run };
}

type JaxMap = (x: JaxArray, gain: JaxArray, shift: JaxArray) => JaxArray;

function inJax({ numpy: np, nn }: Jax, name: FunctionName): JaxMap {
  /** What does not use an argument must say so: jax-js counts references. */
  const ofOne =
    (map: (x: JaxArray) => JaxArray): JaxMap =>
    (x, gain, shift) => {
      gain.dispose();
      shift.dispose();
      return map(x);
    };
  const maps: Record<FunctionName, JaxMap> = {
    exp: ofOne((x) => np.exp(x)),
    tanh: ofOne((x) => np.tanh(x)),
    GELU: ofOne((x) => nn.gelu(x, { approximate: false })),
    softmax: ofOne((x) => nn.softmax(x, -1)),
    'layer norm': (x, gain, shift) =>
      nn.standardize(x, -1, { epsilon: EPSILON }).mul(gain).add(shift),
  };
  return maps[name];
}
