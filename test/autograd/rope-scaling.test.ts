import { describe, expect, test } from 'vitest';
import { eager, type RopeScaling, rope, scaledFrequencies } from '../../src/autograd/index.ts';
import { DomainError, matrixFromRows } from '../../src/linalg/index.ts';
import { assertSameBits } from '../support/same-bits.ts';

const FACTORS = { factor: 8, low: 1, high: 4, trainedLength: 8192 } as const;
const LLAMA3: RopeScaling = { kind: 'llama3', ...FACTORS };
/** The frequency of which n waves fit into the trained length. */
const waves = (n: number): number => (2 * Math.PI * n) / 8192;

test('linear scaling turns a token as one at a fraction of its position', () => {
  const x = matrixFromRows([[1, 0, 0.5, -2]]);
  const turn = { heads: 1, width: 4, style: 'half' } as const;
  const far = rope({ ...turn, positions: [8], scaling: { kind: 'linear', factor: 4 } });
  const near = rope({ ...turn, positions: [2] });
  assertSameBits(eager.apply(far, x).data, eager.apply(near, x).data, 'a power of two is exact');
});

test('llama3 leaves short waves, stretches long ones, and goes evenly from one to the other', () => {
  const given = Float64Array.of(waves(5), waves(0.5), waves(1.75), waves(2.5));
  const [short, long, quarter, half] = scaledFrequencies(given, LLAMA3);
  expect(short).toBe(given[0]);
  expect(long).toBe(given[1] / 8);
  // t = (1.75 − 1)/3 = 1/4 and (2.5 − 1)/3 = 1/2, up to a few roundings.
  expect(Math.abs(quarter / (given[2] * (0.75 / 8 + 0.25)) - 1)).toBeLessThan(1e-15);
  expect(Math.abs(half / (given[3] * (0.5 / 8 + 0.5)) - 1)).toBeLessThan(1e-15);
});

describe('refused are', () => {
  test.each([
    [{ kind: 'linear', factor: 0 }, 'factor of the scaling must be positive, got 0'],
    [{ kind: 'linear', factor: NaN }, 'factor of the scaling must be positive, got NaN'],
    [{ ...LLAMA3, low: 4 }, 'high must be above low in the scaling, got 4 and 4'],
    [{ ...LLAMA3, trainedLength: -1 }, 'trainedLength of the scaling must be positive'],
    [{ kind: 'yarn', factor: 2 } as unknown as RopeScaling, 'must be linear or llama3, got yarn'],
  ] as const)('%j', (scaling, message) => {
    expect(() => scaledFrequencies(Float64Array.of(1), scaling)).toThrow(DomainError);
    expect(() => scaledFrequencies(Float64Array.of(1), scaling)).toThrow(message);
  });
});
