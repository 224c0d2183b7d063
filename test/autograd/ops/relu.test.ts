/**
 * The rectifier at every kind of number.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { relu } from '../../../src/autograd/ops/relu.ts';
import { matrix, Random } from '../../../src/linalg/index.ts';
import { assertSameBits } from '../../support/same-bits.ts';

const row = (...x: number[]) => matrix(1, x.length, Float64Array.from(x));

test('what is positive stays, and all else is +0', () => {
  const x = [3, -3, 0, -0, 5e-324, -5e-324, 1e308, -1e308, Infinity, -Infinity];
  const y = [3, 0, 0, 0, 5e-324, 0, 1e308, 0, Infinity, 0];
  assertSameBits(relu.forward([row(...x)]).value.data, y, 'relu');
});

test('a NaN stays NaN: it is not rectified away', () => {
  assertSameBits(relu.forward([row(NaN, 1)]).value.data, [NaN, 1], 'relu');
});

test('the cotangent passes where the value is positive, and not at the kink', () => {
  const { saved } = relu.forward([row(2, -2, 0, -0, 5e-324)]);
  const [dx] = relu.backward(row(7, 7, 7, 7, -7), saved, [true]);
  assertSameBits(dx?.data ?? [], [7, 0, 0, 0, -7], 'dx');
});

test('the value is a new matrix', () => {
  const x = row(1, -1);
  relu.forward([x]).value.data.fill(5);
  expect(Array.from(x.data)).toEqual([1, -1]);
});

test('probes keep away from the kink by more than the differences reach', () => {
  const random = new Random(5);
  for (let round = 0; round < 200; round++) {
    const [x] = relu.probe(random);
    expect(x.data.every((entry) => Math.abs(entry) >= 0.1)).toBe(true);
  }
});
