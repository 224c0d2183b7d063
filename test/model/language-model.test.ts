import { describe, expect, test } from 'vitest';
import { eager } from '../../src/autograd/index.ts';
import { DomainError, matrix, Random, rowOf, tanh } from '../../src/linalg/index.ts';
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

  test.each([0, -1, Infinity, Number.NaN])('a cap of the logits at %d is refused', (logitCap) => {
    expect(() => make({ logitCap })).toThrow(`logitCap must be positive, got ${logitCap}`);
  });

  test('positions and logits have parameters only where they are learned', () => {
    expect(make().shapes).not.toHaveProperty('P');
    expect(make({ learnedPositions: 0 }).shapes).not.toHaveProperty('P');
    expect(make({ learnedPositions: 7 }).shapes['P']).toMatchObject({ rows: 7, cols: 4 });
    expect(make().shapes['U']).toMatchObject({ rows: 5, cols: 4 });
    expect(make({ tied: true }).shapes).not.toHaveProperty('U');
    expect(make().shapes).not.toHaveProperty('u');
    expect(make({ logitBias: true }).shapes['u']).toMatchObject({ rows: 1, cols: 5 });
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

test('a bias is added to the logits, and then a cap bends them', () => {
  const plain = make();
  const parameters = initialise(make({ logitBias: true }).shapes, new Random(4));
  const stream = matrix(2, 4, Float64Array.of(1, -2, 3, 0.5, 4, 0, -1, 2));
  const logits = plain.logits(eager, parameters, stream).data;
  const shifted = logits.map((entry, i) => entry + parameters['u'].data[i % 5]);
  const read = (more: Partial<LanguageModelOptions>): Float64Array =>
    make(more).logits(eager, parameters, stream).data;
  assertSameBits(read({ logitBias: true }), shifted, 'bias, seed 4');
  const capped = shifted.map((entry) => 3 * tanh((1 / 3) * entry));
  assertSameBits(read({ logitBias: true, logitCap: 3 }), capped, 'cap, seed 4');
});
