import { expect, test } from 'vitest';
import { NonFiniteError, ShapeError } from '../../src/linalg/errors.ts';
import {
  matrix,
  matrixFromRows,
  requireFinite,
  rowMatrix,
  rowOf,
} from '../../src/linalg/matrix.ts';
import { Random } from '../../src/linalg/random.ts';
import { assertSameBits } from '../support/same-bits.ts';
import { hostile, leavesAlone, SIZES } from './cases.ts';

test('a matrix without entries given is +0 everywhere, at every size', () => {
  for (const rows of SIZES) {
    for (const cols of SIZES) {
      const a = matrix(rows, cols);
      expect([a.rows, a.cols]).toEqual([rows, cols]);
      assertSameBits(a.data, new Array(rows * cols).fill(0), `${rows}x${cols}`);
    }
  }
});

test('a matrix wraps the entries it is given without a copy', () => {
  const data = Float64Array.of(1, 2, 3, 4, 5, 6);
  expect(matrix(2, 3, data).data).toBe(data);
});

test('sizes that are not natural numbers are refused', () => {
  for (const [rows, cols] of [
    [-1, 2],
    [2, -1],
    [1.5, 2],
    [2, Number.NaN],
    [Infinity, 0],
    [2 ** 53, 0],
  ]) {
    const make = () => matrix(rows, cols, new Float64Array(0));
    expect(make).toThrow(ShapeError);
    expect(make).toThrow(`matrix: sizes are non-negative integers, got ${rows}x${cols}`);
  }
});

test('entries of another number or type are refused, with what was needed and what came', () => {
  const make = (n: number) => () => matrix(2, 3, new Float64Array(n));
  for (const n of [0, 5, 7]) {
    expect(make(n)).toThrow(ShapeError);
    expect(make(n)).toThrow(RangeError);
    expect(make(n)).toThrow(`matrix: 2x3 needs 6 numbers, got ${n}`);
  }
  for (const [data, got] of [
    [[1, 2], 'Array'],
    [new Float32Array(2), 'Float32Array'],
    ['ab', 'ab'],
  ] as const) {
    // A caller without types.
    const untyped = () => matrix(1, 2, data as unknown as Float64Array);
    expect(untyped).toThrow(TypeError);
    expect(untyped).toThrow(`matrix: data must be a Float64Array, got ${got}`);
  }
});

test('matrixFromRows copies the rows in order, bit for bit, and rowOf takes them out', () => {
  const random = new Random(91);
  for (const rows of SIZES) {
    for (const cols of SIZES) {
      const given = Array.from({ length: rows }, () => hostile(random, cols));
      const a = leavesAlone(given, () => matrixFromRows(given, cols));
      expect([a.rows, a.cols]).toEqual([rows, cols]);
      given.forEach((row, i) => {
        const taken = rowOf(a, i);
        assertSameBits(taken, row, `seed 91, row ${i} of ${rows}x${cols}`);
        row.fill(7);
        taken.fill(8);
      });
      expect(a.data.includes(7) || a.data.includes(8)).toBe(false);
    }
  }
});

test('matrixFromRows takes its width from the first row, and from cols when there is none', () => {
  const a = matrixFromRows([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  expect(a).toEqual({ rows: 2, cols: 3, data: Float64Array.of(1, 2, 3, 4, 5, 6) });
  expect(matrixFromRows([], 5)).toEqual({ rows: 0, cols: 5, data: new Float64Array(0) });
  expect(() => matrixFromRows([])).toThrow(/number of columns is required, got none/);
});

test('matrixFromRows names the first row whose length differs', () => {
  const make = () => matrixFromRows([[1, 2], [3, 4], [5], [6, 7, 8]]);
  expect(make).toThrow(ShapeError);
  expect(make).toThrow('matrixFromRows: rows must have 2 entries, got 1 in row 2');
  expect(() => matrixFromRows([[1, 2]], 3)).toThrow('must have 3 entries, got 2 in row 0');
});

test('rowOf refuses a row that is not there', () => {
  const a = matrix(2, 3);
  for (const i of [-1, 2, 0.5, Number.NaN, Infinity]) {
    expect(() => rowOf(a, i)).toThrow(ShapeError);
    expect(() => rowOf(a, i)).toThrow(`rowOf: the matrix is 2x3, so there is no row ${i}`);
  }
});

test('rowMatrix is one row, copied', () => {
  const x = hostile(new Random(92), 7);
  const a = leavesAlone([x], () => rowMatrix(x));
  expect([a.rows, a.cols]).toEqual([1, 7]);
  assertSameBits(a.data, x, 'seed 92');
  expect(a.data.buffer).not.toBe(x.buffer);
});

test('requireFinite passes every finite number and names the first that is not', () => {
  requireFinite('caller', 'x', Float64Array.of(0, -0, 5e-324, -Number.MAX_VALUE));
  requireFinite('caller', 'x', new Float64Array(0));
  for (const bad of [Number.NaN, Infinity, -Infinity]) {
    const check = () => requireFinite('caller', 'x', Float64Array.of(1, 2, bad, Number.NaN));
    expect(check).toThrow(NonFiniteError);
    expect(check).toThrow(RangeError);
    expect(check).toThrow(`caller: x must be finite, got ${bad} at entry 2`);
  }
});
