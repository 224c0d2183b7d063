import { expect, test } from 'vitest';
import { sphereClosest } from '../../src/icl/index.ts';
import { DomainError, NonFiniteError, norm, ShapeError } from '../../src/linalg/index.ts';
import { vector } from '../support/small-cases.ts';

const rms = (x: Float64Array): number => norm(x) / Math.sqrt(x.length);
const objective = (x: Float64Array, goal: Float64Array, s: Float64Array): number =>
  norm(x.map((entry, j) => s[j] * entry - goal[j])) ** 2;

test('near the hard case the root is found, though it is far below the last bit of μ', () => {
  // Here μ = 1 − τ with τ ≈ 1e-17/√(12 − 4/9 − 9/64) ≈ 2.96e-18, less than u/2.
  const [goal, s] = [vector(1e-17, 1, 1), vector(1, 2, 3)];
  const { point, mu, kind } = sphereClosest(goal, s, 2);
  expect([kind, mu]).toEqual(['interior', 1]);
  // In the limit of goal₀ → 0: ŷ₁ = 2/3, ŷ₂ = 3/8, ŷ₀² = 12 − 4/9 − 9/64.
  const limit = vector(Math.sqrt(12 - 4 / 9 - 9 / 64), 2 / 3, 3 / 8);
  point.forEach((entry, j) => {
    expect(Math.abs(entry / limit[j] - 1)).toBeLessThanOrEqual(8 * 2 ** -53 + 1e-16);
  });
  const least = 12 - 4 / 9 - 9 / 64 + (2 * (2 / 3) - 1) ** 2 + (3 * (3 / 8) - 1) ** 2;
  expect(Math.abs(objective(point, goal, s) / least - 1)).toBeLessThan(1e-14);
});

test('however near the hard case, the answer joins it and keeps the sign of the goal', () => {
  const s = vector(-1, 2, 3);
  const hard = sphereClosest(vector(0, 1, 1), s, 2);
  expect([hard.kind, hard.mu]).toEqual(['hard', 1]);
  for (const small of [1e-10, 1e-16, 1e-30, 1e-100, 1e-300]) {
    const { point, kind } = sphereClosest(vector(small, 1, 1), s, 2);
    expect(kind).toBe('interior');
    expect(point[0]).toBeLessThan(0); // s₀ < 0
    point.forEach((entry, j) => {
      // To first order in the goal's entry the answers differ by a multiple of it; and 16u.
      const off = Math.abs(Math.abs(entry) - Math.abs(hard.point[j]));
      expect(off).toBeLessThanOrEqual(4 * (small + 2 ** -53 * 4));
    });
    expect(Math.abs(rms(point) / 2 - 1)).toBeLessThanOrEqual(8 * 2 ** -53);
  }
});

test('a goal and gains whose product underflows take the missing length with its sign', () => {
  const { point, kind } = sphereClosest(vector(1e-200, 1), vector(-1e-200, 1), 2);
  expect(kind).toBe('hard');
  expect(point[0]).toBeLessThan(0);
});

test('two gains that differ in the last bit are two', () => {
  const s = vector(1, 1 + 2 ** -52, 3);
  const { point, kind } = sphereClosest(vector(0, 1, 1), s, 2);
  // ŷ₁ is free to be long: s₁² − μ = 2⁻⁵¹ at the hard end already makes it longer than the sphere.
  expect(kind).toBe('interior');
  expect(point[0]).toBe(0);
  expect(Math.abs(rms(point) / 2 - 1)).toBeLessThanOrEqual(8 * 2 ** -53);
});

test('a radius that is not positive and finite, other lengths and NaN are refused', () => {
  const [goal, s] = [vector(1, 2), vector(1, 1)];
  for (const rho of [0, -1, NaN, Infinity]) {
    expect(() => sphereClosest(goal, s, rho)).toThrow(DomainError);
    expect(() => sphereClosest(goal, s, rho)).toThrow(
      /^sphereClosest: ρ must be positive and finite/,
    );
  }
  expect(() => sphereClosest(goal, vector(1), 1)).toThrow(ShapeError);
  expect(() => sphereClosest(vector(1, NaN), s, 1)).toThrow(NonFiniteError);
  expect(() => sphereClosest(goal, vector(Infinity, 1), 1)).toThrow(NonFiniteError);
  expect(() => sphereClosest(vector(1e300, 1), vector(1e300, 1), 1)).toThrow(NonFiniteError);
});
