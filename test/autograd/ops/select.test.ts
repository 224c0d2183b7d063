/**
 * Every n-th row and single columns: exact copies, and zeros elsewhere on the way back.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { column, lastRows } from '../../../src/autograd/ops/select.ts';
import { matrix, matrixFromRows, ShapeError } from '../../../src/linalg/index.ts';
import { expectSameMatrix } from '../support.ts';

const x = matrixFromRows([
  [1, 2],
  [3, -0],
  [5, 6],
  [7, 8],
  [9, NaN],
  [11, 12],
]);

describe('lastRows', () => {
  test('takes the last row of each group, bits and all', () => {
    expectSameMatrix(
      lastRows(3).forward([x]).value,
      matrixFromRows([
        [5, 6],
        [11, 12],
      ]),
      'of 3',
    );
    const pairs = matrixFromRows([
      [3, -0],
      [7, 8],
      [11, 12],
    ]);
    expectSameMatrix(lastRows(2).forward([x]).value, pairs, 'of 2');
    expectSameMatrix(lastRows(6).forward([x]).value, matrixFromRows([[11, 12]]), 'of 6');
    expectSameMatrix(lastRows(1).forward([x]).value, x, 'of 1');
  });

  test('puts the cotangent back into those rows, and 0 elsewhere', () => {
    const { saved } = lastRows(3).forward([x]);
    const [dx] = lastRows(3).backward(
      matrixFromRows([
        [1, 2],
        [3, 4],
      ]),
      saved,
      [true],
    );
    expect(dx).toEqual(
      matrixFromRows([
        [0, 0],
        [0, 0],
        [1, 2],
        [0, 0],
        [0, 0],
        [3, 4],
      ]),
    );
  });

  test('refuses rows that do not divide into groups', () => {
    for (const length of [4, 5, 12, 0, -2]) {
      expect(() => lastRows(length).forward([x]), `${length}`).toThrow(ShapeError);
    }
    expect(() => lastRows(4).forward([x])).toThrow(
      'lastRows(4): rows in groups of 4 are required, got 6x2',
    );
  });

  test('refuses a group of 1.5 rows, although 6 rows are four times that', () => {
    for (const length of [1.5, 0.5, NaN, Infinity]) {
      expect(() => lastRows(length).forward([x]), `${length}`).toThrow(ShapeError);
    }
  });
});

describe('column', () => {
  test('takes one entry of each row, bits and all', () => {
    const [first, second] = [column(0), column(1)].map((op) => op.forward([x]).value);
    expectSameMatrix(first, matrixFromRows([[1], [3], [5], [7], [9], [11]]), 'column 0');
    expectSameMatrix(second, matrixFromRows([[2], [-0], [6], [8], [NaN], [12]]), 'column 1');
  });

  test('puts the cotangent back into that column, and 0 elsewhere', () => {
    const two = matrixFromRows([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const { saved } = column(1).forward([two]);
    const [dx] = column(1).backward(matrixFromRows([[7], [8]]), saved, [true]);
    expect(dx).toEqual(
      matrixFromRows([
        [0, 7, 0],
        [0, 8, 0],
      ]),
    );
  });

  test('refuses a column that is not there', () => {
    for (const which of [2, -1, 0.5, NaN]) {
      expect(() => column(which).forward([x]), `${which}`).toThrow(ShapeError);
    }
    expect(() => column(2).forward([x])).toThrow(
      'column(2): a matrix with a column 2 is required, got 6x2',
    );
    expectSameMatrix(column(1).forward([matrix(0, 2)]).value, matrix(0, 1), 'of no rows');
  });
});
