import { describe, expect, test } from 'vitest';
import { Random } from '../../../src/linalg/random.ts';
import * as twins from '../../../src/linalg/reference/matrix-vector.ts';
import {
  type MatrixVectorExports,
  matrixVector,
  matrixVectorModule,
  rankOneUpdate,
} from '../../../src/linalg/wasm/matrix-vector.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import { blank, DRAWS, hostile, leavesAlone } from '../cases.ts';
import { runGuarded } from './guarded.ts';

// Either side of the pair and of four rows or entries; then of a piece of 16384 doubles.
const SIZES = [0, 1, 2, 3, 4, 5, 7, 8, 9, 17];
const LARGE = [
  [127, 129],
  [128, 128],
  [129, 127],
  [255, 257],
  [257, 63],
  [3, 5461],
  [5, 4095],
  [9, 4097],
  [2, 16385],
  [16387, 1],
] as const;

describe.each(DRAWS)('on %s entries', (_, draw) => {
  function compare(m: number, n: number): void {
    const random = new Random(51);
    const [W, x, p] = [draw(random, m * n), draw(random, n), draw(random, m)];
    const [y, expectedY] = [blank(m + 1), blank(m + 1)];
    leavesAlone([W, x], () => matrixVector(W, x, y, m, n));
    twins.matrixVector(W, x, expectedY, m, n);
    assertSameBits(y, expectedY, `seed 51, matrixVector ${m}x${n}`);

    const [out, expected] = [blank(m * n + 1), blank(m * n + 1)];
    leavesAlone([W, p, x], () => rankOneUpdate(W, p, x, out, m, n));
    twins.rankOneUpdate(W, p, x, expected, m, n);
    assertSameBits(out, expected, `seed 51, rankOneUpdate ${m}x${n}`);

    rankOneUpdate(W, p, x, W, m, n);
    assertSameBits(W, expected.subarray(0, m * n), `seed 51, rankOneUpdate ${m}x${n} in place`);
  }

  test('both have the bits of their twins around a pair and four rows', () => {
    for (const m of SIZES) {
      for (const n of SIZES) compare(m, n);
    }
  });

  test.each(LARGE)('both have the bits of their twins around a piece: %dx%d', (m, n) => {
    compare(m, n);
  });
});

test('a zero product leaves the entry, −0 and NaN included', () => {
  const W = Float64Array.of(-0, NaN, 5e-324, -0, Infinity, -0);
  const out = blank(6);
  rankOneUpdate(W, Float64Array.of(0, -5e-324), Float64Array.of(-1, 0, 1e-300), out, 2, 3);
  assertSameBits(out, [-0, NaN, 5e-324, 5e-324, Infinity, -0], 'zero products');
});

test('nothing but the result is written, wherever memory ends', () => {
  const random = new Random(52);
  for (const [m, n] of [
    [1, 1],
    [3, 2],
    [4, 3],
    [5, 4],
    [6, 5],
    [9, 7],
  ]) {
    const [W, x, p] = [hostile(random, m * n), hostile(random, n), hostile(random, m)];
    const [y, updated] = [blank(m), blank(m * n)];
    twins.matrixVector(W, x, y, m, n);
    twins.rankOneUpdate(W, p, x, updated, m, n);
    for (const last of ['W', 'x', 'y']) {
      const run = (f: WebAssembly.Exports, at: Readonly<Record<string, number>>): void =>
        (f as unknown as MatrixVectorExports).matrixVector(at['W'], at['x'], at['y'], m, n);
      const operands = { W, x, y: blank(m) };
      const results = runGuarded(matrixVectorModule(), operands, ['y'], last, run);
      assertSameBits(results['y'], y, `seed 52, ${m}x${n}, ${last} last`);
    }
    for (const target of ['W', 'out']) {
      for (const last of ['W', 'p', 'x', 'out']) {
        const run = (f: WebAssembly.Exports, at: Readonly<Record<string, number>>): void =>
          (f as unknown as MatrixVectorExports).rankOneUpdate(
            ...([at['W'], at['p'], at['x'], at[target], m, n] as const),
          );
        const operands = { W, p, x, out: blank(m * n) };
        const results = runGuarded(matrixVectorModule(), operands, [target], last, run);
        assertSameBits(results[target], updated, `seed 52, ${m}x${n} to ${target}, ${last} last`);
      }
    }
  }
});

test('a product of integers, by hand', () => {
  const y = blank(2);
  matrixVector(Float64Array.of(1, 2, 3, 4, 5, 6), Float64Array.of(1, 10, 100), y, 2, 3);
  expect(Array.from(y)).toEqual([321, 654]);
});

test('the module is small enough to be compiled where a browser draws', () => {
  expect(matrixVectorModule().length).toBeLessThan(4096); // Chrome compiles no more than 4 KiB there
});
