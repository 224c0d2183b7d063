/**
 * The loss, worked by hand.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { squaredError } from '../../../src/autograd/ops/squared-error.ts';
import { matrix, matrixFromRows, ShapeError } from '../../../src/linalg/index.ts';
import { expectSameMatrix } from '../support.ts';

const prediction = matrixFromRows([
  [1, 2],
  [3, 4],
  [5, 6],
]);
const target = matrixFromRows([
  [0, 4],
  [3, 1],
  [10, 6],
]);

test('is the sum of the squares of the differences, not their mean', () => {
  // differences 1, −2, 0, 3, −5, 0
  const { value } = squaredError.forward([prediction, target]);
  expectSameMatrix(value, matrixFromRows([[39]]), 'loss');
});

test('has the gradient 2·dy·difference, and its opposite for the target', () => {
  const { saved } = squaredError.forward([prediction, target]);
  const [dp, dt] = squaredError.backward(matrixFromRows([[3]]), saved, [true, true]);
  expect(dp).toEqual(
    matrixFromRows([
      [6, -12],
      [0, 18],
      [-30, 0],
    ]),
  );
  expect(Array.from(dt?.data ?? [], (entry) => entry + 0)).toEqual([-6, 12, 0, -18, 30, 0]);
  expect(squaredError.backward(matrixFromRows([[3]]), saved, [true, false])[1]).toBeNull();
  expect(squaredError.backward(matrixFromRows([[3]]), saved, [false, true])[0]).toBeNull();
});

test('is 0 with gradient 0 for equal matrices, and for none', () => {
  const { value, saved } = squaredError.forward([target, target]);
  expect(value.data[0]).toBe(0);
  const [dp] = squaredError.backward(matrixFromRows([[1]]), saved, [true, true]);
  expect(dp?.data.every((entry) => entry === 0)).toBe(true);
  expect(squaredError.forward([matrix(0, 2), matrix(0, 2)]).value.data[0]).toBe(0);
});

test('is NaN where an entry is, and never hides it', () => {
  const broken = matrixFromRows([
    [1, 2],
    [NaN, 4],
    [5, 6],
  ]);
  expect(squaredError.forward([broken, target]).value.data[0]).toBeNaN();
});

test('refuses matrices of different shapes', () => {
  expect(() => squaredError.forward([prediction, matrix(2, 3)])).toThrow(ShapeError);
  for (const [rows, cols] of [
    [1, 2],
    [3, 1],
  ]) {
    expect(() => squaredError.forward([prediction, matrix(rows, cols)])).toThrow(
      `squaredError: two matrices of one shape are required, got 3x2, ${rows}x${cols}`,
    );
  }
});
