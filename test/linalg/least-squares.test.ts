import { expect, test } from 'vitest';
import { DomainError, NonFiniteError, ShapeError } from '../../src/linalg/errors.ts';
import { type Dyadic, multiplyExact, sumExact } from '../../src/linalg/exact.ts';
import { leastSquares } from '../../src/linalg/least-squares.ts';
import { type Matrix, matrix, matrixFromRows } from '../../src/linalg/matrix.ts';
import {
  multiply,
  multiplyNT,
  multiplyTN,
  norm,
  subtractMatrices,
} from '../../src/linalg/products.ts';
import { Random } from '../../src/linalg/random.ts';
import { Rational } from '../../src/linalg/rational.ts';
import { svd } from '../../src/linalg/svd.ts';
import { assertSameBits } from '../support/same-bits.ts';
import {
  columnOf,
  DRAWS_2D,
  exactResidualColumns,
  expectThrows,
  normalMatrix,
  SHAPES,
  untouched,
} from './factorisation-cases.ts';

const size = (x: readonly Dyadic[], scale: number): number => {
  const big = sumExact(x.map((t) => multiplyExact(t, t)));
  return Math.sqrt(Rational.ofDyadic(big).toNumber()) * scale;
};

/**
 * Asserts ‖Aᵀr‖ ≤ e·‖r‖ + (‖A‖ + e)·(e_b·‖b‖ + e·‖x̂‖) with the exact residual r: what follows from the
 * backward error e = γ·‖A‖_F of the doc comment (see scripts/stress-factorisations.ts). Returns the ratio.
 */
function gradientRatio(A: Matrix, B: Matrix, X: Matrix, deficient: boolean): number {
  const { rows: m, cols: n } = A;
  const u = 2 ** -53;
  const sizeA = norm(A.data);
  const e = (n * (3 * m + 39) + (deficient ? n * (3 * n + 40) + m * n : 0)) * u * sizeA * 1.0001;
  let worst = 0;
  exactResidualColumns(B, A, X).forEach((r, k) => {
    const gradient = Array.from({ length: n }, (_, j) => {
      const a = columnOf(A, j);
      return sumExact(a.map((t, i) => multiplyExact(t, r[i])));
    });
    const [sizeR, sizeB, sizeX] = [r, columnOf(B, k), columnOf(X, k)].map((x) => size(x, 1));
    const bound = e * sizeR + (sizeA + e) * ((e / sizeA) * sizeB + e * sizeX);
    const error = size(gradient, 1);
    worst = Math.max(worst, error === 0 ? 0 : error / bound);
  });
  return worst;
}

test('the residual is orthogonal to the columns within the derived bound', () => {
  const random = new Random(271);
  for (const [name, draw] of DRAWS_2D.filter(([kind]) => kind !== 'tiny' && kind !== 'huge')) {
    for (const [m, n] of SHAPES) {
      for (const k of [1, 3]) {
        const A = draw(random, m, n);
        const B = normalMatrix(random, m, k);
        const { X, rank } = untouched([A, B], () => leastSquares(A, B));
        expect([X.rows, X.cols]).toEqual([n, k]);
        const ratio = gradientRatio(A, B, X, rank < n);
        expect(ratio <= 1, `seed 271, ${name}, ${m}x${n}, got ${ratio}`).toBe(true);
        if (name === 'normal') expect(rank).toBe(Math.min(m, n));
      }
    }
  }
});

test('integer fits by hand: a line through three points, with one and two right-hand sides', () => {
  // y = 1 + 2t at t = 0, 1, 2; and (0, 3, 0): best line 1 + 0·t.
  const A = matrixFromRows([
    [1, 0],
    [1, 1],
    [1, 2],
  ]);
  const B = matrixFromRows([
    [1, 0],
    [3, 3],
    [5, 0],
  ]);
  const { X, rank } = leastSquares(A, B);
  expect(rank).toBe(2);
  [1, 1, 2, 0].forEach((t, at) => {
    expect(Math.abs(X.data[at] - t) <= 16 * 2 ** -53 * 3).toBe(true); // measured 4e-16
  });
});

test('A⁺·b: the least norm, equal to that by the SVD, for every shape of deficient matrices', () => {
  const random = new Random(272);
  for (const [m, n, r] of [
    [7, 5, 3],
    [5, 7, 3],
    [5, 7, 5],
    [11, 11, 4],
    [13, 2, 1],
    [2, 13, 1],
  ] as const) {
    const A = multiply(normalMatrix(random, m, r), normalMatrix(random, r, n));
    const B = normalMatrix(random, m, 2);
    const { X, rank } = leastSquares(A, B);
    expect(rank, `seed 272, ${m}x${n}`).toBe(r);
    const { U, s, V } = svd(A);
    const coefficients = multiplyTN(U, B);
    const scaled = matrix(
      s.length,
      2,
      coefficients.data.map((t, at) => {
        const i = Math.floor(at / 2);
        return i < r ? t / s[i] : 0;
      }),
    );
    const expected = multiply(V, scaled);
    const kappa = s[0] / s[r - 1];
    const error = norm(subtractMatrices(X, expected).data);
    const scale = kappa * (norm(X.data) + (kappa * norm(B.data)) / s[0]);
    expect(error <= 64 * 2 ** -53 * scale, `${m}x${n}: ${error / scale / 2 ** -53} u`).toBe(true); // 0.9 seen
    // No part of X lies in the null space.
    const outside = multiplyTN(V, X).data.slice(2 * r);
    expect(norm(outside) <= 64 * 2 ** -53 * kappa * norm(X.data)).toBe(true); // 5.2 seen
  }
});

test('deficient by hand: equal columns share, a zero column gets 0, no equation asks for 0', () => {
  const shared = leastSquares(
    matrixFromRows([
      [1, 1],
      [2, 2],
    ]),
    matrixFromRows([[2], [4]]),
  );
  expect(shared.rank).toBe(1);
  shared.X.data.forEach((t) => {
    expect(Math.abs(t - 1) <= 32 * 2 ** -53).toBe(true); // measured 5 u
  });
  const zero = leastSquares(matrixFromRows([[2, 0]]), matrixFromRows([[6]]));
  assertSameBits(zero.X.data, [3, 0], 'a zero column');
  expect(zero.rank).toBe(1);
  const wide = leastSquares(matrixFromRows([[3, 4]]), matrixFromRows([[25]]));
  [3, 4].forEach((t, i) => {
    expect(Math.abs(wide.X.data[i] - t) <= 8 * 2 ** -53 * t).toBe(true);
  });
  for (const [m, n] of [
    [0, 2],
    [3, 0],
    [0, 0],
  ] as const) {
    const { X, rank } = leastSquares(matrix(m, n), matrix(m, 2));
    expect(X).toEqual(matrix(n, 2));
    expect(rank).toBe(0);
  }
  expect(leastSquares(matrix(2, 2), matrixFromRows([[1], [1]]))).toEqual({
    X: matrix(2, 1),
    rank: 0,
  });
});

test('ridge: (AᵀA + ρI)·X = AᵀB, primal and dual, and rank n', () => {
  const random = new Random(273);
  for (const [m, n] of [
    [7, 5],
    [5, 7],
    [1, 3],
    [3, 1],
    [11, 11],
  ] as const) {
    for (const ridge of [1e-6, 1, 100]) {
      const A = normalMatrix(random, m, n);
      const B = normalMatrix(random, m, 2);
      const { X, rank } = leastSquares(A, B, { ridge });
      expect(rank).toBe(n);
      const left = multiply(multiplyTN(A, A), X);
      const right = multiplyTN(A, B);
      const off = left.data.map((t, at) => t + ridge * X.data[at] - right.data[at]);
      const scale =
        norm(A.data) * (norm(B.data) + norm(A.data) * norm(X.data)) + ridge * norm(X.data);
      expect(norm(off) <= 64 * 2 ** -53 * scale).toBe(true); // measured 4.3 u
      // The dual form Aᵀ·(A·Aᵀ + ρI)⁻¹·B, theory.md 7.1, solved by least squares again.
      const K = multiplyNT(A, A);
      for (let i = 0; i < m; i++) K.data[i * m + i] += ridge;
      const dual = multiplyTN(A, leastSquares(K, B).X);
      const kappa = (norm(A.data) ** 2 + ridge) / ridge;
      expect(norm(subtractMatrices(X, dual).data) <= 64 * 2 ** -53 * kappa * norm(X.data)).toBe(
        true, // 9.2 seen
      );
    }
  }
  const half = leastSquares(matrixFromRows([[1]]), matrixFromRows([[6]]), { ridge: 1 });
  expect(Math.abs(half.X.data[0] - 3) <= 2 ** -48).toBe(true); // 6/(1 + 1); measured 2⁻⁵⁰
});

test('a ridge below rounding gives the least norm, as ρ → 0 does', () => {
  const A = matrixFromRows([
    [1, 1],
    [2, 2],
  ]);
  const B = matrixFromRows([[2], [4]]);
  for (const ridge of [1e-40, 5e-324]) {
    const { X, rank } = leastSquares(A, B, { ridge });
    expect(rank).toBe(1);
    X.data.forEach((t) => {
      expect(Math.abs(t - 1) <= 16 * 2 ** -53).toBe(true); // measured 5 u
    });
  }
});

test('a relative tolerance decides the rank that is used, and is reported', () => {
  const A = matrixFromRows([
    [1, 0],
    [0, 1e-3],
  ]);
  const B = matrixFromRows([[1], [1]]);
  const cut = leastSquares(A, B, { relativeTolerance: 1e-2 });
  assertSameBits(cut.X.data, [1, 0], 'truncated');
  expect(cut.rank).toBe(1);
  const full = leastSquares(A, B);
  expect(full.rank).toBe(2);
  expect(Math.abs(full.X.data[1] - 1000) <= 1e-12).toBe(true);
});

test('powers of two in A and in columns of B only move the exponents of X', () => {
  const random = new Random(274);
  const A = normalMatrix(random, 7, 4);
  const B = normalMatrix(random, 7, 2);
  const { X } = leastSquares(A, B);
  const times = (a: Matrix, ...d: number[]): Matrix =>
    matrix(
      a.rows,
      a.cols,
      a.data.map((t, at) => t * d[(at % a.cols) % d.length]),
    );
  assertSameBits(leastSquares(times(A, 2 ** 900), B).X.data, times(X, 2 ** -900).data, 'large A');
  assertSameBits(leastSquares(times(A, 2 ** -900), B).X.data, times(X, 2 ** 900).data, 'small A');
  const mixed = leastSquares(A, times(B, 2 ** 900, 2 ** -900)).X;
  assertSameBits(mixed.data, times(X, 2 ** 900, 2 ** -900).data, 'columns of B');
  const far = leastSquares(matrixFromRows([[2 ** -1074]]), matrixFromRows([[2 ** -1074]]));
  assertSameBits(far.X.data, [1], 'subnormal');
});

test('shapes, numbers that are not finite, bad ridges and overflow are refused', () => {
  const one = matrixFromRows([[1]]);
  const need = 'leastSquares: the ridge must be finite and at least 0, got';
  expectThrows([
    [
      () => leastSquares(matrix(2, 3), matrix(3, 1)),
      ShapeError,
      'leastSquares: b needs 2 rows, got 3x1',
    ],
    [
      () => leastSquares(matrixFromRows([[Number.NaN]]), one),
      NonFiniteError,
      'leastSquares: A must be finite',
    ],
    [
      () => leastSquares(one, matrixFromRows([[Infinity]])),
      NonFiniteError,
      'leastSquares: b must be finite',
    ],
    [() => leastSquares(one, one, { ridge: -1 }), DomainError, `${need} -1`],
    [() => leastSquares(one, one, { ridge: Number.NaN }), DomainError, `${need} NaN`],
    [() => leastSquares(one, one, { ridge: Infinity }), DomainError, `${need} Infinity`],
    [
      () => leastSquares(one, one, { relativeTolerance: 2 }),
      DomainError,
      'relative tolerance must be',
    ],
    [
      () => leastSquares(matrixFromRows([[1e-300]]), matrixFromRows([[1e300]])),
      NonFiniteError,
      'leastSquares: X must be finite, got Infinity',
    ],
    [
      () => leastSquares(matrixFromRows([[2 ** -1074]]), matrixFromRows([[2 ** 1023]])),
      NonFiniteError,
      'leastSquares: X must be finite, got Infinity',
    ],
  ]);
});
