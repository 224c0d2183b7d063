/**
 * Work (a): c = a·b, square and in the shapes of a transformer's linear maps.
 *
 * @module
 */
import type { Entry, Work } from '../../runner/contract.ts';
import { jaxProduct, mlMatrix, ours, plain, tfjsProduct } from './programs.ts';
import { operands, productJudge, type Sizes } from './sizes.ts';

function entriesFor(sizes: Sizes): Entry[] {
  const python = {
    script: 'matmul.py',
    arguments: { ...sizes },
    inputs: () => {
      const { a, b } = operands(sizes);
      return [a.data, b.data];
    },
  };
  return [
    { contestant: 'ours', program: () => ours(sizes) },
    { contestant: 'plain', program: () => plain(sizes) },
    { contestant: 'ml-matrix', program: () => mlMatrix(sizes) },
    { contestant: 'tfjs-cpu', program: () => tfjsProduct('cpu', sizes) },
    { contestant: 'tfjs-wasm', program: () => tfjsProduct('wasm', sizes) },
    { contestant: 'jax-f32', program: () => jaxProduct(Float32Array, sizes) },
    { contestant: 'jax-f64', program: () => jaxProduct(Float64Array, sizes) },
    { contestant: 'numpy', program: python },
    { contestant: 'torch', program: python },
  ];
}

/** Multiplications and additions from which a run takes seconds in plain JavaScript. */
const LONG = 5e8;

function product(name: string, sizes: Sizes, quick: boolean): Work {
  const { m, k, n } = sizes;
  const operations = 2 * m * k * n;
  return {
    name,
    family: 'matmul',
    about: `a·b with a ${m}×${k} and b ${k}×${n}`,
    rate: { unit: 'GFLOP/s', amount: operations / 1e9 },
    entries: entriesFor(sizes),
    judge: async () => productJudge(sizes),
    // Rounding k terms of size 1 in a sum of size √k: √k·u, and some room. NaN and stale zeros exceed it.
    tolerance: { float64: 1e-14, float32: 1e-5 },
    when: quick ? 'always' : 'full',
    ...(operations > LONG && { effort: { samples: 3, seconds: 0.3 } }),
  };
}

const QUICK = [16, 64, 256];

export const matmulWorks: readonly Work[] = [
  ...[16, 32, 64, 128, 256, 512, 1024].map((n) =>
    product(`matmul ${n}`, { m: n, k: n, n }, QUICK.includes(n)),
  ),
  // 64 sequences of 41 tokens, width 64: the maps of work (d) and its projections.
  product('matmul 2624x64x256', { m: 2624, k: 64, n: 256 }, false),
  product('matmul 2624x256x64', { m: 2624, k: 256, n: 64 }, false),
  product('matmul 2624x64x64', { m: 2624, k: 64, n: 64 }, false),
];
