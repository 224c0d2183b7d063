import { expect, test } from 'vitest';
import {
  exactErrorOverBound,
  exactIdentityResidual,
  patchWeight,
  proveInRationals,
} from '../../src/icl/index.ts';
import {
  DegenerateBase,
  matrix,
  matrixFromRows,
  Random,
  Rational,
  rankOneToMatrix,
  ShapeError,
} from '../../src/linalg/index.ts';
import { vector } from '../support/small-cases.ts';

const one = matrixFromRows([[1]]);
const both = ['factored', 'dense'] as const;
const u = 2 ** -53;

test('where a′ = a the bound is γ_2·|W||a|: an error of 2u of it is within by a hair', () => {
  // (2u)/(2/(2⁵³ − 2)) = (2⁵³ − 2)/2⁵³
  const patch = { p: vector(2 * u), v: vector(1) };
  for (const application of both) {
    expect(exactErrorOverBound(one, vector(1), vector(1), patch, application)).toBe(1 - 2 * u);
  }
});

test('a patch below half an ulp of W is an error as factors, and none once added', () => {
  const patch = { p: vector(u), v: vector(1) };
  expect(exactErrorOverBound(one, vector(1), vector(1), patch, 'factored')).toBe(0.5 - u);
  expect(exactErrorOverBound(one, vector(1), vector(1), patch)).toBe(0.5 - u);
  expect(exactErrorOverBound(one, vector(1), vector(1), patch, 'dense')).toBe(0);
});

test('a change counts with γ_{4d+4}·|W||δ|: W = 1, a = 1, a′ = 3, patch 3 in place of 2', () => {
  // |W||a| = 1, |W||δ| = 2: 1/(2/(2⁵³ − 2) + 16/(2⁵³ − 8)) = (2⁵³ − 2)(2⁵³ − 8)/(18·2⁵³ − 48)
  const N = 2n ** 53n;
  const expected = Number((N - 2n) * (N - 8n)) / Number(18n * N - 48n);
  for (const application of both) {
    const patch = { p: vector(3), v: vector(1) };
    const found = exactErrorOverBound(one, vector(1), vector(3), patch, application);
    // Both are rounded: three roundings of u each on our side, one on theirs.
    expect(Math.abs(found / expected - 1)).toBeLessThanOrEqual(5 * u);
    expect(exactErrorOverBound(one, vector(1), vector(3), { ...patch, p: vector(2) })).toBe(0);
  }
});

test('signs are dropped in the bound and kept in the residual: W = (1 −2), a = (3, 4), a′ = (5, 4)', () => {
  // W·a = −5, W·a′ = −3; |W||a| = 11, |W||δ| = 2; v·a = 1 for v = (−1, 1).
  const W = matrixFromRows([[1, -2]]);
  const off = 2 ** -40;
  const [a, b] = [vector(3, 4), vector(5, 4)];
  const bound = (3 * 11) / (2 ** 53 - 3) + (12 * 2) / (2 ** 53 - 12);
  for (const p of [2 + off, 2 - off]) {
    const patch = { p: vector(p), v: vector(-1, 1) };
    for (const application of both) {
      const found = exactErrorOverBound(W, a, b, patch, application);
      expect(Math.abs(found / (off / bound) - 1)).toBeLessThanOrEqual(8 * u);
    }
  }
});

test('the worst row counts, wherever it stands', () => {
  const W = matrixFromRows([[1], [1], [1]]);
  for (const at of [0, 1, 2]) {
    const p = vector(u, u, u);
    p[at] = 2 * u;
    const patch = { p, v: vector(1) };
    expect(exactErrorOverBound(W, vector(1), vector(1), patch)).toBe(1 - 2 * u);
    expect(exactErrorOverBound(W, vector(1), vector(1), patch, 'dense')).toBe(1 - 2 * u);
  }
});

test('nothing is off where nothing is rounded, and anything off nothing allowed is infinite', () => {
  const zero = matrixFromRows([[0]]);
  const patch = { p: vector(0), v: vector(1) };
  expect(exactErrorOverBound(zero, vector(1), vector(3), patch)).toBe(0);
  expect(exactErrorOverBound(zero, vector(1), vector(3), { ...patch, p: vector(1e-300) })).toBe(
    Infinity,
  );
});

test('a patch 3·γ_{4d+4} too large is refused in every shape, as factors and added', () => {
  const random = new Random(7, 92);
  for (let round = 0; round < 200; round++) {
    const [m, d] = [1 + random.integer(4), 1 + random.integer(9)];
    const W = matrix(m, d);
    const [a, b] = [new Float64Array(d), new Float64Array(d)];
    for (const x of [W.data, a, b]) random.fillNormal(x);
    const { p, v } = patchWeight(W, a, b);
    // Far enough that every row is beyond its bound, whatever cancels in W·δ.
    const sizes = Array.from(p, (_, i) => {
      let sum = 0;
      for (let j = 0; j < d; j++) {
        const w = Math.abs(W.data[i * d + j]);
        sum += w * (Math.abs(a[j]) + Math.abs(b[j] - a[j]));
      }
      return sum;
    });
    const wrong = { p: p.map((entry, i) => entry + 3 * (4 * d + 4) * u * sizes[i]), v };
    for (const application of both) {
      expect(exactErrorOverBound(W, a, b, { p, v }, application)).toBeLessThanOrEqual(1);
      const found = exactErrorOverBound(W, a, b, wrong, application);
      expect(found).toBeGreaterThan(1);
      // |W||a| + |W||δ| ≤ (bound)/γ_{d+1}, so 3·(4d + 4)/(d + 1) = 12, and the patch's own error.
      expect(found).toBeLessThanOrEqual(13);
    }
  }
});

test('dense means fl(W + fl(p·vᵀ)), the very matrix that addRankOne makes', () => {
  // 1 + u·3 rounds to 1 + 4u: twice the error of the factors, (4u − 3u) more on a = 1.
  const patch = { p: vector(3 * u), v: vector(1) };
  expect(rankOneToMatrix(patch)).toEqual(matrixFromRows([[3 * u]]));
  expect(exactErrorOverBound(one, vector(1), vector(1), patch)).toBe(1.5 - 3 * u);
  expect(exactErrorOverBound(one, vector(1), vector(1), patch, 'dense')).toBe(2 - 4 * u);
});

test('in fractions a wrong p leaves its difference, as a fraction: W1 = (1 1), (5, 10) → (6, 10)', () => {
  const I = matrixFromRows([
    [1, 0],
    [0, 1],
  ]);
  const block = {
    ...{ Wq: I, Wk: I, Wv: I, W1: matrixFromRows([[1, 1]]), b1: matrixFromRows([[0]]) },
    ...{ W2: matrixFromRows([[0], [1], [3]]), b2: matrixFromRows([[1, 2, 3]]) },
  };
  const full = matrixFromRows([
    [1, 0],
    [1, 2],
  ]);
  const query = matrixFromRows([[1, 2]]);
  // z = 15 without, 16 with the token (1, 0); p = 1. The first output does not depend on z.
  const residual = (factor: Rational): string =>
    proveInRationals(block, full, query, (p) => p.map((entry) => entry.times(factor))).residual;
  expect(residual(new Rational(1n))).toBe('0');
  expect(residual(new Rational(2n))).toBe('1');
  expect(residual(new Rational(1n, 3n))).toBe('-2/3');
  expect(residual(new Rational(-100n))).toBe('-16'); // behind the rectifier
  const proof = proveInRationals(block, full, query);
  expect(proof.p.map(String)).toEqual(['1']);
  expect(proof.squaredNorm.toString()).toBe('125');
  for (const output of [proof.patchedOutput, proof.contextualOutput]) {
    expect(output.map(String)).toEqual(['1', '18', '51']);
  }
});

test('the identity of integers refuses what the theorem excludes', () => {
  expect(exactIdentityResidual(one, vector(5e-324), vector(1.7e308))).toBe(0);
  expect(() => exactIdentityResidual(one, vector(-0), vector(1))).toThrow(DegenerateBase);
  expect(() => exactIdentityResidual(one, vector(1, 1), vector(1))).toThrow(ShapeError);
});
