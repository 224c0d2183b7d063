/**
 * What is true of every backward pass and every sequence operation, whatever it computes.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import {
  ALL_OPS,
  attention,
  causalConvolution,
  diagonalScan,
  diagonalStateSpace,
  elman,
  gru,
  linearAttention,
  lstm,
  runningMean,
  selectiveScan,
} from '../../src/autograd/index.ts';
import type { Op } from '../../src/autograd/op.ts';
import { type Matrix, matrix, Random } from '../../src/linalg/index.ts';
import { expectSameMatrix, normalMatrix, rowsOf } from './support.ts';

test.each(ALL_OPS.map((op, i) => [`${op.name} (#${i})`, op] as const))(
  '%s: twice the cotangent gives twice the gradients, bit for bit',
  (_name, op) => {
    const random = new Random(31);
    const args = op.probe(random);
    const { value, saved } = op.forward(args);
    const dy = normalMatrix(value.rows, value.cols, random);
    const twice = (x: Matrix): Matrix =>
      matrix(
        x.rows,
        x.cols,
        x.data.map((entry) => 2 * entry),
      );
    const needed = args.map(() => true);
    const once = op.backward(dy, saved, needed);
    op.backward(twice(dy), saved, needed).forEach((gradient, i) => {
      const single = once[i];
      if (!gradient || !single) expect.fail(`argument ${i}: no gradient`);
      expectSameMatrix(gradient, twice(single), `argument ${i}`);
    });
  },
);

/** Operations made for a batch, and how many of their arguments have a row for each token. */
const SEQUENCES: readonly [string, (batch: number) => Op, number][] = [
  ['attention', (batch) => attention({ batch, heads: 2, causal: true, window: 3, softCap: 1 }), 3],
  ['ALiBi', (batch) => attention({ batch, heads: 2, alibi: [0.1, 1], queryRow: true }), 3],
  ['linearAttention', (batch) => linearAttention({ batch, heads: 2, causal: true }), 3],
  ['elu', (batch) => linearAttention({ batch, heads: 1, feature: 'elu+1', normalised: true }), 3],
  ['elman', (batch) => elman({ batch }), 1],
  ['gru', (batch) => gru({ batch, queryRow: true }), 1],
  ['lstm', (batch) => lstm({ batch }), 1],
  ['diagonalScan', (batch) => diagonalScan({ batch }), 2],
  ['runningMean', (batch) => runningMean({ batch }), 1],
  ['causalConvolution', (batch) => causalConvolution({ batch }), 1],
  ['selectiveScan', (batch) => selectiveScan({ batch }), 4],
  ['diagonalStateSpace', (batch) => diagonalStateSpace({ batch }), 1],
];

describe.each(SEQUENCES)('%s', (_name, factory, folded) => {
  test('gives each sequence of a batch the value and token gradients that it has alone', () => {
    const batch = 3;
    const random = new Random(37);
    const op = factory(batch);
    const args = op.probe(random);
    const { value, saved } = op.forward(args);
    const dy = normalMatrix(value.rows, value.cols, random);
    const needed = args.map(() => true);
    const gradients = op.backward(dy, saved, needed);
    for (let b = 0; b < batch; b++) {
      const own = (x: Matrix): Matrix =>
        rowsOf(x, (b * x.rows) / batch, ((b + 1) * x.rows) / batch);
      const alone = factory(1);
      const run = alone.forward(args.map((arg, i) => (i < folded ? own(arg) : arg)));
      expectSameMatrix(run.value, own(value), `value of ${b}`);
      const ownGradients = alone.backward(own(dy), run.saved, needed);
      for (let i = 0; i < folded; i++) {
        const [got, expected] = [ownGradients[i], gradients[i]];
        if (!got || !expected) expect.fail(`argument ${i}: no gradient`);
        expectSameMatrix(got, own(expected), `gradient ${i} of ${b}`);
      }
    }
  });
});
