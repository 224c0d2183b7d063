import { expect, test } from 'vitest';
import { NonFiniteError, ShapeError } from '../../src/linalg/errors.ts';
import {
  absExact,
  compareExact,
  exact,
  exactVector,
  subtractExact,
  sumExact,
} from '../../src/linalg/exact.ts';
import { type Matrix, matrix, matrixFromRows } from '../../src/linalg/matrix.ts';
import {
  conditionNumber,
  frobeniusNorm,
  infinityNorm,
  oneNorm,
  spectralNorm,
} from '../../src/linalg/norms-condition.ts';
import { Random } from '../../src/linalg/random.ts';
import {
  expectEntryWithin,
  expectThrows,
  normalMatrix,
  SHAPES,
  untouched,
} from './factorisation-cases.ts';

const NORMS = [oneNorm, infinityNorm, frobeniusNorm, spectralNorm];

test('by hand: [[1, −2], [3, 4]] and [[3, 0], [0, −4]]', () => {
  const a = matrixFromRows([
    [1, -2],
    [3, 4],
  ]);
  expect(oneNorm(a)).toBe(6); // |−2| + |4|
  expect(infinityNorm(a)).toBe(7); // |3| + |4|
  expect(Math.abs(frobeniusNorm(a) - Math.sqrt(30)) <= 2 ** -50).toBe(true);
  // AᵀA = [[10, 10], [10, 20]]: s² = 15 ± √125.
  expect(Math.abs(spectralNorm(a) - Math.sqrt(15 + Math.sqrt(125))) <= 2 ** -49).toBe(true);
  const d = matrixFromRows([
    [3, 0],
    [0, -4],
  ]);
  expect(NORMS.map((norm) => norm(d))).toEqual([4, 4, 5, 4]);
  expect(conditionNumber(d)).toBe(4 / 3);
});

test('sums of columns and rows err by at most gamma of as many additions, exactly (derived)', () => {
  const random = new Random(261);
  for (const [m, n] of SHAPES) {
    const a = normalMatrix(random, m, n);
    const sums = (rows: boolean) =>
      Array.from({ length: rows ? m : n }, (_, k) =>
        sumExact(
          exactVector(a.data.filter((_, at) => (rows ? Math.floor(at / n) : at % n) === k)).map(
            absExact,
          ),
        ),
      ).reduce((x, y) => (compareExact(x, y) < 0 ? y : x), exact(0));
    for (const [computed, reference, k] of [
      [untouched([a], () => oneNorm(a)), sums(false), m],
      [untouched([a], () => infinityNorm(a)), sums(true), n],
    ] as const) {
      expectEntryWithin(k, subtractExact(exact(computed), reference), reference, `${m}x${n}`);
    }
  }
});

test('the norms obey their inequalities, and scale by powers of two to the bit', () => {
  const random = new Random(262);
  for (const [m, n] of SHAPES.filter(([r, c]) => r * c > 0)) {
    const a = normalMatrix(random, m, n);
    const [one, infinity, frobenius, spectral] = NORMS.map((norm) => norm(a));
    const slack = 1 + 1e-13;
    expect(spectral <= frobenius * slack).toBe(true);
    expect(frobenius <= Math.sqrt(Math.min(m, n)) * spectral * slack).toBe(true);
    expect(spectral <= Math.sqrt(one * infinity) * slack).toBe(true);
    expect(one <= Math.sqrt(m) * spectral * slack).toBe(true);
    expect(infinity <= Math.sqrt(n) * spectral * slack).toBe(true);
    for (const e of [2 ** 1000, 2 ** -1000]) {
      const scaled: Matrix = matrix(
        m,
        n,
        a.data.map((t) => t * e),
      );
      expect(NORMS.map((norm) => norm(scaled))).toEqual(
        [one, infinity, frobenius, spectral].map((t) => t * e),
      );
      expect(conditionNumber(scaled)).toBe(conditionNumber(a));
    }
  }
});

test('norms at both ends of the range, and of nothing', () => {
  const tiny = matrix(2, 2, new Float64Array(4).fill(5e-324));
  expect(NORMS.map((norm) => norm(tiny))).toEqual([1e-323, 1e-323, 1e-323, 1e-323]);
  const large = matrix(2, 2, new Float64Array(4).fill(1e308));
  expect(NORMS.map((norm) => norm(large))).toEqual([Infinity, Infinity, Infinity, Infinity]);
  expect(
    Math.abs(
      conditionNumber(
        matrixFromRows([
          [1e308, 0],
          [0, 1e-308],
        ]),
      ) / 1e308,
    ),
  ).toBe(Infinity);
  for (const a of [matrix(0, 0), matrix(0, 3), matrix(3, 0)]) {
    expect(NORMS.map((norm) => norm(a))).toEqual([0, 0, 0, 0]);
    expect(conditionNumber(a)).toBe(1);
  }
});

test('condition: 1 for an orthogonal matrix, Infinity for a singular one, that of Hilbert 6', () => {
  const quarter = matrixFromRows([
    [0, -2],
    [2, 0],
  ]);
  expect(conditionNumber(quarter)).toBe(1);
  expect(conditionNumber(matrix(3, 2))).toBe(Infinity);
  expect(
    conditionNumber(
      matrixFromRows([
        [1, 0],
        [0, 0],
      ]),
    ),
  ).toBe(Infinity);
  const entries = Array.from(
    { length: 36 },
    (_, at) => 27720 / (Math.floor(at / 6) + (at % 6) + 1),
  );
  const kappa = conditionNumber(matrix(6, 6, Float64Array.from(entries)));
  const expected = 44875.90408938268 / 0.0030015201712157037; // mpmath 1.3.0
  expect(Math.abs(kappa / expected - 1) <= 4 * 2 ** -53 * expected).toBe(true); // δκ with δ = 4u
});

test('numbers that are not finite and data that do not fit are refused by name', () => {
  for (const norm of [...NORMS, conditionNumber]) {
    expectThrows([
      [
        () => norm(matrixFromRows([[0, Number.NaN]])),
        NonFiniteError,
        `${norm.name}: a must be finite, got NaN at entry 1`,
      ],
      [
        () => norm({ rows: 1, cols: 2, data: new Float64Array(1) }),
        ShapeError,
        `${norm.name}: a is 1x2, so it needs 2 entries, got 1`,
      ],
    ]);
  }
});
