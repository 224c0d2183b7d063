import { describe, expect, test } from 'vitest';
import { ShapeError } from '../../src/linalg/errors.ts';
import { exact, multiplyExact, subtractExact } from '../../src/linalg/exact.ts';
import { type Matrix, matrix } from '../../src/linalg/matrix.ts';
import {
  dot,
  matrixVector,
  maxAbs,
  multiply,
  multiplyNT,
  multiplyTN,
  norm,
  subtract,
  subtractMatrices,
} from '../../src/linalg/products.ts';
import { Random } from '../../src/linalg/random.ts';
import { assertSameBits } from '../support/same-bits.ts';
import {
  ascending,
  DRAWS,
  expectWithinGamma,
  leavesAlone,
  normals,
  productsOf,
  SIZES,
  twoLanes,
} from './cases.ts';

const at = (a: Matrix, i: number, j: number): number => a.data[i * a.cols + j];
const transposed = (a: Matrix): Matrix =>
  matrix(
    a.cols,
    a.rows,
    Float64Array.from(a.data, (_, t) => at(a, t % a.rows, Math.floor(t / a.rows))),
  );

/** a·b, entry by entry, k ascending. */
const product = (a: Matrix, b: Matrix): number[] =>
  Array.from({ length: a.rows * b.cols }, (_, t) => {
    const [i, j] = [Math.floor(t / b.cols), t % b.cols];
    return ascending(Array.from({ length: a.cols }, (_, p) => at(a, i, p) * at(b, p, j)));
  });

describe.each(DRAWS)('%s entries', (_, draw) => {
  test('the three matrix products are the one product of a and b, in the same bits', () => {
    const random = new Random(101);
    for (const m of SIZES) {
      for (const k of [0, 1, 3, 7]) {
        for (const n of [0, 1, 2, 5, 11]) {
          const a = matrix(m, k, draw(random, m * k));
          const b = matrix(k, n, draw(random, k * n));
          const expected = product(a, b);
          const [aT, bT] = [transposed(a), transposed(b)];
          const results = leavesAlone([a.data, b.data, aT.data, bT.data], () => [
            multiply(a, b),
            multiplyNT(a, bT),
            multiplyTN(aT, b),
          ]);
          for (const c of results) {
            expect([c.rows, c.cols]).toEqual([m, n]);
            assertSameBits(c.data, expected, `seed 101, ${m}x${k} by ${k}x${n}`);
          }
        }
      }
    }
  });

  test('W·x and the dot product sum in two lanes, a difference rounds once', () => {
    const random = new Random(102);
    for (const m of SIZES) {
      for (const n of SIZES) {
        const [W, x, y] = [matrix(m, n, draw(random, m * n)), draw(random, n), draw(random, n)];
        const rows = Array.from({ length: m }, (_, i) =>
          twoLanes(Array.from(x, (xj, j) => at(W, i, j) * xj)),
        );
        const result = leavesAlone([W.data, x, y], () => ({
          Wx: matrixVector(W, x),
          xy: dot(x, y),
          difference: subtract(x, y),
        }));
        assertSameBits(result.Wx, rows, `seed 102, ${m}x${n}`);
        assertSameBits([result.xy], [twoLanes(Array.from(x, (t, i) => t * y[i]))], `${n}`);
        assertSameBits(
          result.difference,
          x.map((t, i) => t - y[i]),
          `${n}`,
        );
      }
    }
  });

  test('the difference of matrices is that of their entries, in new memory', () => {
    const random = new Random(103);
    const [x, y] = [matrix(3, 5, draw(random, 15)), matrix(3, 5, draw(random, 15))];
    const z = leavesAlone([x.data, y.data], () => subtractMatrices(x, y));
    expect([z.rows, z.cols]).toEqual([3, 5]);
    assertSameBits(
      z.data,
      x.data.map((t, i) => t - y.data[i]),
      'seed 103',
    );
  });
});

test('sizes that do not fit are refused, with both of them named', () => {
  const [a, b] = [matrix(2, 3), matrix(5, 7)];
  const [x, y] = [new Float64Array(2), new Float64Array(3)];
  const requirement = 'must be equal in number, got';
  for (const [call, message] of [
    [() => multiply(a, b), `multiply: columns of a and rows of b ${requirement} 3 and 5`],
    [() => multiplyNT(a, b), `multiplyNT: columns of a and columns of b ${requirement} 3 and 7`],
    [() => multiplyTN(a, b), `multiplyTN: rows of a and rows of b ${requirement} 2 and 5`],
    [
      () => matrixVector(a, x),
      `matrixVector: columns of W and entries of x ${requirement} 3 and 2`,
    ],
    [() => dot(x, y), `dot: entries of x and entries of y ${requirement} 2 and 3`],
    [() => subtract(y, x), `subtract: entries of x and entries of y ${requirement} 3 and 2`],
    [
      () => subtractMatrices(matrix(2, 3), matrix(3, 2)), // as many entries
      'subtractMatrices: shapes must be equal, got 2x3 and 3x2',
    ],
    [() => subtractMatrices(matrix(2, 0), matrix(3, 0)), 'got 2x0 and 3x0'],
  ] as const) {
    expect(call).toThrow(ShapeError);
    expect(call).toThrow(RangeError);
    expect(call).toThrow(message);
  }
});

test('the squared norm is within 2·gamma_{n+2} and its square of the sum of squares', () => {
  // (1 + θ)² ≤ 1 + 2γ_{n+2} + γ²_{n+2} ≤ 1 + γ_{2n+5}: compared without rounding.
  const random = new Random(104);
  for (const n of [1, 2, 3, 7, 13, 301]) {
    for (const size of [1, 2 ** -1000, 2 ** 1000, 1e-300, 1e300]) {
      const x = normals(random, n).map((t) => t * size);
      const computed = leavesAlone([x], () => exact(norm(x)));
      const label = `seed 104, n = ${n}, size ${size}`;
      expectWithinGamma(2 * n + 5, multiplyExact(computed, computed), productsOf(x, x), label);
    }
  }
});

test('the norm scales with a power of two, bit for bit, over the whole range', () => {
  const x = normals(new Random(105), 11);
  const unit = norm(x);
  for (let e = -960; e <= 1018; e++) {
    const scaled = x.map((t) => t * 2 ** e);
    expect(norm(scaled), `seed 105, e = ${e}`).toBe(unit * 2 ** e);
  }
});

test('the norm of a Pythagorean vector is exact, where the squares overflow or vanish too', () => {
  expect(norm(Float64Array.of(3, -4))).toBe(5);
  expect(norm(Float64Array.of(2, -3, 6))).toBe(7);
  expect(norm(Float64Array.of(3 * 2 ** 1000, 4 * 2 ** 1000))).toBe(5 * 2 ** 1000);
  expect(norm(Float64Array.of(3 * 2 ** -1074, 4 * 2 ** -1074))).toBe(5 * 2 ** -1074);
  expect(norm(Float64Array.of(-Number.MAX_VALUE))).toBe(Number.MAX_VALUE);
  expect(norm(new Float64Array(4).fill(-(2 ** 1022)))).toBe(2 ** 1023);
  expect(norm(new Float64Array(4).fill(2 ** 1023))).toBe(Infinity);
});

test('norm and maxAbs of no entries are +0, NaN beats Infinity, and Infinity beats the rest', () => {
  for (const f of [norm, maxAbs]) {
    assertSameBits([f(new Float64Array(0)), f(Float64Array.of(-0, -0))], [0, 0], f.name);
    expect(f(Float64Array.of(1e300, -Infinity, 0))).toBe(Infinity);
    expect(f(Float64Array.of(Infinity, Number.NaN, 1))).toBe(Number.NaN);
    expect(f(Float64Array.of(Number.NaN, 1))).toBe(Number.NaN);
  }
  expect(maxAbs(Float64Array.of(2, -7, 5))).toBe(7);
  expect(maxAbs(Float64Array.of(-5e-324))).toBe(5e-324);
});

test('a difference of doubles is correctly rounded', () => {
  const random = new Random(106);
  const [x, y] = [normals(random, 100), normals(random, 100).map((t) => t * 1e-3)];
  subtract(x, y).forEach((z, i) => {
    expectWithinGamma(1, z, [subtractExact(exact(x[i]), exact(y[i]))], `seed 106, entry ${i}`);
  });
});

test('small integers come out as by hand', () => {
  const a = matrix(2, 2, Float64Array.of(1, 2, 3, 4));
  const b = matrix(2, 2, Float64Array.of(5, 6, 7, 8));
  assertSameBits(multiply(a, b).data, [19, 22, 43, 50], 'a·b');
  assertSameBits(multiplyNT(a, b).data, [17, 23, 39, 53], 'a·bᵀ');
  assertSameBits(multiplyTN(a, b).data, [26, 30, 38, 44], 'aᵀ·b');
  assertSameBits(matrixVector(a, Float64Array.of(1, -1)), [-1, -1], 'W·x');
  expect(dot(Float64Array.of(1, 2, 3), Float64Array.of(4, 5, 6))).toBe(32);
});
