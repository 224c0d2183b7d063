/**
 * jax-js on its Wasm backend, the best it has in Node (webgpu and webgl need a browser).
 *
 * It starts threads only where there are both SharedArrayBuffer and a global Worker, so not in Node.
 *
 * @module
 */
import type { Array as JaxArray } from '@jax-js/jax';

export type Jax = typeof import('@jax-js/jax');
export type { JaxArray };

/** What an array for jax-js is made of decides its precision. */
export type Floats = Float32ArrayConstructor | Float64ArrayConstructor;

export async function jax(): Promise<Jax> {
  const library = await import('@jax-js/jax');
  await library.init('wasm');
  library.defaultDevice('wasm');
  return library;
}
