/**
 * TensorFlow.js with one of its backends, on one thread.
 *
 * @module
 */
import type { Tensor } from '@tensorflow/tfjs';

export type Tfjs = typeof import('@tensorflow/tfjs');
export type Product = (a: Tensor, b: Tensor) => Tensor;

/**
 * The library, ready: the package with everything, because the core alone has no gradients in Node.
 * The Wasm backend must have found SIMD, or it would not be its best.
 *
 * @throws Error if the backend does not start, or starts without SIMD.
 */
export async function tfjs(backend: 'cpu' | 'wasm'): Promise<Tfjs> {
  const tf = await import('@tensorflow/tfjs');
  if (backend === 'wasm') (await import('@tensorflow/tfjs-backend-wasm')).setThreadsCount(1);
  const started = await tf.setBackend(backend);
  const simd = backend === 'cpu' || (await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT'));
  if (!started || !simd) throw new Error(`tfjs: ${backend} with SIMD is required, got none`);
  return tf;
}

/**
 * a·b with da = dy·bᵀ, db = aᵀ·dy on matrices that have been transposed first.
 *
 * In the Wasm backend a product of transposed operands takes ten times as long as transposing and then
 * multiplying (52 against 5 ms for 2624×256 by (64×256)ᵀ), and the library's own gradient transposes.
 */
export function productWithOwnGradient(tf: Tfjs): Product {
  const swap = (x: Tensor): Tensor => {
    const axes = x.shape.map((_, axis) => axis);
    return tf.transpose(x, [...axes.slice(0, -2), ...axes.slice(-2).reverse()]);
  };
  return tf.customGrad((a, b, save) => {
    const [left, right] = [a as Tensor, b as Tensor];
    (save as (saved: Tensor[]) => void)([left, right]);
    const gradFunc = (dy: Tensor, saved: Tensor[]): Tensor[] => {
      const [x, y] = saved;
      return [tf.matMul(dy, swap(y)), tf.matMul(swap(x), dy)];
    };
    return { value: tf.matMul(left, right), gradFunc };
  });
}
