/**
 * Steps along a gradient, computed here or elsewhere.
 *
 * @module
 */
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { addBias, linear, squaredError } from '../../src/autograd/index.ts';
import { DomainError, NonFiniteError, Random, StateError } from '../../src/linalg/index.ts';
import { GradientTrainer } from '../../src/model/gradient-trainer.ts';
import {
  type GradientSource,
  gradientOf,
  type Problem,
  sumGradients,
} from '../../src/model/gradients.ts';
import { Adam } from '../../src/model/optimisers.ts';
import { biasShape, initialise, weightShape } from '../../src/model/parameters.ts';
import { normalMatrix } from '../autograd/support.ts';
import { assertSameBits } from '../support/same-bits.ts';
import { expectSameParameters } from './toy-training.ts';

const PROBLEM: Problem = {
  shapes: { W: weightShape(2, 5), b: biasShape(2, 5) },
  loss(tape, { W, b }, [x, y]) {
    const output = tape.apply(addBias, tape.apply(linear, tape.constant(x), W), b);
    return tape.apply(squaredError, output, tape.constant(y));
  },
};
const START = initialise(PROBLEM.shapes, new Random(411));

const random = new Random(412);
const BATCHES = Array.from({ length: 5 }, () =>
  Array.from({ length: 4 }, () => [normalMatrix(3, 5, random), normalMatrix(3, 2, random)]),
);

const trainer = (learningRate = 0.01): GradientTrainer =>
  new GradientTrainer(PROBLEM, START, new Adam({ learningRate }));

/** Computes the parts from the last to the first, a moment apart. */
const backwards: GradientSource = async (parameters, microBatches) => {
  const parts = [];
  for (const microBatch of [...microBatches].reverse()) {
    await setTimeout(1);
    parts.unshift(gradientOf(PROBLEM, parameters, microBatch));
  }
  return parts;
};

test('a step is Adam on the sum of the parts, and returns the loss before it', () => {
  const stepped = trainer();
  const adam = new Adam({ learningRate: 0.01 });
  let parameters = START;
  const losses = BATCHES.map((batch) => {
    const parts = batch.map((microBatch) => gradientOf(PROBLEM, parameters, microBatch));
    const { loss, gradients } = sumGradients(parts);
    parameters = adam.step(parameters, gradients);
    expect(stepped.advance(batch)).toBe(loss);
    return loss;
  });
  assertSameBits(stepped.losses, losses, 'losses');
  expect(stepped.step).toBe(5);
  expectSameParameters(stepped.parameters, parameters, 'parameters');
});

test('gradients from elsewhere give the same bits, whatever order they were computed in', async () => {
  const [here, there] = [trainer(), trainer()];
  for (const batch of BATCHES) {
    expect(await there.advanceWith(backwards, batch)).toBe(here.advance(batch));
  }
  expectSameParameters(there.parameters, here.parameters, 'parameters');
  expectSameParameters(there.adam.state.second, here.adam.state.second, 'second moments');
  assertSameBits(there.losses, here.losses, 'losses');
});

describe('a step that fails leaves the parameters:', () => {
  const failing = async (source: GradientSource, message: RegExp | string): Promise<unknown> => {
    const one = trainer();
    const before = one.parameters;
    const error = await one.advanceWith(source, BATCHES[0]).catch((reason) => reason);
    expect(String(error)).toMatch(message);
    expect(one.parameters).toBe(before);
    expect(one.step).toBe(0);
    return error;
  };

  test('a source that loses a part', async () => {
    const short: GradientSource = async (...all) => (await backwards(...all)).slice(1);
    expect(await failing(short, /one gradient a micro-batch, so 4, got 3/)).toBeInstanceOf(
      DomainError,
    );
  });

  test('a source that rejects', async () => {
    const broken: GradientSource = () => Promise.reject(new TypeError('no such thread'));
    expect(await failing(broken, 'no such thread')).toBeInstanceOf(TypeError);
  });

  test('a number that overflows elsewhere, and a loss that is not finite', async () => {
    const overflow: GradientSource = () => Promise.reject(new NonFiniteError('attention: scores'));
    const message = /GradientTrainer: everything must stay finite, got attention: scores at step 0/;
    expect(await failing(overflow, message)).toBeInstanceOf(DomainError);
    const infinite: GradientSource = async (...all) =>
      (await backwards(...all)).map((part) => ({ ...part, loss: Infinity }));
    expect(await failing(infinite, /got a loss of Infinity at step 0; a smaller/)).toBeInstanceOf(
      DomainError,
    );
  });

  test('no micro-batch', async () => {
    expect(() => trainer().advance([])).toThrow('a part is required, got none');
    await failing(async () => [], /so 4, got 0/);
  });

  test('two steps at once', async () => {
    const one = trainer();
    const both = await Promise.allSettled([
      one.advanceWith(backwards, BATCHES[0]),
      one.advanceWith(backwards, BATCHES[1]),
    ]);
    const [first, second] = both;
    expect(first.status).toBe('fulfilled');
    expect(second).toMatchObject({ reason: expect.any(StateError) });
    expect(one.step).toBe(1);
  });
});

test('parameters that are not the problem’s are refused', () => {
  const { W } = START;
  expect(() => new GradientTrainer(PROBLEM, { W }, new Adam({ learningRate: 1 }))).toThrow(
    'GradientTrainer: parameter b (1x2) is required, got none',
  );
});

test('losses so far count as steps', () => {
  const one = new GradientTrainer(PROBLEM, START, new Adam({ learningRate: 0.01 }), {
    losses: [4, 2],
  });
  one.advance(BATCHES[0]);
  expect(one.step).toBe(3);
  expect(one.losses.slice(0, 2)).toEqual([4, 2]);
});
