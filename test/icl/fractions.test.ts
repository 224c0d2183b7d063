import { expect, test } from 'vitest';
import {
  fractionOuterSum,
  fractionProduct,
  fractionResidual,
  fractionRows,
  fractions,
} from '../../src/icl/fractions.ts';
import { matrixFromRows, NonFiniteError } from '../../src/linalg/index.ts';

const of = (...x: number[]) => fractions(Float64Array.from(x));

test('doubles become the fractions that they are', () => {
  expect(of(0.5, -3, 0.1).map(String)).toEqual(['1/2', '-3', '3602879701896397/36028797018963968']);
  expect(() => of(1, NaN)).toThrow(NonFiniteError);
});

test('products and sums of outer products by hand', () => {
  const M = fractionRows(
    matrixFromRows([
      [1, 2],
      [0.5, 0],
    ]),
  );
  expect(fractionProduct(M, of(3, 4)).map(String)).toEqual(['11', '3/2']);
  const sum = fractionOuterSum([of(1, 2), of(0, 1)], [of(3), of(0.5)], 2, 1);
  expect(sum.map((row) => row.map(String))).toEqual([['3'], ['13/2']]);
  expect(fractionOuterSum([], [], 1, 2).map((row) => row.map(String))).toEqual([['0', '0']]);
});

test('a residual is the first difference, and another length is one', () => {
  expect(fractionResidual(of(1, 2, 3), of(1, 2, 3))).toBe('0');
  expect(fractionResidual(of(1, 2, 3), of(1, 1.5, 0))).toBe('1/2');
  expect(fractionResidual(of(1), of(1, 0))).toBe('lengths');
  expect(fractionResidual(of(1, 0), of(1))).toBe('lengths');
});
