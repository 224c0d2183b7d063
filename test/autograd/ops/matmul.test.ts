/**
 * Products of two matrices, worked by hand; the gradients are products again.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { linear, matmul } from '../../../src/autograd/ops/matmul.ts';
import { matrix, matrixFromRows, Random, ShapeError } from '../../../src/linalg/index.ts';
import { expectSameMatrix, normalMatrix } from '../support.ts';

const a = matrixFromRows([
  [1, 2, 3],
  [4, 5, 6],
]);
const b = matrixFromRows([
  [1, 0],
  [2, 1],
  [0, 3],
]);
const bT = matrixFromRows([
  [1, 2, 0],
  [0, 1, 3],
]);
const y = matrixFromRows([
  [5, 11],
  [14, 23],
]);
const dy = matrixFromRows([
  [1, -1],
  [0, 2],
]);

test('matmul: y = a·b, da = dy·bᵀ, db = aᵀ·dy', () => {
  const { value, saved } = matmul.forward([a, b]);
  expectSameMatrix(value, y, 'y');
  expect(matmul.backward(dy, saved, [true, true])).toEqual([
    matrixFromRows([
      [1, 1, -3],
      [0, 2, 6],
    ]),
    matrixFromRows([
      [1, 7],
      [2, 8],
      [3, 9],
    ]),
  ]);
});

test('linear: y = x·Wᵀ, dx = dy·W, dW = dyᵀ·x', () => {
  const { value, saved } = linear.forward([a, bT]);
  expectSameMatrix(value, y, 'y');
  expect(linear.backward(dy, saved, [true, true])).toEqual([
    matrixFromRows([
      [1, 1, -3],
      [0, 2, 6],
    ]),
    matrixFromRows([
      [1, 2, 3],
      [7, 8, 9],
    ]),
  ]);
});

test('what nobody needs is not computed', () => {
  for (const op of [matmul, linear]) {
    const { saved } = op.forward([a, op === matmul ? b : bT]);
    expect(op.backward(dy, saved, [false, true])[0]).toBeNull();
    expect(op.backward(dy, saved, [true, false])[1]).toBeNull();
  }
});

test('a row of a product is the product of the row, bit for bit', () => {
  const random = new Random(3);
  const [x, W] = [normalMatrix(5, 11, random), normalMatrix(7, 11, random)];
  const whole = linear.forward([x, W]).value;
  for (let i = 0; i < 5; i++) {
    const row = matrix(1, 11, x.data.slice(11 * i, 11 * (i + 1)));
    const expected = matrix(1, 7, whole.data.slice(7 * i, 7 * (i + 1)));
    expectSameMatrix(linear.forward([row, W]).value, expected, `row ${i}`);
  }
});

test('products over no terms are +0', () => {
  expectSameMatrix(matmul.forward([matrix(2, 0), matrix(0, 3)]).value, matrix(2, 3), 'matmul');
  expectSameMatrix(linear.forward([matrix(2, 0), matrix(3, 0)]).value, matrix(2, 3), 'linear');
});

test('shapes that do not fit are refused with both in the message', () => {
  expect(() => matmul.forward([a, bT])).toThrow('matmul: m×k and k×n are required, got 2x3, 2x3');
  expect(() => linear.forward([a, b])).toThrow(
    'linear: x r×k and W n×k are required, got 2x3, 3x2',
  );
  expect(() => matmul.forward([a])).toThrow(ShapeError);
  expect(() => linear.forward([a, bT, bT])).toThrow(ShapeError);
});
