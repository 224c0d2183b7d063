import { describe, expect, test } from 'vitest';
import { type GainMethod, patchThroughNorm, sphereClosest } from '../../src/icl/index.ts';
import {
  DegenerateBase,
  DomainError,
  NonFiniteError,
  norm,
  Random,
  ShapeError,
} from '../../src/linalg/index.ts';

const EPSILON = 0.01;
const METHODS: readonly GainMethod[] = ['scalar', 'component-wise', 'secular'];
const vector = (...x: number[]): Float64Array => Float64Array.of(...x);

const draw = (random: Random, n: number): Float64Array => {
  const x = new Float64Array(n);
  random.fillNormal(x);
  return x;
};

/** s∘y/√(mean(y²) + ε), in plain words. */
const through = (y: Float64Array, s: Float64Array): Float64Array => {
  const size = Math.sqrt(y.reduce((sum, entry) => sum + entry * entry, 0) / y.length + EPSILON);
  return y.map((entry, j) => (s[j] * entry) / size);
};

describe.each(METHODS)('%s', (method) => {
  test('meets the goal, whatever it is', () => {
    const random = new Random(131);
    for (let trial = 0; trial < 50; trial++) {
      const d = 2 + random.integer(6);
      const [goal, y, s] = [draw(random, d), draw(random, d), draw(random, d)];
      const found = patchThroughNorm(method, goal, y, s, EPSILON);
      const gain = s.map((entry, j) => entry + found.gain[j]);
      const reached = through(found.y, gain);
      reached.forEach((entry, j) => {
        // A few dozen roundings of numbers whose size is the gain's: its change may be large.
        const size = Math.abs(goal[j]) + Math.abs(s[j]) + Math.abs(gain[j]);
        expect(Math.abs(entry - goal[j])).toBeLessThanOrEqual(64 * 2 ** -53 * size);
      });
    }
  });

  test('leaves y alone where the goal is 0, and takes the gain away', () => {
    const found = patchThroughNorm(method, vector(0, 0), vector(3, 4), vector(2, -1), EPSILON);
    expect(Array.from(found.y)).toEqual([3, 4]);
    expect(Array.from(found.gain)).toEqual([-2, 1]);
  });
});

test('the scalar form keeps the length of y and one factor for all gains', () => {
  const [y, s] = [vector(3, -4, 12), vector(0.5, 2, -1)];
  const { y: target, gain } = patchThroughNorm('scalar', vector(1, 1, 1), y, s, EPSILON);
  expect(Math.abs(norm(target) / norm(y) - 1)).toBeLessThanOrEqual(2 ** -50);
  const factors = gain.map((change, j) => 1 + change / s[j]);
  expect(Math.max(...factors) / Math.min(...factors) - 1).toBeLessThanOrEqual(2 ** -50);
});

test('a divisor of 0 is refused where the goal is not 0, and not replaced', () => {
  const [goal, y, s] = [vector(1, 2), vector(1, 1), vector(1, 1)];
  const zero = vector(0, 1);
  expect(() => patchThroughNorm('scalar', goal, y, zero, EPSILON)).toThrow(DegenerateBase);
  expect(() => patchThroughNorm('component-wise', goal, zero, s, EPSILON)).toThrow('entry 0');
  const free = patchThroughNorm('scalar', vector(0, 2), y, zero, EPSILON);
  expect(free.y[0]).toBe(0);
});

test('R = 1 stands for the length of 0 only, not for one whose square underflows', () => {
  const [goal, s] = [vector(1, 2), vector(1, 3)];
  const epsilon = 1e-5;
  for (const size of [1e-170, 1e-200]) {
    const y = vector(3 * size, 4 * size);
    const { gain, y: kept } = patchThroughNorm('component-wise', goal, y, s, epsilon);
    expect(kept).toEqual(y);
    // n(y) = y/√ε, so s + Δs = goal·√ε/y.
    gain.forEach((change, j) => {
      expect(Math.abs(change / ((goal[j] * Math.sqrt(epsilon)) / y[j]) - 1)).toBeLessThan(1e-14);
    });
    const { y: target } = patchThroughNorm('scalar', goal, y, s, epsilon);
    expect(Math.abs(norm(target) / norm(y) - 1)).toBeLessThan(1e-14);
  }
  const { y: fresh } = patchThroughNorm('scalar', goal, vector(0, -0), s, epsilon);
  expect(Math.abs(norm(fresh) / Math.sqrt(2) - 1)).toBeLessThan(1e-14);
});

test('other methods, lengths, and what is not finite are refused', () => {
  const [goal, y, s] = [vector(1, 2), vector(1, 1), vector(1, 3)];
  const unknown = () => patchThroughNorm('scaler' as GainMethod, goal, y, s, EPSILON);
  expect(unknown).toThrow(DomainError);
  expect(unknown).toThrow(/one of scalar, component-wise, secular, got scaler/);
  for (const method of METHODS) {
    const bad = vector(1, NaN);
    for (const [g, x, t] of [
      [bad, y, s],
      [goal, bad, s],
      [goal, y, vector(Infinity, 1)],
    ]) {
      expect(() => patchThroughNorm(method, g, x, t, EPSILON)).toThrow(NonFiniteError);
    }
    expect(() => patchThroughNorm(method, goal, vector(1), s, EPSILON)).toThrow(ShapeError);
    for (const epsilon of [0, NaN, Infinity]) {
      expect(() => patchThroughNorm(method, goal, y, s, epsilon)).toThrow(DomainError);
    }
  }
  const overflowing = () => patchThroughNorm('component-wise', goal, vector(1e-320, 1), s, EPSILON);
  expect(overflowing).toThrow(DegenerateBase);
});

describe('the closest point of a sphere', () => {
  const mean = (x: Float64Array): number =>
    x.reduce((sum, entry) => sum + entry * entry, 0) / x.length;
  const off = (x: Float64Array, goal: Float64Array, s: Float64Array): number =>
    norm(x.map((entry, j) => s[j] * entry - goal[j]));

  test('is on the sphere, and no random point of it is closer', () => {
    const random = new Random(132);
    for (let trial = 0; trial < 40; trial++) {
      const d = 2 + random.integer(5);
      const [goal, s, rho] = [draw(random, d), draw(random, d), 0.1 + random.uniform()];
      if (trial % 4 === 0) s[0] = 0; // the hard case, often
      const { point } = sphereClosest(goal, s, rho);
      expect(Math.abs(Math.sqrt(mean(point)) / rho - 1)).toBeLessThanOrEqual(1e-12);
      const least = off(point, goal, s);
      for (let i = 0; i < 200; i++) {
        const step = draw(random, d).map((entry, j) => point[j] + entry * (i % 2 ? 1 : 1e-3));
        const other = step.map((entry) => (entry * rho) / Math.sqrt(mean(step)));
        expect(off(other, goal, s)).toBeGreaterThanOrEqual(least * (1 - 1e-12));
      }
    }
  });

  test('in the hard case takes the missing length from a coordinate that costs nothing', () => {
    const { point, mu, kind } = sphereClosest(vector(5, 1, 0.5), vector(0, 2, 3), 2);
    expect([kind, mu]).toEqual(['hard', 0]);
    expect(point[1]).toBe(0.5);
    expect(Math.abs(mean(point) - 4)).toBeLessThanOrEqual(1e-14);
  });

  test('has no answer where no direction is better than another', () => {
    expect(() => sphereClosest(vector(1, 0), vector(0, 1), 1)).toThrow(DegenerateBase);
  });
});
