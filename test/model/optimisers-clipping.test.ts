/**
 * Clipping: long gradients are shortened, short ones keep their bits.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { DomainError, matrix, matrixFromRows, NonFiniteError } from '../../src/linalg/index.ts';
import { clipByGlobalNorm, globalNorm } from '../../src/model/clipping.ts';
import { assertSameBits } from '../support/same-bits.ts';

const g = { a: matrixFromRows([[3, 0]]), b: matrixFromRows([[0], [-4]]) };

test('by hand: (3, −4) has the norm 5 and is clipped to 2.5 by halving', () => {
  expect(globalNorm(g)).toBe(5);
  const { gradients, norm } = clipByGlobalNorm(g, 2.5);
  expect(norm).toBe(5);
  assertSameBits([...gradients.a.data, ...gradients.b.data], [1.5, 0, 0, -2], 'clipped');
  expect([gradients.b.rows, gradients.b.cols]).toEqual([2, 1]);
});

test('up to the limit every bit stays, in memory of its own', () => {
  for (const limit of [5, 6, 1e300]) {
    const { gradients } = clipByGlobalNorm({ ...g, c: matrixFromRows([[-0]]) }, limit);
    assertSameBits([...gradients.a.data, ...gradients.c.data], [3, 0, -0], `limit ${limit}`);
    expect(gradients.a.data).not.toBe(g.a.data);
  }
  expect(clipByGlobalNorm({}, 1)).toEqual({ gradients: {}, norm: 0 });
});

test('squares that would overflow or underflow do not', () => {
  for (const size of [1e200, 1e-200, 2 ** -1060]) {
    const wild = { a: matrixFromRows([[3 * size]]), b: matrixFromRows([[4 * size]]) };
    expect(Math.abs(globalNorm(wild) / (5 * size) - 1)).toBeLessThan(1e-15);
  }
  const { gradients } = clipByGlobalNorm({ a: matrixFromRows([[3e200, 4e200]]) }, 1);
  expect(Math.abs(gradients.a.data[1] - 0.8)).toBeLessThan(1e-15);
});

test('a norm that is not finite, and a limit that is none, are refused', () => {
  for (const entry of [NaN, Infinity, -Infinity]) {
    const run = (): unknown => clipByGlobalNorm({ ...g, c: matrixFromRows([[entry]]) }, 1);
    expect(run).toThrow(NonFiniteError);
    expect(run).toThrow('clipByGlobalNorm: the norm must be finite, got');
  }
  for (const limit of [0, -1, NaN, Infinity]) {
    const run = (): unknown => clipByGlobalNorm({ a: matrix(1, 1) }, limit);
    expect(run).toThrow(DomainError);
    expect(run).toThrow(`clipByGlobalNorm: limit must be positive and finite, got ${limit}`);
  }
});
