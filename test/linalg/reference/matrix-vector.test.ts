import { expect, test } from 'vitest';
import { Random } from '../../../src/linalg/random.ts';
import { matrixVector, rankOneUpdate } from '../../../src/linalg/reference/matrix-vector.ts';
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
  twoLanes,
} from '../cases.ts';

/** Row i of W, m×n, times x, entry by entry. */
const termsOf = (W: Float64Array, x: Float64Array, i: number): number[] =>
  Array.from(x, (xj, j) => W[i * x.length + j] * xj);

test.each(DRAWS)('W·x is one two-lane dot product a row: %s entries', (_, draw) => {
  const random = new Random(31);
  for (const m of SIZES) {
    for (const n of SIZES) {
      for (let round = 0; round < 5; round++) {
        const [W, x, y] = [draw(random, m * n), draw(random, n), blank(m + 2)];
        leavesAlone([W, x], () => matrixVector(W, x, y, m, n));
        const expected = Array.from({ length: m }, (_, i) => twoLanes(termsOf(W, x, i)));
        assertSameBits(y, [...expected, NaN, NaN], `seed 31, ${m}x${n}, round ${round}`);
      }
    }
  }
});

test('W·x in one lane would be noticed', () => {
  const random = new Random(32);
  const [W, x, y] = [normals(random, 7 * 11), normals(random, 11), blank(7)];
  matrixVector(W, x, y, 7, 11);
  const oneLane = Array.from(y, (_, i) => ascending(termsOf(W, x, i)));
  expect(() => assertSameBits(y, oneLane, 'one lane')).toThrow('one lane: entry');
});

test('W·x errs by at most gamma_n·|W|·|x|', () => {
  const random = new Random(33);
  for (const n of [1, 2, 3, 5, 13, 257]) {
    const [W, x, y] = [normals(random, 3 * n), normals(random, n), blank(3)];
    matrixVector(W, x, y, 3, n);
    y.forEach((yi, i) => {
      expectWithinGamma(n, yi, productsOf(W.subarray(i * n, (i + 1) * n), x), `n = ${n}`);
    });
  }
});

test.each(DRAWS)('W + p·vᵀ rounds the product, then the sum: %s entries', (_, draw) => {
  const random = new Random(34);
  for (const m of SIZES) {
    for (const n of SIZES) {
      for (let round = 0; round < 5; round++) {
        const [W, p, v] = [draw(random, m * n), draw(random, m), draw(random, n)];
        const out = blank(m * n + 2);
        leavesAlone([W, p, v], () => rankOneUpdate(W, p, v, out, m, n));
        const expected = Array.from(W, (w, at) => {
          const product = p[Math.floor(at / n)] * v[at % n];
          return product === 0 ? w : w + product; // a −0 stays
        });
        const label = `seed 34, ${m}x${n}, round ${round}`;
        assertSameBits(out, [...expected, NaN, NaN], label);
        rankOneUpdate(W, p, v, W, m, n);
        assertSameBits(W, expected, `in place, ${label}`);
      }
    }
  }
});

test('W + p·vᵀ is not fused: the rounding error of the product stays', () => {
  // (1 + 2⁻³⁰)² = 1 + 2⁻²⁹ + 2⁻⁶⁰, of which a double keeps 1 + 2⁻²⁹.
  const out = blank(1);
  const x = Float64Array.of(1 + 2 ** -30);
  rankOneUpdate(Float64Array.of(-(1 + 2 ** -29)), x, x, out, 1, 1);
  assertSameBits(out, [0], 'rounded twice');
});

test('small integers come out as by hand', () => {
  const [W, y, out] = [Float64Array.of(1, 2, 3, 4, 5, 6), blank(2), blank(6)];
  matrixVector(W, Float64Array.of(1, 0, -2), y, 2, 3);
  assertSameBits(y, [-5, -8], 'W·x'); // 1 − 6, 4 − 12
  rankOneUpdate(W, Float64Array.of(1, -1), Float64Array.of(10, 20, 30), out, 2, 3);
  assertSameBits(out, [11, 22, 33, -6, -15, -24], 'W + p·vᵀ');
});
