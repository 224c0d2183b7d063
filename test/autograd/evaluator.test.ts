/**
 * Eager values are the values that a tape records.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { eager } from '../../src/autograd/evaluator.ts';
import { ALL_OPS, addBias, linear, relu } from '../../src/autograd/index.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { matrixFromRows, Random } from '../../src/linalg/index.ts';
import { expectSameMatrix } from './support.ts';

test('eager and tape give the same bits, for every operation', () => {
  const random = new Random(11);
  for (const op of ALL_OPS) {
    const args = op.probe(random);
    const tape = new Tape();
    for (const leaf of [tape.parameter.bind(tape), tape.constant.bind(tape)]) {
      const variable = tape.apply(op, ...args.map(leaf));
      const value = eager.apply(op, ...args.map((arg) => eager.constant(arg)));
      expectSameMatrix(tape.read(variable), eager.read(value), op.name);
    }
  }
});

test('a chain of operations on integers is exact, eagerly and on a tape', () => {
  // (1, 2)·Wᵀ + b = (5, 4) + (−6, 1) = (−1, 5), rectified (0, 5)
  const [x, W, b] = [
    [[1, 2]],
    [
      [1, 2],
      [2, 1],
    ],
    [[-6, 1]],
  ].map((rows) => matrixFromRows(rows));
  const tape = new Tape();
  const [tx, tW, tb] = [tape.constant(x), tape.parameter(W), tape.parameter(b)];
  const onTape = tape.apply(relu, tape.apply(addBias, tape.apply(linear, tx, tW), tb));
  const atOnce = eager.apply(relu, eager.apply(addBias, eager.apply(linear, x, W), b));
  expectSameMatrix(atOnce, matrixFromRows([[0, 5]]), 'eager');
  expectSameMatrix(tape.read(onTape), atOnce, 'tape');
});

test('a constant and a leaf are the matrix they were made of, not a copy', () => {
  const x = matrixFromRows([[1, 2]]);
  const tape = new Tape();
  expect(eager.read(eager.constant(x))).toBe(x);
  expect(tape.read(tape.constant(x))).toBe(x);
  expect(tape.read(tape.parameter(x))).toBe(x);
});
