/**
 * Softmax of rows: masks, shifts, refusals. Its gradient is checked with random cotangents in
 * `gradients.test.ts`; here is what that cannot see.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { softmaxRows } from '../../../src/autograd/ops/softmax.ts';
import {
  matrix,
  matrixFromRows,
  NonFiniteError,
  Random,
  ShapeError,
} from '../../../src/linalg/index.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import { expectWithin, gamma, normalMatrix } from '../support.ts';

const softmaxOf = (...x: number[]): Float64Array =>
  softmaxRows.forward([matrix(1, x.length, Float64Array.from(x))]).value.data;

test('equal entries share equally, and a masked entry weighs exactly nothing', () => {
  assertSameBits(softmaxOf(2, 2), [0.5, 0.5], 'two');
  assertSameBits(softmaxOf(-Infinity, 2, 2), [0, 0.5, 0.5], 'masked');
  assertSameBits(softmaxOf(1e308), [1], 'one');
  assertSameBits(softmaxOf(0, -800), [1, 0], 'far below');
});

test('a row without a softmax is refused by number', () => {
  const refuse = (got: string, ...second: number[]): void => {
    const run = (): unknown => softmaxRows.forward([matrixFromRows([[0, 1], second])]);
    expect(run).toThrow(NonFiniteError);
    expect(run).toThrow(
      `softmaxRows: the largest entry of a row must be finite, got ${got} in row 1`,
    );
  };
  refuse('-Infinity', -Infinity, -Infinity);
  refuse('NaN', NaN, 1);
  refuse('NaN', 1, NaN);
  refuse('NaN', Infinity, NaN);
  refuse('Infinity', 1, Infinity);
  expect(() => softmaxRows.forward([matrix(2, 0)])).toThrow(ShapeError);
});

test('a shift that is exact in float64 changes no bit', () => {
  for (const shift of [-1e5, 2 ** 40]) {
    assertSameBits(softmaxOf(shift, shift + 1, shift - 3), softmaxOf(0, 1, -3), `shift ${shift}`);
  }
});

test('each row sums to 1 within rounding, whatever the others hold', () => {
  const x = normalMatrix(7, 13, new Random(17));
  const y = softmaxRows.forward([x]).value.data;
  for (let i = 0; i < 7; i++) {
    const row = y.slice(13 * i, 13 * (i + 1));
    // Derived: total is within γ_13 of Σe, each quotient within u, and this sum within γ_13.
    expectWithin([row.reduce((sum, p) => sum + p, 0)], [1], [gamma(2 * 13 + 1)], `row ${i}`);
    assertSameBits(row, softmaxOf(...x.data.slice(13 * i, 13 * (i + 1))), `row ${i} alone`);
  }
});

test('the gradient is y·(dy − ⟨dy, y⟩), by hand: y = (1/2, 1/2)', () => {
  const { saved } = softmaxRows.forward([
    matrixFromRows([
      [0, 0],
      [3, 3],
    ]),
  ]);
  const [dx] = softmaxRows.backward(
    matrixFromRows([
      [1, 3],
      [8, 0],
    ]),
    saved,
    [true],
  );
  expect(dx).toEqual(
    matrixFromRows([
      [-0.5, 0.5],
      [2, -2],
    ]),
  );
});

test('a masked entry gets no gradient', () => {
  const { saved } = softmaxRows.forward([matrixFromRows([[-Infinity, 0, 0]])]);
  const [dx] = softmaxRows.backward(matrixFromRows([[5, 1, 3]]), saved, [true]);
  expect(Array.from(dx?.data ?? [], Math.abs)).toEqual([0, 0.5, 0.5]);
});
