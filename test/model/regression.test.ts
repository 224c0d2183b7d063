/**
 * Regression as a problem: which entry is read, what it is divided by, how parts add up.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { eager } from '../../src/autograd/index.ts';
import { matrix, Random } from '../../src/linalg/index.ts';
import { contextualBlock } from '../../src/model/block.ts';
import { gradientOf, sumGradients } from '../../src/model/gradients.ts';
import { gpt2Block, network } from '../../src/model/index.ts';
import { initialise } from '../../src/model/parameters.ts';
import { blockRegression, networkRegression } from '../../src/model/regression.ts';
import { expectWithin, gamma, normalMatrix, rowsOf } from '../autograd/support.ts';
import { layer, block as toyBlock } from './toy-training.ts';

const random = new Random(431);
const stack = network(
  [1, 2].map(() => gpt2Block({ width: 4, heads: 1, hidden: 5, activation: 'relu' })),
);

test('the loss is the sum of squares at the label’s entry over the whole batch’s size', () => {
  const cases = [
    { shapes: toyBlock.shapes, width: 3, problem: blockRegression(toyBlock, { batch: 10 }) },
    { shapes: stack.shapes, width: 4, problem: networkRegression(stack, { batch: 10 }) },
  ];
  for (const { shapes, width, problem } of cases) {
    const parameters = initialise(shapes, random);
    const [sequences, targets] = [normalMatrix(3 * 6, width, random), normalMatrix(3, 1, random)];
    const output =
      width === 3
        ? toyBlock.forward(eager, parameters, sequences, 3).output
        : stack.forward(eager, parameters, sequences, 3, 'query');
    const squares = Array.from(targets.data, (target, b) => {
      const off = output.data[b * width + width - 1] - target;
      return off * off;
    });
    const expected = squares.reduce((sum, square) => sum + square, 0) / 10;
    const { loss } = gradientOf(problem, parameters, [sequences, targets]);
    expectWithin([loss], [expected], [2 * gamma(8) * expected], 'loss'); // derived: other orders
  }
});

test('the parts of a batch add up to the batch', () => {
  const problem = networkRegression(stack, { batch: 5 });
  const parameters = initialise(stack.shapes, random);
  const [sequences, targets] = [normalMatrix(5 * 6, 4, random), normalMatrix(5, 1, random)];
  const whole = gradientOf(problem, parameters, [sequences, targets]);
  const parts = [
    [0, 2],
    [2, 4],
    [4, 5],
  ].map(([from, to]) => [rowsOf(sequences, 6 * from, 6 * to), rowsOf(targets, from, to)]);
  const sum = sumGradients(parts.map((part) => gradientOf(problem, parameters, part)));
  expectWithin([sum.loss], [whole.loss], [1e-13 * whole.loss], 'loss');
  for (const [name, { data }] of Object.entries(whole.gradients)) {
    // Measured 3e-16; a part divided by its own size would be off by more than half.
    expectWithin(
      sum.gradients[name].data,
      data,
      data.map(() => 1e-14),
      name,
    );
  }
});

test('what does not fit is refused', () => {
  for (const batch of [0, -1, 1.5, NaN]) {
    expect(() => blockRegression(toyBlock, { batch })).toThrow('blockRegression: batch must be');
    expect(() => networkRegression(stack, { batch })).toThrow('networkRegression: batch must be');
  }
  const narrow = contextualBlock({ layer, hidden: 3, outputWidth: 2 });
  expect(() => blockRegression(narrow, { batch: 1 })).toThrow('more than 2 entries is required');
  const problem = networkRegression(stack, { batch: 1 });
  const parameters = initialise(stack.shapes, random);
  const uneven = [normalMatrix(7, 4, random), matrix(2, 1)];
  expect(() => gradientOf(problem, parameters, uneven)).toThrow(/required|must be/);
});
