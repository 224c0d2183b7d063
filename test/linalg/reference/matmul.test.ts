import { describe, expect, test } from 'vitest';
import { Random } from '../../../src/linalg/random.ts';
import { matmul, matmulNT, matmulTN } from '../../../src/linalg/reference/matmul.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import {
  ascending,
  blank,
  DRAWS,
  expectWithinGamma,
  leavesAlone,
  normals,
  productsOf,
  SIZES,
} from '../cases.ts';

/** Where each product finds a[i,p] and b[p,j] of the m×k and k×n factors. */
const KERNELS = [
  {
    name: 'matmul',
    kernel: matmul,
    atA: (i: number, p: number, _m: number, k: number) => i * k + p,
    atB: (p: number, j: number, _k: number, n: number) => p * n + j,
  },
  {
    name: 'matmulNT',
    kernel: matmulNT,
    atA: (i: number, p: number, _m: number, k: number) => i * k + p,
    atB: (p: number, j: number, k: number, _n: number) => j * k + p,
  },
  {
    name: 'matmulTN',
    kernel: matmulTN,
    atA: (i: number, p: number, m: number, _k: number) => p * m + i,
    atB: (p: number, j: number, _k: number, n: number) => p * n + j,
  },
];

describe.each(KERNELS)('$name', ({ name, kernel, atA, atB }) => {
  /** The two rows of k factors that meet in c[i,j]. */
  const factors = (a: Float64Array, b: Float64Array, m: number, k: number, n: number) =>
    Array.from({ length: m * n }, (_, at) => {
      const [i, j] = [Math.floor(at / n), at % n];
      return {
        left: Array.from({ length: k }, (_, p) => a[atA(i, p, m, k)]),
        right: Array.from({ length: k }, (_, p) => b[atB(p, j, k, n)]),
      };
    });

  test.each(DRAWS)('sums k products upwards from +0, rounding each: %s entries', (_, draw) => {
    const random = new Random(11);
    for (const m of SIZES) {
      for (const k of SIZES) {
        for (const n of SIZES) {
          const [a, b] = [draw(random, m * k), draw(random, k * n)];
          const c = blank(m * n + 3); // the three entries after c must stay as they are
          leavesAlone([a, b], () => kernel(a, b, c, m, k, n));
          const expected = factors(a, b, m, k, n).map(({ left, right }) =>
            ascending(left.map((x, p) => x * right[p])),
          );
          assertSameBits(c, [...expected, NaN, NaN, NaN], `seed 11, ${m}x${k} by ${k}x${n}`);
        }
      }
    }
  });

  test('errs by at most gamma_k·|a|·|b|', () => {
    const random = new Random(12);
    for (const [m, k, n] of [
      [2, 1, 3],
      [3, 2, 2],
      [2, 7, 3],
      [3, 101, 2],
    ]) {
      const [a, b, c] = [normals(random, m * k), normals(random, k * n), blank(m * n)];
      // The last product cancels the ones before it, so the error is large against the result.
      for (let i = 0; i < m; i++) a[atA(i, k - 1, m, k)] *= -Math.sqrt(k);
      kernel(a, b, c, m, k, n);
      factors(a, b, m, k, n).forEach(({ left, right }, at) => {
        expectWithinGamma(k, c[at], productsOf(left, right), `seed 12, k = ${k}, entry ${at}`);
      });
    }
  });

  test('another order of summation would be noticed', () => {
    const random = new Random(13);
    const [a, b, c] = [normals(random, 3 * 13), normals(random, 13 * 5), blank(15)];
    kernel(a, b, c, 3, 13, 5);
    const backwards = factors(a, b, 3, 13, 5).map(({ left, right }) =>
      ascending(left.map((x, p) => x * right[p]).reverse()),
    );
    expect(() => assertSameBits(c, backwards, 'backwards')).toThrow('backwards: entry');
  });

  test('gives +0 for no products and for products that are all −0', () => {
    const c = blank(6);
    kernel(new Float64Array(0), new Float64Array(0), c, 2, 0, 3);
    assertSameBits(c, [0, 0, 0, 0, 0, 0], 'k = 0');
    kernel(Float64Array.of(-1, -1), Float64Array.of(0, 0), c, 1, 2, 1);
    assertSameBits(c.subarray(0, 1), [0], 'minus zeros');
  });

  test('multiplies small integers as one does by hand', () => {
    // (1 2; 3 4) and (5 6; 7 8): the plain product, that with the second transposed, with the first.
    const byHand: Record<string, number[]> = {
      matmul: [19, 22, 43, 50],
      matmulNT: [17, 23, 39, 53],
      matmulTN: [26, 30, 38, 44],
    };
    const c = blank(4);
    kernel(Float64Array.of(1, 2, 3, 4), Float64Array.of(5, 6, 7, 8), c, 2, 2, 2);
    assertSameBits(c, byHand[name], name);
  });
});
