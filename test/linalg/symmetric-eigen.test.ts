import { expect, test } from 'vitest';
import { transpose } from '../../src/linalg/columns.ts';
import { DomainError, NonFiniteError, ShapeError } from '../../src/linalg/errors.ts';
import { ConvergenceError } from '../../src/linalg/factorisation-errors.ts';
import { type Matrix, matrix, matrixFromRows } from '../../src/linalg/matrix.ts';
import { multiply, multiplyTN } from '../../src/linalg/products.ts';
import { Random } from '../../src/linalg/random.ts';
import { svd } from '../../src/linalg/svd.ts';
import { symmetricEigen } from '../../src/linalg/symmetric-eigen.ts';
import { assertSameBits } from '../support/same-bits.ts';
import {
  columnOf,
  DRAWS_2D,
  exactResidualColumns,
  expectNormWithin,
  expectOrthonormal,
  expectThrows,
  normalMatrix,
  untouched,
} from './factorisation-cases.ts';

const symmetricPart = (a: Matrix): Matrix =>
  matrix(
    a.rows,
    a.rows,
    a.data.map((t, at) => t / 2 + a.data[(at % a.rows) * a.rows + Math.floor(at / a.rows)] / 2),
  );

test('A = V·diag(values)·Vᵀ with orthonormal V, for every kind and order, exactly measured', () => {
  const random = new Random(251);
  for (const [name, draw] of DRAWS_2D) {
    for (const n of [0, 1, 2, 3, 5, 8, 13]) {
      const a = symmetricPart(draw(random, n, n));
      const { values, V, sweeps } = untouched([a], () => symmetricEigen(a));
      const label = `seed 251, ${name}, order ${n}`;
      expect(Array.from(values)).toEqual(Array.from(values).sort((x, y) => x - y));
      const diagonal = matrix(n, n);
      values.forEach((t, i) => {
        diagonal.data[i * n + i] = t;
      });
      const error = exactResidualColumns(a, multiply(V, diagonal), transpose(V)).flat();
      const size = Array.from({ length: n }, (_, j) => columnOf(a, j)).flat();
      const stages = 2 * n * sweeps;
      const k = Math.ceil((36 + 2.01 * 9 * Math.sqrt(n)) * stages) + 2 * n + 2;
      expectNormWithin(k, error, size, label);
      expectNormWithin(64, error, size, `${label}, measured`); // at most 20 seen
      expectOrthonormal(Math.ceil(2.01 * 9 * Math.sqrt(n) * stages) + 1, V, label);
      expectOrthonormal(128, V, `${label}, measured`); // at most 59 seen
    }
  }
});

test('by hand: [[2, 1], [1, 2]] has 1 and 3, a diagonal is sorted, without rounding', () => {
  const { values, V } = symmetricEigen(
    matrixFromRows([
      [2, 1],
      [1, 2],
    ]),
  );
  assertSameBits(values, [1, 3], 'values');
  V.data.forEach((t) => {
    expect(Math.abs(Math.abs(t) - Math.SQRT1_2) <= 2 ** -52).toBe(true); // measured 2⁻⁵³
  });
  const diagonal = symmetricEigen(
    matrixFromRows([
      [3, 0, 0],
      [0, -1, 0],
      [0, 0, 2],
    ]),
  );
  assertSameBits(diagonal.values, [-1, 2, 3], 'values');
  assertSameBits(diagonal.V.data, [0, 0, 1, 1, 0, 0, 0, 1, 0], 'V');
  expect(diagonal.sweeps).toBe(1);
});

test('the second difference matrix has 2 − 2cos(kπ/(n + 1))', () => {
  const n = 11;
  const a = matrix(n, n);
  for (let i = 0; i < n; i++) {
    a.data[i * n + i] = 2;
    if (i > 0) a.data[i * n + i - 1] = -1;
    if (i > 0) a.data[(i - 1) * n + i] = -1;
  }
  symmetricEigen(a).values.forEach((t, i) => {
    const expected = 2 - 2 * Math.cos(((i + 1) * Math.PI) / (n + 1));
    expect(Math.abs(t - expected) <= 32 * 2 ** -53 * 4).toBe(true); // measured 3 u·‖A‖
  });
});

test('eigenvalues of AᵀA are the squares of the singular values of A', () => {
  const a = normalMatrix(new Random(252), 9, 7);
  const { s } = svd(a);
  const { values } = symmetricEigen(multiplyTN(a, a));
  values.forEach((t, i) => {
    expect(Math.abs(t - s[6 - i] * s[6 - i]) <= 64 * 2 ** -53 * s[0] * s[0]).toBe(true); // 10 u seen
  });
});

test('a skew matrix K has KᵀK with every eigenvalue twice, and 0 for an odd order', () => {
  const b = normalMatrix(new Random(253), 7, 7);
  const K = matrix(
    7,
    7,
    b.data.map((t, at) => t - b.data[(at % 7) * 7 + Math.floor(at / 7)]),
  );
  const { values } = symmetricEigen(multiplyTN(K, K));
  const largest = values[6];
  expect(Math.abs(values[0]) <= 64 * 2 ** -53 * largest).toBe(true); // measured 0.02 u
  for (const i of [1, 3, 5]) {
    expect(Math.abs(values[i] - values[i + 1]) <= 64 * 2 ** -53 * largest).toBe(true); // 2.8 u
  }
});

test('the cap on sweeps, shapes, asymmetry and overflow are errors that say what they met', () => {
  const a = symmetricPart(normalMatrix(new Random(254), 8, 8));
  const large = matrix(2, 2, new Float64Array(4).fill(1.5e308));
  const skew = matrixFromRows([
    [0, 1],
    [-1, 0],
  ]);
  expectThrows([
    [
      () => symmetricEigen(a, 1),
      ConvergenceError,
      'symmetricEigen: the largest entry off the diagonal must be at most',
    ],
    [
      () => symmetricEigen(large),
      NonFiniteError,
      'symmetricEigen: eigenvalues must be below 2^1024, got Infinity',
    ],
    [
      () => symmetricEigen(skew),
      DomainError,
      'symmetricEigen: a must be symmetric, got -1 at (1, 0) and 1 at (0, 1)',
    ],
    [() => symmetricEigen(matrix(2, 3)), ShapeError, 'symmetricEigen: a must be square, got 2x3'],
    [
      () => symmetricEigen(matrixFromRows([[Number.NaN]])),
      NonFiniteError,
      'a must be finite, got NaN',
    ],
  ]);
});
