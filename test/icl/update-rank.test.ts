import { expect, test } from 'vitest';
import {
  entropyRank,
  factoredToMatrix,
  numericalRank,
  patchWeight,
  stableRank,
  type UpdateSpectrum,
  updateSpectrum,
} from '../../src/icl/index.ts';
import {
  DomainError,
  gamma,
  matrix,
  NonFiniteError,
  norm,
  Random,
  type RankOne,
  ShapeError,
  svd,
} from '../../src/linalg/index.ts';
import { normalMatrix } from '../support/cases.ts';
import { vector } from '../support/small-cases.ts';

const spectrum = (rows: number, cols: number, ...s: number[]): UpdateSpectrum => ({
  ...{ rows, cols, error: 0 },
  singularValues: vector(...s),
});

/** K updates of one matrix, each with a base of its own. */
function draw(random: Random): RankOne[] {
  const [m, d, K] = [9, 9, 12].map((most) => 1 + random.integer(most));
  const W = normalMatrix(m, d, random);
  return Array.from({ length: K }, () => {
    const [a, b] = [0, 1].map(() => normalMatrix(1, d, random).data);
    return patchWeight(W, a, b);
  });
}

test('by hand: 3·e₀·e₁ᵀ − 4·e₁·e₀ᵀ + 12·e₂·e₂ᵀ has 12, 4 and 3', () => {
  const axis = (i: number, x: number, n: number): Float64Array =>
    new Float64Array(n).map((_, j) => (i === j ? x : 0));
  const updates = [
    { p: axis(0, 3, 4), v: axis(1, 1, 3) },
    { p: axis(1, -1, 4), v: axis(0, 4, 3) },
    { p: axis(2, 2 ** 300, 4), v: axis(2, 12 * 2 ** -300, 3) },
  ];
  const found = updateSpectrum(updates);
  expect(found.singularValues).toEqual(vector(12, 4, 3));
  expect(numericalRank(found)).toBe(3);
  expect(stableRank(found)).toBe((144 + 16 + 9) / 144);
  // Derived: shares 12/19, 4/19, 3/19; exp and log are within an ulp, some ten roundings.
  const shares = [12, 4, 3].map((sigma) => sigma / 19);
  const entropy = Math.exp(-shares.reduce((sum, p) => sum + p * Math.log(p), 0));
  expect(Math.abs((entropyRank(found) ?? NaN) - entropy)).toBeLessThan(2e-15);
});

test('the factors give the singular values of the dense sum, within both bounds', () => {
  const random = new Random(8, 1);
  const ratios: number[] = [];
  for (let trial = 0; trial < 150; trial++) {
    const updates = draw(random);
    const [m, d] = [updates[0].p.length, updates[0].v.length];
    const { singularValues, error } = updateSpectrum(updates);
    const dense = factoredToMatrix(matrix(m, d), updates);
    const { s, sweeps } = svd(dense);
    expect(singularValues.length).toBe(Math.min(m, d, updates.length));
    // The dense sum: K + 1 roundings of at most Σ‖p‖‖v‖; its svd by the bound of its doc comment.
    const eta = updates.reduce((sum, { p, v }) => sum + norm(p) * norm(v), 0);
    const [n, k] = [Math.min(m, d), Math.max(m, d)];
    const g = gamma(n * (3 * k + 37)) + gamma(Math.max(0, 9 * (2 * n - 3) * sweeps));
    const own = gamma(updates.length + 1) * eta + 5 * (1 + Math.sqrt(n)) * g * norm(dense.data);
    s.forEach((sigma, i) => {
      const off = Math.abs((singularValues[i] ?? 0) - sigma);
      expect(off).toBeLessThanOrEqual(error + own);
      ratios.push(off / error);
    });
  }
  // Measured: largest 6.0e-3, median 1.1e-4. A bound a thousand times as large would hold as well.
  expect(Math.max(...ratios)).toBeGreaterThan(1e-3);
});

test('updates that share their right factor have rank 1, whatever their number, in both precisions', () => {
  const random = new Random(8, 2);
  for (let trial = 0; trial < 50; trial++) {
    const updates = draw(random).map(({ p }, _, all) => ({ p, v: all[0].v }));
    const found = updateSpectrum(updates);
    expect(numericalRank(found)).toBe(1);
    expect(numericalRank(found, 2 ** -23)).toBe(1);
    for (const sigma of found.singularValues.slice(1)) {
      expect(sigma).toBeLessThanOrEqual(found.error);
    }
  }
});

test('the tolerance is max(m, d)·ε of the largest, for doubles and for float32', () => {
  const s = [1, 6 * 2 ** -23, 4 * 2 ** -23, 6 * 2 ** -52, 5 * 2 ** -52];
  expect(numericalRank(spectrum(5, 5, ...s))).toBe(4);
  expect(numericalRank(spectrum(5, 4, ...s), 2 ** -23)).toBe(2);
  expect(numericalRank(spectrum(3, 4, ...s), 2 ** -23)).toBe(2);
  expect(numericalRank(spectrum(3, 3, ...s), 2 ** -23)).toBe(3);
  for (const epsilon of [-1, NaN, Infinity]) {
    expect(() => numericalRank(spectrum(1, 1, 1), epsilon)).toThrow(DomainError);
  }
});

test('r equal singular values have stable and entropy rank r; 0 has neither', () => {
  expect(stableRank(spectrum(4, 4, 7, 7, 7, 0))).toBe(3);
  expect(Math.abs((entropyRank(spectrum(4, 4, 7, 7, 7, 0)) ?? NaN) - 3)).toBeLessThan(1e-15 * 3);
  const nothing = updateSpectrum([{ p: vector(0, 0), v: vector(1, 2) }]);
  expect(nothing.singularValues).toEqual(vector(0));
  expect([numericalRank(nothing), stableRank(nothing), entropyRank(nothing)]).toEqual([
    0,
    null,
    null,
  ]);
  expect(nothing.error).toBe(0);
});

test('scaling by powers of two moves every singular value by it, in every bit', () => {
  const random = new Random(8, 3);
  for (const e of [-600, -40, 300]) {
    const updates = draw(random);
    const scaled = updates.map(({ p, v }, k) => ({
      p: p.map((entry) => entry * 2 ** (e + 7 * k)),
      v: v.map((entry) => entry * 2 ** (-7 * k)),
    }));
    const [found, moved] = [updates, scaled].map(updateSpectrum);
    expect(moved.singularValues).toEqual(found.singularValues.map((sigma) => sigma * 2 ** e));
    expect(moved.error).toBe(found.error * 2 ** e);
  }
});

test('no updates, several shapes, NaN and overflow are refused', () => {
  expect(() => updateSpectrum([])).toThrow(DomainError);
  const one = { p: vector(1), v: vector(1) };
  expect(() => updateSpectrum([one, { p: vector(1, 2), v: vector(1) }])).toThrow(ShapeError);
  expect(() => updateSpectrum([{ p: vector(NaN), v: vector(1) }])).toThrow(NonFiniteError);
  const huge = { p: vector(2 ** 1000), v: vector(2 ** 1000) };
  expect(() => updateSpectrum([huge])).toThrow(NonFiniteError);
});
