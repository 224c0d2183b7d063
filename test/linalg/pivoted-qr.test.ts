import { expect, test } from 'vitest';
import { DomainError, NonFiniteError } from '../../src/linalg/errors.ts';
import { type Matrix, matrix, matrixFromRows } from '../../src/linalg/matrix.ts';
import { pivotedQR } from '../../src/linalg/pivoted-qr.ts';
import { multiply } from '../../src/linalg/products.ts';
import { qr, thinQ } from '../../src/linalg/qr.ts';
import { Random } from '../../src/linalg/random.ts';
import { assertSameBits } from '../support/same-bits.ts';
import {
  columnOf,
  DRAWS_2D,
  exactResidualColumns,
  expectNormWithin,
  expectOrthonormal,
  expectThrows,
  normalMatrix,
  SHAPES,
  untouched,
} from './factorisation-cases.ts';

const permuted = (a: Matrix, columns: Int32Array): Matrix =>
  matrix(
    a.rows,
    a.cols,
    a.data.map((_, at) => a.data[at - (at % a.cols) + columns[at % a.cols]]),
  );

test('column by column ‖a·Π − QR‖ <= gamma·‖a‖, exactly (derived), for every kind and shape', () => {
  const random = new Random(231);
  for (const [name, draw] of DRAWS_2D) {
    for (const [m, n] of SHAPES) {
      const a = draw(random, m, n);
      const { Q, R, columns, rank } = untouched([a], () => pivotedQR(a));
      const r = Math.min(m, n);
      const k = r * (3 * m + 37);
      const label = `seed 231, ${name}, ${m}x${n}`;
      expect(Array.from(columns).sort((i, j) => i - j)).toEqual(Array.from(columns.keys()));
      const b = permuted(a, columns);
      expectOrthonormal(Math.ceil(3 * Math.sqrt(r) * k) + 1, thinQ(Q), label);
      exactResidualColumns(b, thinQ(Q), R).forEach((error, j) => {
        expectNormWithin(Math.ceil(k * (1.01 + Math.sqrt(r))) + 1, error, columnOf(b, j), label);
        expectNormWithin(32, error, columnOf(b, j), `${label}, measured`); // at most 8.2 seen
      });
      for (let i = 0; i < r; i++) {
        for (let j = 0; j < i; j++) expect(R.data[i * n + j]).toBe(0);
        // |r_ii| ≥ the norm of what is left of every later column, up to rounding.
        for (let j = i + 1; j < n; j++) {
          const tail = Array.from({ length: j < r ? j - i + 1 : r - i }, (_, t) => {
            return R.data[(i + t) * n + j];
          });
          const scale = Math.max(Math.abs(R.data[i * n + i]), 5e-324);
          const length = Math.sqrt(tail.reduce((sum, t) => sum + (t / scale) ** 2, 0));
          expect(length <= 1 + 1e-12, `${label}: pivot ${i} against column ${j}`).toBe(true);
        }
      }
      if (name === 'normal') expect(rank, label).toBe(r);
      if (name === 'zero') expect(rank, label).toBe(0);
      if (name === 'rank one') expect(rank, label).toBe(Math.min(r, 1));
    }
  }
});

test('the rank of a product of integer factors is found, and the tolerance is the stated one', () => {
  const random = new Random(232);
  const integers = (m: number, n: number): Matrix =>
    matrix(
      m,
      n,
      Float64Array.from({ length: m * n }, () => random.integer(19) - 9),
    );
  for (const [m, n] of [
    [13, 11],
    [11, 13],
    [20, 20],
    [30, 7],
  ] as const) {
    for (let r = 0; r <= Math.min(m, n); r++) {
      const { rank, tolerance, R } = pivotedQR(multiply(integers(m, r), integers(r, n)));
      expect(rank, `seed 232, ${m}x${n}`).toBe(r);
      expect(tolerance).toBe(Math.max(m, n) * 2 ** -53 * Math.abs(R.data[0]));
    }
  }
});

test('the column of largest norm comes first, the first of equal ones, also beyond 2^±1000', () => {
  const order = (...d: number[]): number[] =>
    Array.from(pivotedQR(matrix(1, d.length, Float64Array.from(d))).columns);
  expect(order(1, -3, 2)[0]).toBe(1);
  expect(order(2, -2, 2)).toEqual([0, 1, 2]);
  expect(order(5e-324, 1e308, 1e-308)[0]).toBe(1);
  const graded = matrix(3, 3);
  [5e-324, 1e308, 1].forEach((t, i) => {
    graded.data[i * 3 + i] = t;
  });
  const { columns, R, rank } = pivotedQR(graded, 0);
  expect(Array.from(columns)).toEqual([1, 2, 0]);
  expect([0, 4, 8].map((at) => Math.abs(R.data[at]))).toEqual([1e308, 1, 5e-324]);
  expect(rank).toBe(3);
  expect(pivotedQR(graded).rank).toBe(1);
});

test('columns already in order give the factors of qr, bit for bit', () => {
  const a = normalMatrix(new Random(233), 7, 5);
  const falling = matrix(
    7,
    5,
    a.data.map((t, at) => t * 100 ** -(at % 5)),
  );
  const { R, columns } = pivotedQR(falling);
  expect(Array.from(columns)).toEqual([0, 1, 2, 3, 4]);
  assertSameBits(R.data, qr(falling).R.data, 'R');
});

test('by hand: columns (1, 0) and (3, 4) change places', () => {
  const { R, columns, rank, tolerance } = pivotedQR(
    matrixFromRows([
      [1, 3],
      [0, 4],
    ]),
  );
  expect(Array.from(columns)).toEqual([1, 0]);
  expect(R.data[0]).toBe(-5);
  expect(Math.abs(R.data[1] + 0.6) <= 2e-16).toBe(true);
  expect(Math.abs(Math.abs(R.data[3]) - 0.8) <= 2e-16).toBe(true);
  expect([rank, tolerance]).toEqual([2, 10 * 2 ** -53]);
});

test('a rank tolerance can be given, and decides', () => {
  const a = matrixFromRows([
    [1, 0],
    [0, 1e-3],
  ]);
  expect([1e-2, 1e-3, 0.99e-3, 0].map((t) => pivotedQR(a, t).rank)).toEqual([1, 1, 2, 2]);
});

test('numbers that are not finite and tolerances outside [0, 1) are refused', () => {
  const bad = matrixFromRows([[1, -Infinity]]);
  const need = 'pivotedQR: the relative tolerance must be from 0 up to below 1, got';
  expectThrows([
    [() => pivotedQR(bad), NonFiniteError, 'pivotedQR: a must be finite, got -Infinity at entry 1'],
    [() => pivotedQR(matrix(1, 1), 1), DomainError, `${need} 1`],
    [() => pivotedQR(matrix(1, 1), -1e-9), DomainError, `${need} -1e-9`],
    [() => pivotedQR(matrix(1, 1), Number.NaN), DomainError, `${need} NaN`],
  ]);
});
