import { expect, test } from 'vitest';
import {
  absoluteProduct,
  patchedProductBound,
  preActivationBound,
  residual,
} from '../../src/icl/index.ts';
import {
  DomainError,
  gamma,
  matrix,
  matrixFromRows,
  Random,
  UNIT_ROUNDOFF,
} from '../../src/linalg/index.ts';
import { randomSite } from '../support/cases.ts';
import { assertSameBits } from '../support/same-bits.ts';

test('γ_k is k·u/(1 − k·u), and refused where it has no meaning', () => {
  expect(UNIT_ROUNDOFF).toBe(2 ** -53);
  expect(gamma(0)).toBe(0);
  expect(gamma(2 ** 52)).toBe(1);
  for (const k of [-1, 2 ** 53, NaN]) expect(() => gamma(k)).toThrow(DomainError);
});

test('a bound by hand: W = (1 −2), a = (3, 4), a′ = (5, 4)', () => {
  const W = matrixFromRows([[1, -2]]);
  const [a, contextual] = [Float64Array.of(3, 4), Float64Array.of(5, 4)];
  expect(absoluteProduct(W, a)).toEqual(Float64Array.of(11));
  const [bound] = patchedProductBound(W, a, contextual);
  // γ_3·11 + γ_12·2, enlarged for its own rounding by less than 1e-14 of itself.
  expect(bound / (gamma(3) * 11 + gamma(12) * 2) - 1).toBeGreaterThan(0);
  expect(bound / (gamma(3) * 11 + gamma(12) * 2) - 1).toBeLessThan(1e-14);
  const [z] = preActivationBound(W, Float64Array.of(-7), a, contextual);
  const exact = gamma(4) * 11 + gamma(13) * 2 + gamma(3) * 13 + 2 * UNIT_ROUNDOFF * 7;
  expect(Math.abs(z / exact - 1)).toBeLessThan(1e-14);
});

test('|W|·|x| is a row by itself: four rows side by side have the bits of one', () => {
  const random = new Random(7);
  for (let rows = 0; rows <= 9; rows++) {
    const W = matrix(rows, 5);
    const x = new Float64Array(5);
    random.fillNormal(W.data);
    random.fillNormal(x);
    const expected = Array.from({ length: rows }, (_, i) => {
      let sum = 0;
      for (let j = 0; j < 5; j++) sum += Math.abs(W.data[i * 5 + j]) * Math.abs(x[j]);
      return sum;
    });
    assertSameBits(absoluteProduct(W, x), expected, `${rows} rows`);
  }
});

test('a bound of exact data is not zero where rounding could happen, and zero where it could not', () => {
  const { W, base } = randomSite(3);
  for (const entry of patchedProductBound(W, base, base)) expect(entry).toBeGreaterThan(0);
  const zero = new Float64Array(base.length);
  expect(patchedProductBound(W, zero, zero)).toEqual(new Float64Array(W.rows));
});

test('a residual keeps NaN, and calls nothing off by nothing allowed 0', () => {
  const of = (...x: number[]): Float64Array => Float64Array.from(x);
  expect(residual(of(1, NaN), of(1, 1), of(1, 1)).overBound).toBeNaN();
  expect(residual(of(1), of(1), of(0)).overBound).toBe(0);
  expect(residual(of(2), of(1), of(0)).overBound).toBe(Infinity);
  expect(residual(of(2), of(1), of(NaN)).overBound).toBeNaN();
  expect(residual(of(3, 1), of(1, 1), of(4, 1))).toEqual({
    observed: 2,
    overBound: 0.5,
    bound: 4,
  });
});
