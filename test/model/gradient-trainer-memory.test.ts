/**
 * A step keeps one micro-batch's gradient at a time.
 *
 * @module
 */
import { expect, test, vi } from 'vitest';
import { linear, squaredError } from '../../src/autograd/index.ts';
import { Random } from '../../src/linalg/index.ts';
import { GradientTrainer } from '../../src/model/gradient-trainer.ts';
import { type Gradient, gradientOf, type Problem } from '../../src/model/gradients.ts';
import { Adam } from '../../src/model/optimisers.ts';
import { initialise, weightShape } from '../../src/model/parameters.ts';
import { normalMatrix } from '../autograd/support.ts';
import { expectSameParameters } from './toy-training.ts';

vi.mock('../../src/model/gradients.ts', async (original) => {
  const gradients = await original<typeof import('../../src/model/gradients.ts')>();
  return { ...gradients, gradientOf: vi.fn(gradients.gradientOf) };
});

const PROBLEM: Problem = {
  shapes: { W: weightShape(2, 5) },
  loss: (tape, { W }, [x, y]) =>
    tape.apply(squaredError, tape.apply(linear, tape.constant(x), W), tape.constant(y)),
};

test('parts that are spoiled once the next is asked for are in the sum already', () => {
  const random = new Random(421);
  const start = initialise(PROBLEM.shapes, random);
  const batch = [1, 2, 3, 4].map((rows) => [
    normalMatrix(rows, 5, random),
    normalMatrix(rows, 2, random),
  ]);
  const stepped = (): GradientTrainer => {
    const trainer = new GradientTrainer(PROBLEM, start, new Adam({ learningRate: 0.01 }));
    trainer.advance(batch);
    return trainer;
  };
  const expected = stepped();

  const watched = vi.mocked(gradientOf);
  const compute = watched.getMockImplementation();
  if (compute === undefined) throw new TypeError('gradientOf: a mock is required');
  let last: Gradient | undefined;
  watched.mockClear();
  watched.mockImplementation((...args) => {
    last?.gradients['W'].data.fill(NaN);
    last = compute(...args);
    return last;
  });
  const found = stepped();
  expect(watched).toHaveBeenCalledTimes(4);
  expect(found.losses).toEqual(expected.losses);
  expectSameParameters(found.parameters, expected.parameters, 'parameters');
});
