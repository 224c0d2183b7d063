import { expect, test } from 'vitest';
import {
  addToRidgeSums,
  mapFromRidgeSums,
  mergeRidgeSums,
  noRidgeSums,
  normalEquations,
  type RidgeSums,
  ridgeMap,
} from '../../src/icl/index.ts';
import {
  type Matrix,
  matrix,
  maxAbs,
  multiply,
  norm,
  Random,
  rowOf,
  subtractMatrices,
} from '../../src/linalg/index.ts';

const random = new Random(7400);

function normal(rows: number, cols: number): Matrix {
  const result = matrix(rows, cols);
  random.fillNormal(result.data);
  return result;
}

const integers = (rows: number, cols: number): Matrix =>
  matrix(
    rows,
    cols,
    Float64Array.from({ length: rows * cols }, () => random.integer(17) - 8),
  );

const rowsFrom = (a: Matrix, from: number, to: number): Matrix =>
  matrix(to - from, a.cols, a.data.slice(from * a.cols, to * a.cols));

const NONE = noRidgeSums(5, 3);

/** The sums over rows cut at these places. */
const inPortions = (A: Matrix, T: Matrix, cuts: readonly number[]): RidgeSums =>
  cuts.slice(1).reduce((sums, to, i) => {
    return addToRidgeSums(sums, rowsFrom(A, cuts[i], to), rowsFrom(T, cuts[i], to));
  }, NONE);

test('of integers, portions and merges give the same sums in every bit', () => {
  const [A, T] = [integers(23, 5), integers(23, 3)];
  const whole = inPortions(A, T, [0, 23]);
  expect(inPortions(A, T, [0, 1, 8, 23])).toEqual(whole);
  const [first, second] = [
    inPortions(rowsFrom(A, 0, 9), rowsFrom(T, 0, 9), [0, 9]),
    inPortions(rowsFrom(A, 9, 23), rowsFrom(T, 9, 23), [0, 14]),
  ];
  expect(mergeRidgeSums(first, second)).toEqual(whole);
  expect(mergeRidgeSums(second, first)).toEqual(whole);
  expect(mergeRidgeSums(NONE, whole)).toEqual(whole);
});

test('the map from sums keeps the bound of Cholesky on the normal equations, in any portions', () => {
  const [A, T] = [normal(23, 5), normal(23, 3)];
  for (const options of [{}, { ridge: 0.1 }, { relativeRidge: 1e-3 }]) {
    for (const cuts of [[0, 23], [0, 2, 3, 11, 23], Array.from({ length: 24 }, (_, i) => i)]) {
      const fit = mapFromRidgeSums(inPortions(A, T, cuts), options);
      expect([fit.route, fit.fallback]).toEqual(['cholesky', null]);
      const { residual, bound } = normalEquations(A, T, fit);
      for (let k = 0; k < 3; k++) expect(norm(rowOf(residual, k))).toBeLessThanOrEqual(bound[k]);
      const ridges = fit.ridge - ridgeMap(A, T, options).ridge;
      // γ of two times 23 terms.
      expect(Math.abs(ridges)).toBeLessThanOrEqual(100 * Number.EPSILON * fit.ridge);
    }
  }
});

test('sums of dependent inputs give the map of least norm', () => {
  const A = multiply(normal(23, 2), integers(2, 5));
  const T = normal(23, 3);
  const fit = mapFromRidgeSums(inPortions(A, T, [0, 7, 23]));
  expect([fit.route, fit.rank]).toEqual(['qr', 2]);
  const off = maxAbs(subtractMatrices(fit.map, ridgeMap(A, T).map).data);
  // u·κ² of two dimensions that are far from dependent; measured 2.8e-17.
  expect(off).toBeLessThanOrEqual(1e-14);
  const ridged = mapFromRidgeSums(inPortions(A, T, [0, 23]), { ridge: 1 });
  expect(ridged.route).toBe('cholesky');
});

test('what does not fit is refused by name', () => {
  const sums = inPortions(normal(4, 5), normal(4, 3), [0, 4]);
  expect(() => addToRidgeSums(sums, normal(2, 5), normal(3, 3))).toThrow(/as many targets as/);
  expect(() => addToRidgeSums(sums, normal(2, 4), normal(2, 3))).toThrow(
    /addToRidgeSums: pairs of the same sizes .* sums of 5x5, got 4x4/,
  );
  expect(() => mergeRidgeSums(sums, noRidgeSums(5, 2))).toThrow(/mergeRidgeSums: .* 3x5, got 2x5/);
  expect(() => mapFromRidgeSums(NONE)).toThrow(/a pair is required, got none/);
  expect(() => mapFromRidgeSums(sums, { route: 'qr' })).toThrow(/route cholesky only, got qr/);
  expect(() => mapFromRidgeSums(sums, { ridge: -1 })).toThrow(/at least 0, got -1/);
});

test('adding and merging leave the sums as they were', () => {
  const [A, T] = [normal(4, 5), normal(4, 3)];
  const sums = addToRidgeSums(NONE, A, T);
  const before = sums.inputs.data.slice();
  addToRidgeSums(sums, A, T);
  mergeRidgeSums(sums, sums);
  mapFromRidgeSums(sums, { ridge: 1 });
  expect(sums.inputs.data).toEqual(before);
  expect(maxAbs(NONE.inputs.data)).toBe(0);
});
