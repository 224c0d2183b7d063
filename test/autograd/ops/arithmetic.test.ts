/**
 * Sums and scalings, worked by hand.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { add, addBias, scale } from '../../../src/autograd/ops/arithmetic.ts';
import { matrix, matrixFromRows, ShapeError } from '../../../src/linalg/index.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import { expectSameMatrix } from '../support.ts';

const x = matrixFromRows([
  [1, 2, 3],
  [4, 5, 6],
]);

test('add: entry by entry, and the cotangent goes to both', () => {
  const y = matrixFromRows([
    [10, 20, 30],
    [40, 50, 60],
  ]);
  const sum = matrixFromRows([
    [11, 22, 33],
    [44, 55, 66],
  ]);
  expectSameMatrix(add.forward([x, y]).value, sum, 'x + y');
  expect(add.backward(sum, null, [true, true])).toEqual([sum, sum]);
});

test('addBias: the row is added to each row, and its gradient is the sum of the rows', () => {
  const b = matrixFromRows([[10, 20, 30]]);
  expectSameMatrix(
    addBias.forward([x, b]).value,
    matrixFromRows([
      [11, 22, 33],
      [14, 25, 36],
    ]),
    'y',
  );
  expect(addBias.backward(x, null, [true, true])).toEqual([x, matrixFromRows([[5, 7, 9]])]);
});

test('addBias: rows are summed first to last', () => {
  const dy = matrixFromRows([[1], [2 ** 53], [-(2 ** 53)]]); // 1 is lost before it is alone again
  expect(addBias.backward(dy, null, [true, true])[1]?.data[0]).toBe(0);
});

test('scale: a factor, and the same factor backward', () => {
  const doubled = matrixFromRows([
    [-2, -4, -6],
    [-8, -10, -12],
  ]);
  expectSameMatrix(scale(-2).forward([x]).value, doubled, 'y');
  expect(scale(-2).backward(x, null, [true])).toEqual([doubled]);
  const ones = scale(0).forward([matrixFromRows([[-1, 1]])]).value.data;
  assertSameBits(ones, [-0, 0], 'zero times a negative number');
});

test('matrices without entries pass', () => {
  const empty = matrix(0, 3);
  expectSameMatrix(add.forward([empty, empty]).value, empty, 'add');
  expectSameMatrix(addBias.forward([empty, matrix(1, 3)]).value, empty, 'addBias');
  expect(addBias.backward(empty, null, [true, true])[1]).toEqual(matrix(1, 3));
  expectSameMatrix(scale(2).forward([empty]).value, empty, 'scale');
});

test('shapes that do not fit are refused with all of them in the message', () => {
  expect(() => add.forward([x, matrix(3, 2)])).toThrow(
    'add: two matrices of one shape are required, got 2x3, 3x2',
  );
  expect(() => add.forward([x, matrix(2, 2)])).toThrow(ShapeError);
  expect(() => add.forward([x, x, x])).toThrow('got 2x3, 2x3, 2x3');
  for (const b of [matrix(1, 2), matrix(3, 1), matrix(2, 3)]) {
    expect(() => addBias.forward([x, b])).toThrow(
      /^addBias: x r×c and b 1×c are required, got 2x3, /,
    );
    expect(() => addBias.forward([x, b])).toThrow(ShapeError);
  }
  expect(() => scale(2).forward([x, x])).toThrow('scale: one matrix is required, got 2x3, 2x3');
});
