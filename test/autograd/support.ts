/**
 * What the tests of autograd and model share: comparing bits, drawing matrices.
 *
 * @module
 */
import { expect } from 'vitest';
import { type Matrix, matrix, type Random } from '../../src/linalg/index.ts';
import { assertSameBits } from '../support/same-bits.ts';

/** `assertSameBits` of the entries, and equal shapes. */
export function expectSameMatrix(actual: Matrix, expected: Matrix, label: string): void {
  const shape = ({ rows, cols }: Matrix): string => `${rows}x${cols}`;
  expect(shape(actual), `${label}: shape`).toBe(shape(expected));
  assertSameBits(actual.data, expected.data, label);
}

/** Fails unless |actual_i − expected_i| ≤ bound_i for every i; a NaN anywhere fails. */
export function expectWithin(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  bound: ArrayLike<number>,
  label: string,
): void {
  expect(actual.length, `${label}: length`).toBe(expected.length);
  expect(bound.length, `${label}: bounds`).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i] - expected[i]);
    if (error <= bound[i] && bound[i] < Infinity) continue;
    expect.fail(`${label}: entry ${i} is off by ${error}, above its bound ${bound[i]}`);
  }
}

/** A rows×cols matrix of normal draws. */
export function normalMatrix(rows: number, cols: number, random: Random): Matrix {
  const result = matrix(rows, cols);
  random.fillNormal(result.data);
  return result;
}

/** Rows from (included) to `to` (excluded), copied. */
export function rowsOf(x: Matrix, from: number, to: number): Matrix {
  return matrix(to - from, x.cols, x.data.slice(from * x.cols, to * x.cols));
}

/** Columns from (included) to `to` (excluded), copied. */
export function columnsOf(x: Matrix, from: number, to: number): Matrix {
  const rows = Array.from({ length: x.rows }, (_, i) =>
    Array.from(x.data.subarray(i * x.cols + from, i * x.cols + to)),
  );
  return matrix(x.rows, to - from, Float64Array.from(rows.flat()));
}

/** γ_k = k·u/(1 − k·u), u = 2⁻⁵³. */
export const gamma = (k: number): number => (k * 2 ** -53) / (1 - k * 2 ** -53);
