import { expect, test } from 'vitest';
import { NonFiniteError, ShapeError } from '../../src/linalg/errors.ts';
import { type Dyadic, exact, multiplyExact } from '../../src/linalg/exact.ts';
import { type Matrix, matrix } from '../../src/linalg/matrix.ts';
import { matrixVector, norm } from '../../src/linalg/products.ts';
import { Random } from '../../src/linalg/random.ts';
import {
  addRankOne,
  applyRankOne,
  innerWithMatrix,
  type RankOne,
  rankOne,
  rankOneNorm,
  rankOneToMatrix,
} from '../../src/linalg/rank-one.ts';
import { assertSameBits } from '../support/same-bits.ts';
import {
  DRAWS,
  expectWithinGamma,
  leavesAlone,
  normals,
  productsOf,
  SIZES,
  twoLanes,
} from './cases.ts';

const pairs = (random: Random, run: (u: RankOne, X: Matrix, x: Float64Array) => void): void => {
  for (const m of SIZES) {
    for (const d of SIZES) {
      const u = rankOne(normals(random, m), normals(random, d));
      run(u, matrix(m, d, normals(random, m * d)), normals(random, d));
    }
  }
};

test('the pair is a copy of the two factors', () => {
  const [p, v] = [normals(new Random(121), 3), normals(new Random(122), 5)];
  const u = leavesAlone([p, v], () => rankOne(p, v));
  assertSameBits(u.p, p, 'p');
  assertSameBits(u.v, v, 'v');
  expect(u.p.buffer).not.toBe(p.buffer);
  expect(u.v.buffer).not.toBe(v.buffer);
});

test('a factor with NaN or an infinity is refused, by name', () => {
  const one = Float64Array.of(1, 2);
  for (const bad of [Number.NaN, Infinity, -Infinity]) {
    const wrong = Float64Array.of(1, bad);
    expect(() => rankOne(wrong, one)).toThrow(NonFiniteError);
    expect(() => rankOne(wrong, one)).toThrow(`rankOne: p must be finite, got ${bad} at entry 1`);
    expect(() => rankOne(one, wrong)).toThrow(`rankOne: v must be finite, got ${bad} at entry 1`);
  }
});

test.each(DRAWS)('the dense matrix rounds each product once, W + p·vᵀ twice: %s', (_, draw) => {
  const random = new Random(123);
  for (const m of SIZES) {
    for (const d of SIZES) {
      const u = { p: draw(random, m), v: draw(random, d) };
      const W = matrix(m, d, draw(random, m * d));
      const products = Array.from(W.data, (_, t) => u.p[Math.floor(t / d)] * u.v[t % d]);
      const [dense, sum] = leavesAlone([u.p, u.v, W.data], () => [
        rankOneToMatrix(u),
        addRankOne(W, u),
      ]);
      expect([dense.rows, dense.cols, sum.rows, sum.cols]).toEqual([m, d, m, d]);
      // A zero of the dense matrix is +0.
      assertSameBits(
        dense.data,
        products.map((t) => t + 0),
        `seed 123, ${m}x${d}`,
      );
      assertSameBits(
        sum.data,
        products.map((t, i) => (t === 0 ? W.data[i] : W.data[i] + t)), // a −0 of W stays
        `W +, seed 123, ${m}x${d}`,
      );
      expect(sum.data.buffer).not.toBe(W.data.buffer);
    }
  }
});

test('where p is 0 nothing is added: W keeps its bits, −0 included', () => {
  const W = matrix(2, 3, Float64Array.of(1 / 3, 5e-324, -0, 1e300, -0, -2));
  const u = rankOne(Float64Array.of(0, -0), Float64Array.of(-1, 2, 3));
  const sum = addRankOne(W, u).data;
  assertSameBits(sum, W.data, 'W + 0·vᵀ');
});

test('applied to x, the factors give p·(v·x) with the dot product in two lanes', () => {
  pairs(new Random(124), (u, _, x) => {
    const y = leavesAlone([u.p, u.v, x], () => applyRankOne(u, x));
    const onto = twoLanes(Array.from(x, (t, j) => u.v[j] * t));
    assertSameBits(
      y,
      u.p.map((t) => t * onto),
      'seed 124',
    );
  });
});

test('applied to x, factored and dense are both within gamma_{d+1} of p_i·Σ v_j·x_j', () => {
  pairs(new Random(125), (u, _, x) => {
    const [factored, dense] = [applyRankOne(u, x), matrixVector(rankOneToMatrix(u), x)];
    u.p.forEach((pi, i) => {
      const terms = productsOf(u.v, x).map((t) => multiplyExact(exact(pi), t));
      expectWithinGamma(x.length + 1, factored[i], terms, 'seed 125, factored');
      expectWithinGamma(x.length + 1, dense[i], terms, 'seed 125, dense');
    });
  });
});

test('the norm is that of the dense matrix: within gamma of the sum of all squares', () => {
  // Derived: the squared product of two norms, 2·(γ_{m+2} + γ_{d+2} + u) and smaller, and for the
  // dense one 2·(γ_{md+2} + u); second-order terms are below one u.
  pairs(new Random(126), (u) => {
    const [m, d] = [u.p.length, u.v.length];
    const squares: Dyadic[] = productsOf(u.p, u.p).flatMap((t) =>
      productsOf(u.v, u.v).map((s) => multiplyExact(t, s)),
    );
    const square = (x: number): Dyadic => multiplyExact(exact(x), exact(x));
    const dense = norm(rankOneToMatrix(u).data);
    expectWithinGamma(2 * (m + d + 5) + 1, square(rankOneNorm(u)), squares, 'seed 126, factored');
    expectWithinGamma(2 * (m * d + 3) + 1, square(dense), squares, 'seed 126, dense');
  });
});

test('the norm neither overflows nor underflows where the product of the two norms does not', () => {
  const u = rankOne(Float64Array.of(3e200, 4e200), Float64Array.of(0, 1e-200));
  expect(rankOneNorm(u)).toBe(norm(u.p) * 1e-200);
  expect(Math.abs(rankOneNorm(u) - 5)).toBeLessThan(1e-14); // derived: γ₉ of 5, and the two inputs
});

test('⟨p·vᵀ, X⟩ = Σ p_i·X_ij·v_j within gamma_{m+d}, in the order p·(X·v)', () => {
  pairs(new Random(127), (u, X) => {
    const result = leavesAlone([u.p, u.v, X.data], () => innerWithMatrix(u, X));
    const [m, d] = [X.rows, X.cols];
    const terms = productsOf(X.data, new Float64Array(m * d).fill(1)).map((t, at) =>
      multiplyExact(t, multiplyExact(exact(u.p[Math.floor(at / d)]), exact(u.v[at % d]))),
    );
    expectWithinGamma(m + d, result, terms, `seed 127, ${m}x${d}`);
    const Xv = Array.from(u.p, (_, i) =>
      twoLanes(Array.from(u.v, (t, j) => X.data[i * d + j] * t)),
    );
    const expected = twoLanes(Xv.map((t, i) => u.p[i] * t));
    assertSameBits([result], [expected], `seed 127, ${m}x${d}`);
  });
});

test('shapes that do not fit are refused, with both sides named', () => {
  const u = rankOne(new Float64Array(2), new Float64Array(3));
  for (const [call, message] of [
    [
      () => addRankOne(matrix(3, 2), u),
      'addRankOne: W is 3x2, so p needs 3 entries and v 2, got 2 and 3',
    ],
    [() => addRankOne(matrix(2, 4), u), 'p needs 2 entries and v 4, got 2 and 3'],
    [() => innerWithMatrix(u, matrix(3, 2)), 'innerWithMatrix: X must be 2x3, got 3x2'],
    [() => innerWithMatrix(u, matrix(1, 3)), 'innerWithMatrix: X must be 2x3, got 1x3'],
    [
      () => applyRankOne(u, new Float64Array(2)),
      'entries of y must be equal in number, got 3 and 2',
    ],
  ] as const) {
    expect(call).toThrow(ShapeError);
    expect(call).toThrow(message);
  }
});

test('small integers come out as by hand', () => {
  const u = rankOne(Float64Array.of(1, -2), Float64Array.of(2, 3, 6));
  assertSameBits(rankOneToMatrix(u).data, [2, 3, 6, -4, -6, -12], 'p·vᵀ');
  const W = matrix(2, 3, Float64Array.of(1, 1, 1, 10, 10, 10));
  assertSameBits(addRankOne(W, u).data, [3, 4, 7, 6, 4, -2], 'W + p·vᵀ');
  assertSameBits(applyRankOne(u, Float64Array.of(1, 0, 1)), [8, -16], '(p·vᵀ)·x');
  expect(innerWithMatrix(u, W)).toBe(11 - 220);
  expect(rankOneNorm(rankOne(Float64Array.of(3, 4), Float64Array.of(2, 3, 6)))).toBe(35);
});
