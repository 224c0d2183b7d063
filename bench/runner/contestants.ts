/**
 * The contestants: how each is called, what it computes in, and what it needs to run.
 *
 * @module
 */
import type { ContestantName, Precision } from './contract.ts';

export interface Contestant {
  readonly label: string;
  readonly precision: Precision;
  /** Its package in `bench/node_modules`. */
  readonly package?: string;
  /** The least major version of Node it runs on. */
  readonly node?: number;
  /** Its package in some Python. */
  readonly python?: 'numpy' | 'torch';
}

/** Numbers in jax-js need Float16Array, which Node has from 24 on. */
const JAX = { package: '@jax-js/jax', node: 24 } as const;

export const CONTESTANTS: Readonly<Record<ContestantName, Contestant>> = {
  ours: { label: 'deltaw', precision: 'float64' },
  plain: { label: 'plain JavaScript', precision: 'float64' },
  'ml-matrix': { label: 'ml-matrix', precision: 'float64', package: 'ml-matrix' },
  'tfjs-cpu': { label: 'tfjs cpu', precision: 'float32', package: '@tensorflow/tfjs' },
  'tfjs-wasm': {
    label: 'tfjs wasm',
    precision: 'float32',
    package: '@tensorflow/tfjs-backend-wasm',
  },
  'jax-f32': { label: 'jax-js', precision: 'float32', ...JAX },
  'jax-f64': { label: 'jax-js', precision: 'float64', ...JAX },
  numpy: { label: 'NumPy', precision: 'float64', python: 'numpy' },
  torch: { label: 'PyTorch', precision: 'float64', python: 'torch' },
};
