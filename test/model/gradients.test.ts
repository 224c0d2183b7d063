/**
 * What a batch's gradient is: parts in a workspace, and their sum in one order.
 *
 * @module
 */
import { expect, test } from 'vitest';
import {
  concatColumns,
  concatRows,
  crossEntropy,
  linear,
  logSumExpRows,
  type Op,
  scale,
  sliceColumns,
  squaredError,
  sum,
  Tape,
} from '../../src/autograd/index.ts';
import {
  DomainError,
  type Matrix,
  matrix,
  matrixFromRows,
  Random,
  ShapeError,
} from '../../src/linalg/index.ts';
import { arena } from '../../src/linalg/wasm/memory.ts';
import { inWorkspace } from '../../src/linalg/wasm/workspace.ts';
import {
  type Gradient,
  gradientOf,
  type Problem,
  sumGradients,
} from '../../src/model/gradients.ts';
import { initialise, mapParameters, weightShape } from '../../src/model/parameters.ts';
import { expectSameMatrix, normalMatrix } from '../autograd/support.ts';
import { assertSameBits } from '../support/same-bits.ts';

/** L = Σ(V·W·x − y)²/7: two products above the size where kernels take to Wasm; U is not used. */
const PROBLEM: Problem = {
  shapes: { W: weightShape(23, 31), V: weightShape(2, 23), U: weightShape(3, 5) },
  loss(tape, { W, V }, [x, y]) {
    const output = tape.apply(linear, tape.apply(linear, tape.constant(x), W), V);
    return tape.apply(scale(1 / 7), tape.apply(squaredError, output, tape.constant(y)));
  },
};
const random = new Random(401);
const PARAMETERS = initialise(PROBLEM.shapes, random);
const BATCH = [normalMatrix(19, 31, random), normalMatrix(19, 2, random)];

test('a gradient is the tape’s, bit for bit, and 0 for a parameter that is not used', () => {
  const tape = new Tape();
  const variables = mapParameters(PARAMETERS, (value) => tape.parameter(value));
  const loss = PROBLEM.loss(tape, variables, BATCH);
  const expected = tape.gradients(loss, [variables.W, variables.V]);
  const found = gradientOf(PROBLEM, PARAMETERS, BATCH);
  assertSameBits([found.loss], loss.value.data, 'loss');
  expect(Object.keys(found.gradients)).toEqual(['W', 'V', 'U']);
  expectSameMatrix(found.gradients.W, expected[0], 'W');
  expectSameMatrix(found.gradients.V, expected[1], 'V');
  expectSameMatrix(found.gradients.U, matrix(3, 5), 'U');
});

test('what leaves is ordinary memory of its own: later work and NaN in the workspace do not reach it', () => {
  const found = gradientOf(PROBLEM, PARAMETERS, BATCH);
  const copies = mapParameters(found.gradients, ({ rows, cols, data }) =>
    matrix(rows, cols, data.slice()),
  );
  const used = arena().used;
  arena().view.fill(NaN, used / 8, used / 8 + 1e6);
  gradientOf(PROBLEM, initialise(PROBLEM.shapes, new Random(5)), BATCH);
  expect(arena().used).toBe(used);
  for (const [name, gradient] of Object.entries(found.gradients)) {
    expectSameMatrix(gradient, copies[name], name);
    expect(arena().holds(gradient.data), name).toBe(false);
    expect(gradient.data.byteLength).toBe(gradient.data.buffer.byteLength);
  }
});

test('parameters and batch are read, never changed', () => {
  const before = [...Object.values(PARAMETERS), ...BATCH].map(({ data }) => data.slice());
  gradientOf(PROBLEM, PARAMETERS, BATCH);
  [...Object.values(PARAMETERS), ...BATCH].forEach(({ data }, i) => {
    assertSameBits(data, before[i], `argument ${i}`);
  });
});

test('the workspace is given back when a loss throws, and a loss that is no number is refused', () => {
  const used = arena().used;
  const wide: Problem = { ...PROBLEM, loss: (tape, _, [x]) => tape.constant(x) };
  expect(() => gradientOf(wide, PARAMETERS, BATCH)).toThrow(ShapeError);
  expect(arena().used).toBe(used);
});

const part = (loss: number, entry: number): Gradient => ({
  loss,
  gradients: { W: matrixFromRows([[entry, 2 * entry]]) },
});

test('gradients and losses are added in ascending order', () => {
  // (1e16 + 1) − 1e16 is 0, and 1e16 − 1e16 + 1 would be 1.
  const parts = [part(1e16, 1e16), part(1, 1), part(-1e16, -1e16), part(3, 5)];
  const { loss, gradients } = sumGradients(parts);
  expect(loss).toBe(3);
  expectSameMatrix(gradients.W, matrixFromRows([[5, 2e16 + 2 - 2e16 + 10]]), 'W');
});

test('a part is added before the next one is asked for, so parts may share memory', () => {
  const memory = part(0, 0);
  function* overwriting(): Generator<Gradient> {
    for (const entry of [1, 2, 4]) {
      memory.gradients['W'].data.set([entry, 10 * entry]);
      yield { loss: entry, gradients: memory.gradients };
    }
  }
  const { loss, gradients } = sumGradients(overwriting());
  expect(loss).toBe(7);
  expectSameMatrix(gradients.W, matrixFromRows([[7, 70]]), 'W');
});

test.each<[Op, number]>([
  [concatColumns as Op, 2],
  [concatRows as Op, 2],
  [sliceColumns(1, 3) as Op, 1],
  [crossEntropy([1, 0, 9], { ignore: 9 }) as Op, 1],
  [logSumExpRows as Op, 1],
])('$name makes its gradients in the workspace, on whatever was there', (op, count) => {
  const args = Array.from({ length: count }, () => normalMatrix(3, 4, new Random(402)));
  const run = (): readonly (Matrix | undefined)[] => {
    const { value, saved } = op.forward(args);
    const dvalue = matrix(value.rows, value.cols, new Float64Array(value.data.length).fill(0.5));
    return [value, ...op.backward(dvalue, saved, args.map(() => true))] as Matrix[]; // biome-ignore format: short
  };
  const expected = run();
  const { used, view } = arena();
  view.fill(NaN, used / 8, used / 8 + 1e4);
  inWorkspace(() => {
    run().forEach((found, i) => {
      assertSameBits(found?.data ?? [], expected[i]?.data ?? [], `${op.name}, ${i}`);
      if (i > 0) expect(found && arena().holds(found.data), `${op.name}, ${i}`).toBe(true);
    });
  });
});

test('a sum leaves its parts as they are, and is none of them', () => {
  const parts = [part(1, 1), part(2, 2)];
  const [alone] = parts;
  expect(sumGradients([alone]).gradients.W.data).not.toBe(alone.gradients.W.data);
  sumGradients(parts);
  expect(Array.from(alone.gradients.W.data)).toEqual([1, 2]);
  expect(() => sumGradients([])).toThrow(DomainError);
});

test('a constant loss has gradient 0 only if it depends on a parameter', () => {
  const problem: Problem = { ...PROBLEM, loss: (tape, { W }) => tape.apply(sum, W) };
  const { gradients } = gradientOf(problem, PARAMETERS, []);
  expectSameMatrix(gradients.W, matrix(23, 31, new Float64Array(23 * 31).fill(1)), 'W');
  expectSameMatrix(gradients.V, matrix(2, 23), 'V');
});
