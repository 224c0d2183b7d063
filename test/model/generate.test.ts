import { describe, expect, test } from 'vitest';
import { eager } from '../../src/autograd/index.ts';
import { DomainError, Random, rowOf } from '../../src/linalg/index.ts';
import { generate, gpt2Block, initialise, languageModel, network } from '../../src/model/index.ts';
import { assertSameBits } from '../support/same-bits.ts';

const net = network([gpt2Block({ width: 4, heads: 2, hidden: 6 })]);
const model = languageModel({
  ...{ network: net, vocabulary: 5, learnedPositions: 8 },
  ...{ finalNorm: 'rms' as const, epsilon: 1e-6 },
});
const parameters = initialise(model.shapes, new Random(7));

test('each token is the one of the largest logit after all those before it', () => {
  const { ids, logits } = generate(model, parameters, [3, 0], 4);
  expect([ids.length, logits.length]).toEqual([4, 4]);
  const sequence = [3, 0, ...ids];
  const positions = sequence.map((_, t) => t);
  const stream = model.embed(eager, parameters, sequence, positions);
  const all = model.logits(eager, parameters, net.forward(eager, parameters, stream, 1, 'each'));
  ids.forEach((id, k) => {
    assertSameBits(logits[k], rowOf(all, 1 + k), `token ${k}, seed 7`);
    expect(logits[k][id]).toBe(Math.max(...logits[k]));
  });
});

test('of equal logits the one of the smaller index is taken', () => {
  const row = rowOf(parameters['U'], 0);
  const same = { ...parameters, U: { rows: 5, cols: 4, data: parameters['U'].data.slice() } };
  for (let id = 0; id < 5; id++) same.U.data.set(row, 4 * id);
  expect(generate(model, same, [3, 0], 3).ids).toEqual([0, 0, 0]);
});

describe('what is refused', () => {
  test.each([[[]], [[5]], [[-1]], [[1.5]], [[0, Number.NaN]]])('tokens %j', (ids) => {
    expect(() => generate(model, parameters, ids, 1)).toThrow(DomainError);
    expect(() => generate(model, parameters, ids, 1)).toThrow('generate: tokens from 0 to below 5');
  });

  test.each([-1, 1.5, Number.NaN, Infinity])('a count of %d', (count) => {
    expect(() => generate(model, parameters, [1], count)).toThrow(
      `generate: count must be an integer from 0 on, got ${count}`,
    );
  });

  test('parameters of another model', () => {
    const { U: _, ...missing } = parameters;
    expect(() => generate(model, missing, [1], 1)).toThrow(DomainError);
  });
});
