/**
 * Evaluators that round compute what eager does, rounded.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { ALL_OPS, eager, float32, linear, matmul, roundingTo } from '../../src/autograd/index.ts';
import { BFLOAT16, FLOAT32, matrix, Random, roundAll } from '../../src/linalg/index.ts';
import { expectSameMatrix } from './support.ts';

const roundedBy = (format: typeof FLOAT32, { rows, cols, data }: ReturnType<typeof matrix>) =>
  matrix(rows, cols, roundAll(format, data));

test('every operation gives the eager result rounded once', () => {
  const random = new Random(7, 11);
  for (const format of [BFLOAT16, FLOAT32]) {
    const on = roundingTo(format);
    for (const op of ALL_OPS) {
      const args = op.probe(random);
      expectSameMatrix(on.apply(op, ...args), roundedBy(format, eager.apply(op, ...args)), op.name);
      expectSameMatrix(on.constant(args[0]), roundedBy(format, args[0]), 'constant');
      expect(on.read(args[0])).toBe(args[0]);
    }
  }
});

test('in float32 products round at every term, everything else once', () => {
  const random = new Random(7, 12);
  const draw = (rows: number, cols: number) => {
    const x = matrix(rows, cols);
    random.fillNormal(x.data);
    return float32.constant(x);
  };
  const [x, W, V] = [draw(3, 40), draw(5, 40), draw(40, 5)];
  for (const [op, b, entry] of [
    [linear, W, (p: number, j: number) => W.data[j * 40 + p]],
    [matmul, V, (p: number, j: number) => V.data[p * 5 + j]],
  ] as const) {
    const right = matrix(3, 5);
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 5; j++) {
        let sum = 0;
        for (let p = 0; p < 40; p++) {
          sum = Math.fround(sum + Math.fround(x.data[i * 40 + p] * entry(p, j)));
        }
        right.data[i * 5 + j] = sum;
      }
    }
    expectSameMatrix(float32.apply(op, x, b), right, op.name);
    // Forty terms rounded one by one are not their sum rounded once.
    expect(roundingTo(FLOAT32).apply(op, x, b).data).not.toEqual(right.data);
  }
  for (const op of ALL_OPS.filter((each) => each !== linear && each !== matmul)) {
    const args = op.probe(random);
    const once = roundedBy(FLOAT32, eager.apply(op, ...args));
    expectSameMatrix(float32.apply(op, ...args), once, op.name);
  }
});
