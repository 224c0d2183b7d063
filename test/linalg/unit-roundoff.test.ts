import { expect, test } from 'vitest';
import { DomainError } from '../../src/linalg/errors.ts';
import { gamma, UNIT_ROUNDOFF } from '../../src/linalg/unit-roundoff.ts';

test('u is 2^-53, and gamma_k is k·u/(1 − k·u) up to three roundings', () => {
  expect(UNIT_ROUNDOFF).toBe(2 ** -53);
  expect(gamma(0)).toBe(0);
  expect(gamma(2 ** 52)).toBe(1); // (1/2)/(1/2)
  expect(gamma(2 ** 51)).toBeCloseTo(1 / 3, 15);
  expect(gamma(5)).toBeGreaterThan(5 * 2 ** -53);
});

test('a k that is negative, NaN, or as large as 1/u is refused', () => {
  for (const k of [-1, Number.NaN, 2 ** 53, Infinity]) {
    expect(() => gamma(k)).toThrow(DomainError);
    expect(() => gamma(k)).toThrow(`gamma: 0 <= k and k·2^-53 < 1 are required, got k = ${k}`);
  }
});
