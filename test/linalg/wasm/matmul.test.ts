import { describe, expect, test } from 'vitest';
import { Random } from '../../../src/linalg/random.ts';
import * as twins from '../../../src/linalg/reference/matmul.ts';
import {
  accumulateProduct,
  matmul,
  matmulNT,
  matmulTN,
  PACKING,
} from '../../../src/linalg/wasm/matmul.ts';
import { type MatmulExports, matmulModule } from '../../../src/linalg/wasm/matmul-module.ts';
import { Arena } from '../../../src/linalg/wasm/memory.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import { blank, DRAWS, hostile, leavesAlone, normals } from '../cases.ts';
import { runGuarded } from './guarded.ts';

const KERNELS = [
  { name: 'matmul', kernel: matmul, twin: twins.matmul, transposed: [false, false] },
  { name: 'matmulNT', kernel: matmulNT, twin: twins.matmulNT, transposed: [false, true] },
  { name: 'matmulTN', kernel: matmulTN, twin: twins.matmulTN, transposed: [true, false] },
] as const;

// Empty, one, and either side of the tile (4), and of four tiles.
const SIZES = [0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 17];

// Either side of the blocks: sums of 256 terms, 64 rows, 1024 columns, and more rows and columns where
// the sum is short; distinct primes; the shapes of a transformer.
const LARGE = [
  [15, 255, 17],
  [63, 256, 9],
  [64, 257, 5],
  [65, 258, 7],
  [127, 128, 129],
  [129, 511, 3],
  [67, 513, 31],
  [5, 255, 1025],
  [5, 256, 1027],
  [3, 257, 1023],
  [3, 300, 2053],
  [16385, 1, 3],
  [5463, 3, 2],
  [2, 3, 87383],
  [1, 31, 8461],
  [1616, 3, 32],
  [64, 32, 3],
] as const;

describe.each(KERNELS)('$name has the bits of its twin', ({ kernel, twin, transposed }) => {
  type Draw = (random: Random, n: number) => Float64Array;
  function compare(seed: number, draw: Draw, m: number, k: number, n: number): void {
    const random = new Random(seed);
    const [a, b] = [draw(random, m * k), draw(random, k * n)];
    const [actual, expected] = [blank(m * n + 3), blank(m * n + 3)];
    leavesAlone([a, b], () => kernel(a, b, actual, m, k, n));
    twin(a, b, expected, m, k, n);
    assertSameBits(actual, expected, `seed ${seed}, ${m}x${k} by ${k}x${n}`);
  }

  test.each(DRAWS)('around a tile, on %s entries', (_, draw) => {
    for (const m of SIZES) {
      for (const k of SIZES) {
        for (const n of SIZES) compare(31, draw, m, k, n);
      }
    }
  });

  test.each(LARGE)('around a block: %dx%d by …x%d', (m, k, n) => {
    compare(32, normals, m, k, n);
  });

  /** Finite, so that long sums do not all end as NaN: zeros of both signs, subnormals, 1e±300. */
  const finite: Draw = (random, n) => hostile(random, n).map((x) => (Number.isFinite(x) ? x : -0));

  test.each([
    [9, 257, 13],
    [65, 259, 6],
  ])('on long sums of hostile finite entries: %dx%d by …x%d', (m, k, n) => {
    compare(33, finite, m, k, n);
    compare(34, (random, count) => finite(random, count).map((x) => x * 1e-170), m, k, n);
  });

  test('with a sum of −0: it starts at +0', () => {
    const c = blank(6);
    kernel(Float64Array.of(-0, -0), Float64Array.of(1, 1, 1), c, 2, 1, 3);
    assertSameBits(c, new Float64Array(6), 'products of -0');
  });

  test('and writes nothing but c, wherever memory ends', () => {
    const random = new Random(35);
    for (const [m, k, n] of [
      [1, 1, 1],
      [3, 5, 7],
      [4, 4, 4],
      [5, 2, 9],
      [9, 3, 2],
    ]) {
      const [a, b] = [normals(random, m * k), normals(random, k * n)];
      const expected = blank(m * n);
      twin(a, b, expected, m, k, n);
      for (const last of ['a', 'b', 'c']) {
        const operands = { a, b, c: new Float64Array(m * n) };
        const run = (exports: WebAssembly.Exports, at: Readonly<Record<string, number>>): void =>
          accumulateProduct(
            exports as unknown as MatmulExports,
            at['scratch'],
            { address: at['a'], stride: transposed[0] ? m : k, transposed: transposed[0] },
            { address: at['b'], stride: transposed[1] ? k : n, transposed: transposed[1] },
            { address: at['c'], stride: n },
            m,
            k,
            n,
          );
        const { c } = runGuarded(matmulModule(), operands, ['c'], last, run, 8 * PACKING);
        assertSameBits(c, expected, `seed 35, ${m}x${k} by ${k}x${n}, ${last} last`);
      }
    }
  });
});

test('a product of windows of larger matrices touches the windows only, and adds to c', () => {
  const arena = new Arena(40);
  const room = arena.allocate(PACKING);
  const kernel = arena.instantiate(matmulModule()) as unknown as MatmulExports;
  const [m, k, n, strideA, strideB, strideC] = [6, 5, 7, 11, 13, 17];
  const random = new Random(36);
  const [a, b, c] = [strideA * m, strideB * k, strideC * m].map((size) => normals(random, size));
  const [atA, atB, atC] = [a, b, c].map((x) => {
    const at = arena.allocate(x.length);
    arena.copyIn(at, x, 0, x.length);
    return at;
  });
  const operand = (address: number, stride: number) => ({ address, stride, transposed: false });
  accumulateProduct(
    kernel,
    room,
    operand(atA, strideA),
    operand(atB, strideB),
    operand(atC, strideC),
    m,
    k,
    n,
  );
  const expected = c.slice();
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      for (let p = 0; p < k; p++) {
        expected[i * strideC + j] += a[i * strideA + p] * b[p * strideB + j];
      }
    }
  }
  const actual = c.slice();
  arena.copyOut(atC, actual, 0, c.length);
  assertSameBits(actual, expected, 'seed 36');
});

test('small integers multiply exactly', () => {
  const c = new Float64Array(4);
  matmul(Float64Array.of(1, 2, 3, 4), Float64Array.of(5, 6, 7, 8), c, 2, 2, 2);
  expect(Array.from(c)).toEqual([19, 22, 43, 50]);
});

test('the module is small enough to be compiled where a browser draws', () => {
  expect(matmulModule().length).toBeLessThan(4096); // Chrome compiles no more than 4 KiB there
});
