/**
 * The check itself: what it accepts and what it must not.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { gradcheck, gradientError } from '../../src/autograd/gradcheck.ts';
import { ALL_OPS, linear, softmaxRows } from '../../src/autograd/index.ts';
import { type Op, probeMatrix } from '../../src/autograd/op.ts';
import { type Matrix, matrix, Random } from '../../src/linalg/index.ts';

/** y = x³ entry by entry, with `slope`·x² for its derivative. */
const cube = (slope: number): Op<Matrix> => ({
  name: 'cube',
  forward: ([x]) => ({
    value: matrix(
      x.rows,
      x.cols,
      x.data.map((t) => t * t * t),
    ),
    saved: x,
  }),
  backward: (dy, x) => [
    matrix(
      x.rows,
      x.cols,
      x.data.map((t, i) => slope * t * t * dy.data[i]),
    ),
  ],
  probe: (random) => [probeMatrix(2, 3, random)],
});

/** Gradient and value 0 everywhere. */
const nothing: Op<Matrix> = {
  name: 'nothing',
  forward: ([x]) => ({ value: matrix(1, 1), saved: x }),
  backward: (_dy, x) => [matrix(x.rows, x.cols)],
  probe: (random) => [probeMatrix(2, 3, random)],
};

test('an operation of one’s own passes with the right derivative and fails with another', () => {
  expect(gradcheck(cube(3)).ok).toBe(true);
  for (const slope of [0, -3, 2, 3.0003, NaN, Infinity]) {
    expect(gradcheck(cube(slope)).ok, `slope ${slope}`).toBe(false);
  }
});

test('the whole library passes with one call an operation', () => {
  for (const op of ALL_OPS) {
    const { ok, worst } = gradcheck(op);
    expect(worst.length, op.name).toBe(op.probe(new Random(1)).length);
    expect(ok, `${op.name}: ${worst}`).toBe(true);
  }
});

test('one wrong argument of two is found, and told apart from the right one', () => {
  const half: Op<readonly Matrix[]> = {
    ...linear,
    backward: (dy, saved, needed) => [linear.backward(dy, saved, needed)[0], matrix(2, 5)],
  };
  const { ok, worst } = gradcheck(half);
  expect(ok).toBe(false);
  expect(worst[0]).toBeLessThan(1e-8);
  expect(worst[1]).toBe(1); // |s − 0|/(|s| + 0)
});

test('a wrong gradient in one round of many is not averaged away', () => {
  let calls = 0;
  const seldom: Op<Matrix> = {
    ...cube(3),
    backward: (dy, x, needed) => cube(++calls === 13 ? NaN : 3).backward(dy, x, needed),
  };
  const { ok, worst } = gradcheck(seldom, { rounds: 20 });
  expect(ok).toBe(false);
  expect(worst).toEqual([NaN]);
});

test('zero on both sides is agreement; zero on one side is an error of 1', () => {
  const args = [probeMatrix(2, 3, new Random(2))];
  expect(gradientError(nothing, args, 0, new Random(3))).toBe(0);
  expect(gradientError(cube(0), args, 0, new Random(3))).toBe(1);
  const invented: Op<Matrix> = { ...nothing, backward: (_dy, x) => [x] };
  expect(gradientError(invented, args, 0, new Random(3))).toBe(1);
});

test('a missing gradient, or one of another shape, is NaN and never an agreement', () => {
  const args = [probeMatrix(2, 3, new Random(2))];
  for (const returned of [[], [null], [matrix(3, 2)], [matrix(2, 2)]]) {
    const op: Op<Matrix> = { ...cube(3), backward: () => returned };
    expect(gradientError(op, args, 0, new Random(3))).toBeNaN();
    expect(gradcheck(op).ok).toBe(false);
  }
});

test('a forward pass of NaN is refused', () => {
  const args = [matrix(1, 3, Float64Array.of(1, NaN, 2))];
  expect(gradientError(cube(3), args, 0, new Random(3))).toBeNaN();
});

test('a softmax with the gradient of a sum of outputs, which is 0, does not pass', () => {
  const blind: Op<Matrix> = {
    ...softmaxRows,
    backward: (_dy, y, needed) =>
      softmaxRows.backward(
        matrix(
          y.rows,
          y.cols,
          y.data.map(() => 1),
        ),
        y,
        needed,
      ),
  };
  expect(gradcheck(blind).ok).toBe(false);
});

test('the same seed gives the same errors, another seed others', () => {
  expect(gradcheck(cube(3), { seed: 5 })).toEqual(gradcheck(cube(3), { seed: 5 }));
  expect(gradcheck(cube(3), { seed: 5 }).worst).not.toEqual(gradcheck(cube(3), { seed: 6 }).worst);
});

test('the tolerance decides, and an error equal to it does not pass', () => {
  const { worst } = gradcheck(cube(3.0003));
  expect(gradcheck(cube(3.0003), { tolerance: 2 * worst[0] }).ok).toBe(true);
  expect(gradcheck(cube(3.0003), { tolerance: worst[0] }).ok).toBe(false);
});

test('only the gradient under test is asked for', () => {
  const asked: (readonly boolean[])[] = [];
  const spy: Op<readonly Matrix[]> = {
    ...linear,
    backward: (dy, saved, needed) => {
      asked.push(needed);
      return linear.backward(dy, saved, needed);
    },
  };
  gradcheck(spy, { rounds: 1 });
  expect(asked).toEqual([
    [true, false],
    [false, true],
  ]);
});
