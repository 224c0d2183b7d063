/**
 * The reverse pass: graphs of every form, exact in integers, and what is refused.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { type Op, probeMatrix } from '../../src/autograd/op.ts';
import {
  add,
  addBias,
  attention,
  linear,
  matmul,
  relu,
  scale,
  squaredError,
} from '../../src/autograd/ops/index.ts';
import { Tape, type Variable } from '../../src/autograd/tape.ts';
import {
  DomainError,
  type Matrix,
  matrix,
  matrixFromRows,
  Random,
  ShapeError,
} from '../../src/linalg/index.ts';
import { expectSameMatrix, normalMatrix } from './support.ts';

const scalar = (x: number): Matrix => matrix(1, 1, Float64Array.of(x));

/** The gradient of a scalar loss, as plain numbers. */
const gradient = (tape: Tape, loss: Variable, ...wrt: Variable[]): number[][] =>
  tape.gradients(loss, wrt).map(({ data }) => Array.from(data));

describe('the gradient', () => {
  test('of a two-layer network is the one worked out by hand, in integers', () => {
    // x = (1, 2), z = W1·x + b1 = (1, −3, 4), h = (1, 0, 4), y = W2·h + b2 = 5, L = (5 − 3)² = 4
    const tape = new Tape();
    const x = tape.parameter(matrixFromRows([[1, 2]]));
    const W1 = tape.parameter(
      matrixFromRows([
        [3, -1],
        [1, -2],
        [-1, 2],
      ]),
    );
    const b1 = tape.parameter(matrixFromRows([[0, 0, 1]]));
    const W2 = tape.parameter(matrixFromRows([[2, 5, 1]]));
    const b2 = tape.parameter(matrixFromRows([[-1]]));
    const h = tape.apply(relu, tape.apply(addBias, tape.apply(linear, x, W1), b1));
    const y = tape.apply(addBias, tape.apply(linear, h, W2), b2);
    const loss = tape.apply(squaredError, y, tape.constant(scalar(3)));
    expect(Array.from(h.value.data)).toEqual([1, 0, 4]);
    expect(loss.value.data[0]).toBe(4);
    // dy = 2·(5 − 3) = 4; dh = 4·W2 = (8, 20, 4); dz = (8, 0, 4); dx = W1ᵀ·dz
    expect(gradient(tape, loss, x, W1, b1, W2, b2)).toEqual([
      [20, 0],
      [8, 16, 0, 0, 4, 8],
      [8, 0, 4],
      [4, 0, 16],
      [4],
    ]);
  });

  test('adds over the uses of a parameter', () => {
    const tape = new Tape();
    const x = tape.parameter(scalar(5));
    const square = tape.apply(matmul, x, x);
    expect(gradient(tape, square, x)).toEqual([[10]]);
    expect(gradient(tape, tape.apply(matmul, square, x), x)).toEqual([[75]]);
    expect(gradient(tape, tape.apply(add, x, x), x)).toEqual([[2]]);
    expect(gradient(tape, x, x)).toEqual([[1]]);
  });

  test('adds over both arms of a diamond, whichever the order of its arms', () => {
    for (const turned of [false, true]) {
      const tape = new Tape();
      const x = tape.parameter(scalar(7));
      const top = tape.apply(scale(2), x);
      const left = tape.apply(scale(3), top);
      const right = tape.apply(matmul, top, top);
      const loss = turned ? tape.apply(add, right, left) : tape.apply(add, left, right);
      // L = 3·2x + (2x)² has the slope 6 + 8x
      expect(gradient(tape, loss, x, top, left, right)).toEqual([[62], [31], [1], [1]]);
    }
  });

  test('takes later uses first', () => {
    // L = 2⁵³·x + x + x: parts 1, 1, 2⁵³ from the end. Added in that order nothing is lost; from the
    // front, 2⁵³ + 1 rounds to 2⁵³, twice.
    const tape = new Tape();
    const x = tape.parameter(scalar(1));
    const big = tape.apply(scale(2 ** 53), x);
    const loss = tape.apply(
      add,
      tape.apply(add, big, tape.apply(scale(1), x)),
      tape.apply(scale(1), x),
    );
    expect(gradient(tape, loss, x)).toEqual([[2 ** 53 + 2]]);
  });

  test('is 0, of the right shape, where the loss does not depend', () => {
    const tape = new Tape();
    const used = tape.parameter(scalar(2));
    const unused = tape.parameter(matrix(2, 3));
    const loss = tape.apply(matmul, used, used);
    const later = tape.apply(scale(3), unused);
    const [du, dl] = tape.gradients(loss, [unused, later]);
    expectSameMatrix(du, matrix(2, 3), 'never used');
    expectSameMatrix(dl, matrix(2, 3), 'computed after the loss');
    const constant = tape.apply(scale(3), tape.constant(scalar(1)));
    expect(gradient(tape, constant, used)).toEqual([[0]]);
  });

  test('comes in the order asked for, and as often', () => {
    const tape = new Tape();
    const [a, b] = [tape.parameter(scalar(2)), tape.parameter(scalar(3))];
    const loss = tape.apply(matmul, a, b);
    expect(gradient(tape, loss, b, a, b)).toEqual([[2], [3], [2]]);
    expect(tape.gradients(loss, [])).toEqual([]);
  });

  test('of a chain of 20000 operations does not overflow the stack', () => {
    const tape = new Tape();
    const x = tape.parameter(scalar(3));
    let y = x;
    for (let i = 0; i < 20_000; i++)
      y = tape.apply(i % 2 ? scale(-1) : add, y, ...(i % 2 ? [] : [x]));
    // y ← −(y + x) in 10000 pairs: the parts of x cancel in pairs
    expect(y.value.data[0]).toBe(3);
    expect(gradient(tape, y, x)).toEqual([[1]]);
  });

  test('asked for twice, or computed again on a new tape, has the same bits', () => {
    const run = (): { tape: Tape; loss: Variable; wrt: Variable[] } => {
      const random = new Random(13);
      const tape = new Tape();
      const draw = (rows: number, cols: number): Variable =>
        tape.parameter(normalMatrix(rows, cols, random));
      const [x, W, q, k] = [draw(6, 11), draw(7, 11), draw(6, 7), draw(6, 7)];
      const o = tape.apply(attention({ batch: 2, heads: 1 }), q, k, tape.apply(linear, x, W));
      return { tape, loss: tape.apply(squaredError, o, q), wrt: [x, W, q, k] };
    };
    const first = run();
    const gradients = first.tape.gradients(first.loss, first.wrt);
    const again = first.tape.gradients(first.loss, first.wrt);
    const second = run();
    second.tape.gradients(second.loss, second.wrt).forEach((d, i) => {
      expectSameMatrix(d, gradients[i], `new tape, gradient ${i}`);
      expectSameMatrix(again[i], gradients[i], `again, gradient ${i}`);
    });
  });
});

test('constants get no gradient: nothing is asked on their behalf', () => {
  const asked: (readonly boolean[])[] = [];
  const spy: Op<readonly Matrix[]> = {
    ...matmul,
    backward: (dy, saved, needed) => {
      asked.push(needed);
      return matmul.backward(dy, saved, needed);
    },
  };
  const tape = new Tape();
  const [x, c] = [tape.parameter(scalar(2)), tape.constant(scalar(5))];
  const idle = tape.apply(spy, c, c);
  const loss = tape.apply(spy, idle, x);
  expect(gradient(tape, loss, x)).toEqual([[25]]);
  expect(asked).toEqual([[false, true]]); // and the product of constants was not asked at all
  for (const variable of [c, idle]) {
    expect(() => tape.gradients(loss, [x, variable])).toThrow(DomainError);
    expect(() => tape.gradients(loss, [x, variable])).toThrow(/variable 1 .* got a constant/);
  }
});

test('a loss that is not one number is refused', () => {
  const tape = new Tape();
  const x = tape.parameter(matrix(2, 3));
  expect(() => tape.gradients(x, [x])).toThrow(ShapeError);
  expect(() => tape.gradients(x, [x])).toThrow('Tape.gradients: the loss must be 1x1, got 2x3');
  for (const [rows, cols] of [
    [1, 2],
    [2, 1],
    [0, 1],
    [1, 0],
  ]) {
    const y = tape.parameter(matrix(rows, cols));
    expect(() => tape.gradients(y, [y])).toThrow(`got ${rows}x${cols}`);
  }
});

test('a variable of another tape is refused wherever it comes', () => {
  const [tape, other] = [new Tape(), new Tape()];
  const own = tape.parameter(scalar(1));
  const strangers = [other.parameter(scalar(1)), other.apply(scale(2), other.parameter(scalar(1)))];
  for (const stranger of strangers) {
    expect(() => tape.apply(matmul, own, stranger)).toThrow(
      /matmul: argument 1 must be a variable/,
    );
    expect(() => tape.apply(matmul, own, stranger)).toThrow(DomainError);
    expect(() => tape.gradients(stranger, [own])).toThrow(/loss must be a variable of this tape/);
    expect(() => tape.gradients(own, [own, stranger])).toThrow(
      /variable 1 must be a variable of this/,
    );
  }
  const forged = { value: own.value, index: own.index };
  expect(() => tape.apply(scale(2), forged)).toThrow(DomainError);
});

describe('an operation of one’s own is named, with the argument,', () => {
  const faulty = (returned: readonly (Matrix | null)[]): Op<null> => ({
    name: 'faulty',
    forward: () => ({ value: scalar(1), saved: null }),
    backward: () => returned,
    probe: (random) => [probeMatrix(2, 3, random), probeMatrix(3, 2, random)],
  });
  const run = (returned: readonly (Matrix | null)[]) => (): Matrix[] => {
    const tape = new Tape();
    const wrt = [tape.parameter(matrix(2, 3)), tape.parameter(matrix(3, 2))];
    return tape.gradients(tape.apply(faulty(returned), ...wrt), wrt);
  };

  test('if it returns a gradient of another shape, or none', () => {
    for (const [wrong, got] of [
      [matrix(3, 2), '3x2'],
      [matrix(2, 2), '2x2'],
      [null, 'none'],
    ] as const) {
      const message = `faulty: the gradient of argument 0 must be 2x3, got ${got}`;
      expect(run([wrong, matrix(3, 2)])).toThrow(message);
      expect(run([wrong, matrix(3, 2)])).toThrow(ShapeError);
    }
    expect(run([matrix(2, 3), matrix(2, 3)])).toThrow('argument 1 must be 3x2, got 2x3');
  });

  test('if it returns too few gradients or too many', () => {
    for (const count of [0, 1, 3]) {
      const returned = Array.from({ length: count }, (_, i) => (i ? matrix(3, 2) : matrix(2, 3)));
      expect(run(returned)).toThrow(
        `faulty: backward must return one gradient an argument, so 2, got ${count}`,
      );
      expect(run(returned)).toThrow(ShapeError);
    }
  });
});

test('values on the tape and shared cotangents keep their bits through the reverse pass', () => {
  // add returns one matrix for both its arguments, so a sum in place would show in the other.
  const tape = new Tape();
  const [a, b] = [
    tape.parameter(matrix(1, 2, Float64Array.of(1, 2))),
    tape.parameter(matrix(1, 2)),
  ];
  const sum = tape.apply(add, a, b);
  const twice = tape.apply(add, sum, a);
  const loss = tape.apply(linear, twice, tape.constant(matrix(1, 2, Float64Array.of(5, 7))));
  expect(gradient(tape, loss, a, b, sum, twice)).toEqual([
    [10, 14],
    [5, 7],
    [5, 7],
    [5, 7],
  ]);
  expect([a, b, sum, twice].map(({ value }) => Array.from(value.data))).toEqual([
    [1, 2],
    [0, 0],
    [1, 2],
    [2, 4],
  ]);
});
