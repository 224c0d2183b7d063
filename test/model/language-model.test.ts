import { describe, expect, test } from 'vitest';
import { eager } from '../../src/autograd/index.ts';
import { DomainError, Random, rowOf } from '../../src/linalg/index.ts';
import {
  gpt2Block,
  initialise,
  type LanguageModelOptions,
  languageModel,
  network,
} from '../../src/model/index.ts';
import { assertSameBits } from '../support/same-bits.ts';

const net = network([gpt2Block({ width: 4, heads: 2, hidden: 6 })]);
const make = (more: Partial<LanguageModelOptions> = {}) =>
  languageModel({ network: net, vocabulary: 5, finalNorm: 'rms', epsilon: 1e-6, ...more });

describe('sizes', () => {
  test.each([-1, 1.5, Number.NaN, Infinity])('%d learned positions are refused', (count) => {
    expect(() => make({ learnedPositions: count })).toThrow(DomainError);
    expect(() => make({ learnedPositions: count })).toThrow(`from 0 on, got ${count}`);
  });

  test.each([0, -1, 2.5, Number.NaN])('a vocabulary of %d is refused', (vocabulary) => {
    expect(() => make({ vocabulary })).toThrow(DomainError);
  });

  test.each([0, -1, Infinity, Number.NaN])('an embedding factor of %d is refused', (factor) => {
    expect(() => make({ embeddingFactor: factor })).toThrow(DomainError);
  });

  test('positions and logits have parameters only where they are learned', () => {
    expect(make().shapes).not.toHaveProperty('P');
    expect(make({ learnedPositions: 0 }).shapes).not.toHaveProperty('P');
    expect(make({ learnedPositions: 7 }).shapes['P']).toMatchObject({ rows: 7, cols: 4 });
    expect(make().shapes['U']).toMatchObject({ rows: 5, cols: 4 });
    expect(make({ tied: true }).shapes).not.toHaveProperty('U');
  });
});

test('a token enters as its row of E times the factor, plus the row of its position', () => {
  const model = make({ learnedPositions: 7, embeddingFactor: 2 });
  const parameters = initialise(model.shapes, new Random(3));
  const stream = model.embed(eager, parameters, [4, 0], [2, 6]);
  for (const [row, id, position] of [
    [0, 4, 2],
    [1, 0, 6],
  ]) {
    const at = rowOf(parameters['P'], position);
    const expected = rowOf(parameters['E'], id).map((entry, j) => 2 * entry + at[j]);
    assertSameBits(rowOf(stream, row), expected, `row ${row}, seed 3`);
  }
  expect(() => model.embed(eager, parameters, [4, 0], [2])).toThrow(DomainError);
});
