import { expect, test } from 'vitest';
import { divergence, likeliest } from '../../src/cli/distribution.ts';
import { Random } from '../../src/linalg/index.ts';

const normal = (random: Random, count: number, size: number): Float64Array => {
  const x = new Float64Array(count);
  random.fillNormal(x);
  return x.map((entry) => size * entry);
};

test('the likeliest tokens come first, of equal ones the smaller id, and all sum to 1', () => {
  expect(likeliest(Float64Array.of(1, 3, 3, 2), 3).map(({ id }) => id)).toEqual([1, 2, 3]);
  const all = likeliest(normal(new Random(3), 50, 4), 50);
  const total = all.reduce((sum, { probability }) => sum + probability, 0);
  expect(Math.abs(total - 1)).toBeLessThan(1e-14);
});

test('a divergence worked by hand: logits log 1, log 3 against log 1, log 1', () => {
  const [p, q] = [Float64Array.of(0, Math.log(3)), Float64Array.of(5, 5)];
  const expected = 0.25 * Math.log(0.25 / 0.5) + 0.75 * Math.log(0.75 / 0.5);
  expect(Math.abs(divergence(p, q) - expected)).toBeLessThan(1e-15);
});

test('it is the sum of p·(log p − log q), never negative, and 0 for the same logits', () => {
  const random = new Random(8);
  for (let trial = 0; trial < 50; trial++) {
    const [p, q] = [normal(random, 40, 3), normal(random, 40, 3)];
    const shares = (x: Float64Array): number[] => {
      const e = Array.from(x, Math.exp);
      const total = e.reduce((a, b) => a + b);
      return e.map((entry) => entry / total);
    };
    const [P, Q] = [shares(p), shares(q)];
    const plain = P.reduce((sum, own, i) => sum + own * Math.log(own / Q[i]), 0);
    expect(Math.abs(divergence(p, q) - plain), `trial ${trial}`).toBeLessThan(1e-13 * (1 + plain));
    expect(divergence(p, p)).toBe(0);
  }
});

test('logits that are 1e-9 apart give some 1e-18, not rounding of size 1e-16', () => {
  const random = new Random(9);
  const p = normal(random, 40, 3);
  const change = normal(random, 40, 1e-9);
  const q = p.map((entry, i) => entry + change[i]);
  const found = divergence(p, q);
  expect(found).toBeGreaterThan(1e-20);
  expect(found).toBeLessThan(1e-17);
});

test('logits that are far apart stay finite', () => {
  const far = divergence(Float64Array.of(0, 1), Float64Array.of(0, -1e4));
  expect(far).toBeGreaterThan(7000);
  expect(Number.isFinite(far)).toBe(true);
  expect(Number.isFinite(divergence(Float64Array.of(0, -1e4), Float64Array.of(0, 1)))).toBe(true);
});
