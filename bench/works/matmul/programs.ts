/**
 * One product by each of the contestants in JavaScript. Operands are in the contestant's own memory
 * before the clock starts; the result is in JavaScript's when it stops.
 *
 * @module
 */
import { type Matrix, multiply } from '../../../src/linalg/index.ts';
import { type Floats, jax } from '../../contestants/jax.ts';
import { tfjs } from '../../contestants/tfjs.ts';
import type { Program } from '../../runner/contract.ts';
import { operands, type Sizes } from './sizes.ts';

export async function ours(sizes: Sizes): Promise<Program> {
  const { a, b } = operands(sizes);
  return { run: () => multiply(a, b), result: () => multiply(a, b).data };
}

/** The loop that everybody writes who knows that memory is read in rows. */
export async function plain(sizes: Sizes): Promise<Program> {
  const { a, b } = operands(sizes);
  return { run: () => rowByRow(a, b), result: () => rowByRow(a, b) };
}

function rowByRow(a: Matrix, b: Matrix): Float64Array {
  const [m, k, n] = [a.rows, a.cols, b.cols];
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let l = 0; l < k; l++) {
      const factor = a.data[i * k + l];
      for (let j = 0; j < n; j++) c[i * n + j] += factor * b.data[l * n + j];
    }
  }
  return c;
}

/** `mmul` on its dense matrices, which are arrays of Float64Array rows. */
export async function mlMatrix(sizes: Sizes): Promise<Program> {
  const { Matrix: MlMatrix } = await import('ml-matrix');
  const { a, b } = operands(sizes);
  const [left, right] = [a, b].map(({ rows, cols, data }) =>
    MlMatrix.from1DArray(rows, cols, Array.from(data)),
  );
  return { run: () => left.mmul(right), result: () => left.mmul(right).to1DArray() };
}

export async function tfjsProduct(backend: 'cpu' | 'wasm', sizes: Sizes): Promise<Program> {
  const tf = await tfjs(backend);
  const { a, b } = operands(sizes);
  const [left, right] = [a, b].map(({ rows, cols, data }) =>
    tf.tensor2d(Float32Array.from(data), [rows, cols]),
  );
  const product = (): ArrayLike<number> => {
    const c = tf.matMul(left, right);
    const data = c.dataSync();
    c.dispose();
    return data;
  };
  return { run: product, result: product };
}

export async function jaxProduct(floats: Floats, sizes: Sizes): Promise<Program> {
  const { numpy: np, jit } = await jax();
  const { a, b } = operands(sizes);
  const [left, right] = [a, b].map(({ rows, cols, data }) =>
    np.array(floats.from(data), { shape: [rows, cols] }),
  );
  const compiled = jit(np.matmul);
  const product = (): ArrayLike<number> => compiled(left.ref, right.ref).dataSync();
  return { run: product, result: product };
}
