import { expect, test } from 'vitest';
import { cholesky, choleskyReconstruct, choleskySolve } from '../../src/linalg/cholesky.ts';
import { transpose } from '../../src/linalg/columns.ts';
import { DomainError, NonFiniteError, ShapeError } from '../../src/linalg/errors.ts';
import { absExact, exact, multiplyExact, subtractExact, sumExact } from '../../src/linalg/exact.ts';
import { NotPositiveDefinite } from '../../src/linalg/factorisation-errors.ts';
import { type Matrix, matrix, matrixFromRows } from '../../src/linalg/matrix.ts';
import { multiplyNT } from '../../src/linalg/products.ts';
import { Random } from '../../src/linalg/random.ts';
import { assertSameBits } from '../support/same-bits.ts';
import {
  exactProductEntry,
  expectEntryWithin,
  expectThrows,
  normalMatrix,
  untouched,
} from './factorisation-cases.ts';

const SIZES = [0, 1, 2, 3, 5, 8, 13];
const abs = (a: Matrix): Matrix => matrix(a.rows, a.cols, a.data.map(Math.abs));

/** B·Bᵀ scaled from both sides by d_i. It is symmetric to the bit. */
function gram(random: Random, n: number, d: (i: number) => number): Matrix {
  const b = normalMatrix(random, n, n + 2);
  const a = multiplyNT(b, b);
  return matrix(
    n,
    n,
    a.data.map((entry, at) => entry * d(Math.floor(at / n)) * d(at % n)),
  );
}

const SCALES: readonly (readonly [string, (i: number) => number])[] = [
  ['plain', () => 1],
  ['graded', (i) => 2 ** (-30 * i)],
  ['steep', (i) => 2 ** (i % 2 === 0 ? 250 : -250)],
  ['tiny', () => 2 ** -400],
  ['huge', () => 2 ** 500],
];

test('|A − L·Lᵀ| <= gamma_{n+1}·|L||Lᵀ| entrywise, exactly (derived: Higham 10.3)', () => {
  const random = new Random(211);
  for (const [name, d] of SCALES) {
    for (const n of SIZES) {
      const a = gram(random, n, d);
      const L = untouched([a], () => cholesky(a));
      const Lt = transpose(L);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          if (j > i) expect(L.data[i * n + j]).toBe(0);
          const error = subtractExact(exact(a.data[i * n + j]), exactProductEntry(L, i, Lt, j));
          const size = exactProductEntry(abs(L), i, abs(Lt), j);
          expectEntryWithin(n + 1, error, size, `seed 211, ${name}, n ${n}, (${i}, ${j})`);
        }
        expect(L.data[i * n + i]).toBeGreaterThan(0);
      }
    }
  }
});

test('scaling by powers of two changes no digit of L', () => {
  const random = new Random(212);
  const a = gram(random, 7, () => 1);
  const L = cholesky(a);
  const d = (i: number): number => 2 ** (100 * (i - 3));
  const scaled = matrix(
    7,
    7,
    a.data.map((t, at) => t * d(Math.floor(at / 7)) * d(at % 7)),
  );
  const expected = L.data.map((t, at) => t * d(Math.floor(at / 7)));
  assertSameBits(cholesky(scaled).data, expected, 'D·A·D');
});

test('(A + E)·x = b with |E| <= gamma_{3n+1}·|L||Lᵀ|, exactly (derived: Higham 10.4)', () => {
  const random = new Random(213);
  for (const n of SIZES) {
    const a = gram(random, n, () => 1);
    const L = cholesky(a);
    const b = normalMatrix(random, n, 2);
    const x = untouched([L, b], () => choleskySolve(L, b));
    for (let c = 0; c < 2; c++) {
      for (let i = 0; i < n; i++) {
        const Ax = exactProductEntry(a, i, x, c);
        const error = subtractExact(Ax, exact(b.data[i * 2 + c]));
        const terms = Array.from({ length: n }, (_, j) =>
          multiplyExact(
            exactProductEntry(abs(L), i, transpose(abs(L)), j),
            absExact(exact(x.data[j * 2 + c])),
          ),
        );
        expectEntryWithin(3 * n + 1, error, sumExact(terms), `seed 213, n ${n}, row ${i}`);
      }
    }
  }
});

test('the reconstruction is L·Lᵀ, and reads nothing above the diagonal', () => {
  const L = matrixFromRows([
    [2, 99],
    [1, 3],
  ]);
  assertSameBits(choleskyReconstruct(L).data, [4, 2, 2, 10], 'by hand');
  const random = new Random(214);
  const a = gram(random, 11, () => 1);
  const again = choleskyReconstruct(cholesky(a));
  // Measured 1.3 u of the largest entry; allowed 40 u.
  const largest = Math.max(...a.data);
  a.data.forEach((t, at) => {
    expect(Math.abs(again.data[at] - t) <= 40 * 2 ** -53 * largest).toBe(true);
  });
});

test('a case by hand: [[4, 2, −6], [2, 10, 6], [−6, 6, 26]] has an integer factor', () => {
  const a = matrixFromRows([
    [4, 2, -6],
    [2, 10, 6],
    [-6, 6, 26],
  ]);
  assertSameBits(cholesky(a).data, [2, 0, 0, 1, 3, 0, -3, 3, Math.sqrt(8)], 'L');
  const b = matrixFromRows([[0], [18], [26]]); // A·(1, 1, 1)ᵀ
  choleskySolve(cholesky(a), b).data.forEach((x) => {
    expect(Math.abs(x - 1) <= 1e-14).toBe(true); // κ is about 100; measured 3.4e-16
  });
});

test('the first pivot that is not positive is named, with its value', () => {
  const rows: [number[][], number, number][] = [
    [[[0]], 0, 0],
    [[[-3]], 0, -3],
    [
      [
        [1, 2],
        [2, 1],
      ],
      1,
      -3,
    ],
    [
      [
        [4, 2, 2],
        [2, 1, 1],
        [2, 1, 9],
      ],
      1,
      0,
    ],
    [
      [
        [1, 0, 0],
        [0, 16, 0],
        [0, 0, -5],
      ],
      2,
      -5,
    ],
    [
      [
        [2 ** 400, 2 ** 401],
        [2 ** 401, 2 ** 400],
      ],
      1,
      -3 * 2 ** 400,
    ],
    [
      [
        [1e-300, 1e300],
        [1e300, 1e-300],
      ],
      1,
      -Infinity,
    ],
    [
      [
        [1, 0],
        [0, 0],
      ],
      1,
      0,
    ],
  ];
  for (const [entries, index, pivot] of rows) {
    const call = () => cholesky(matrixFromRows(entries));
    const message = `so every pivot must be positive, got ${pivot} at pivot ${index}`;
    expectThrows([[call, NotPositiveDefinite, message]]);
    expect(call).toThrow(expect.objectContaining({ index, pivot }));
  }
});

test('matrices that are not square, symmetric or finite are refused', () => {
  const square = matrixFromRows([
    [1, 2],
    [2 + 2 ** -51, 9],
  ]);
  expectThrows([
    [() => cholesky(matrix(2, 3)), ShapeError, 'cholesky: a must be square, got 2x3'],
    [
      () => cholesky(square),
      DomainError,
      'cholesky: a must be symmetric, got 2.0000000000000004 at (1, 0) and 2 at (0, 1)',
    ],
    [
      () => cholesky(matrixFromRows([[Number.NaN]])),
      NonFiniteError,
      'cholesky: a must be finite, got NaN',
    ],
    [
      () => cholesky(matrixFromRows([[Infinity]])),
      NonFiniteError,
      'cholesky: a must be finite, got Infinity',
    ],
    [
      () => choleskySolve(matrixFromRows([[1]]), matrix(2, 1)),
      ShapeError,
      'solveLower: b needs 1 rows, got 2x1',
    ],
    [
      () => choleskyReconstruct(matrix(1, 2)),
      ShapeError,
      'choleskyReconstruct: L must be square, got 1x2',
    ],
  ]);
});
