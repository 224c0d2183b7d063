import { expect, test } from 'vitest';
import {
  addToRidgeSums,
  mapFromRidgeSums,
  noRidgeSums,
  normalEquations,
  proveThoughtMatrix,
  type RidgeRoute,
  ridgeMap,
  scaleFreeRidge,
} from '../../src/icl/index.ts';
import {
  identity,
  type Matrix,
  matrix,
  matrixFromRows,
  maxAbs,
  multiplyNT,
  multiplyTN,
  norm,
  Random,
  rowOf,
  subtractMatrices,
  svd,
} from '../../src/linalg/index.ts';

const random = new Random(7100);

function normal(rows: number, cols: number): Matrix {
  const result = matrix(rows, cols);
  random.fillNormal(result.data);
  return result;
}

const scaled = (a: Matrix, factor: number): Matrix =>
  matrix(
    a.rows,
    a.cols,
    a.data.map((entry) => factor * entry),
  );

const ROUTES: readonly RidgeRoute[] = ['qr', 'dual', 'cholesky'];

test('two pairs by hand: (1·3 + 2·4)/(1 + 4 + ρ)', () => {
  const [A, T] = [matrixFromRows([[1], [2]]), matrixFromRows([[3], [4]])];
  for (const [ridge, expected] of [
    [0, 11 / 5],
    [6, 1],
  ]) {
    for (const route of ROUTES) {
      if (route === 'dual' && ridge === 0) continue;
      const { map } = ridgeMap(A, T, { ridge, route });
      // Measured: at most 1 ulp; 8 are allowed.
      expect(Math.abs(map.data[0] - expected)).toBeLessThanOrEqual(8 * Number.EPSILON * expected);
    }
  }
});

test('every route keeps its bound on the normal equations, and all agree within these bounds', () => {
  for (const [K, d, m] of [
    [1, 1, 1],
    [1, 3, 2],
    [2, 7, 3],
    [5, 5, 2],
    [11, 3, 5],
    [23, 7, 1],
  ]) {
    const [A, T] = [normal(K, d), normal(K, m)];
    const { s } = svd(A);
    for (const ridge of [0, 1e-6, 1e-3, 1]) {
      const smallest = (K < d ? 0 : s[s.length - 1] ** 2) + ridge;
      const fits = ROUTES.filter((route) => route !== 'dual' || ridge > 0).map((route) =>
        ridgeMap(A, T, { ridge, route }),
      );
      // From sums as from pairs where Cholesky is taken: the bound has room for both.
      const sums = mapFromRidgeSums(addToRidgeSums(noRidgeSums(d, m), A, T), { ridge });
      if (sums.route === 'cholesky') fits.push(sums);
      const judged = fits.map((fit) => normalEquations(A, T, fit));
      for (const { residual, bound } of judged) {
        for (let k = 0; k < m; k++) expect(norm(rowOf(residual, k))).toBeLessThanOrEqual(bound[k]);
      }
      if (smallest === 0) continue;
      // ‖x − y‖ ≤ ‖(Z + ρI)⁻¹‖·‖difference of the residuals‖.
      fits.forEach(({ map }, i) => {
        for (let k = 0; k < m; k++) {
          const off = norm(rowOf(subtractMatrices(map, fits[0].map), k));
          const allowed = (judged[i].bound[k] + judged[0].bound[k]) / (smallest * (1 - 1e-9));
          expect(off).toBeLessThanOrEqual(allowed);
        }
      });
    }
  }
});

test('against fractions, every route is off by no more than its bound over the smallest eigenvalue', () => {
  const [A, T] = [normal(4, 3), normal(4, 3)];
  for (const ridge of [0, 0.25]) {
    const exact = proveThoughtMatrix(identity(3), A, T, ridge).map;
    const smallest = svd(A).s[2] ** 2 + ridge;
    for (const route of ROUTES) {
      if (route === 'dual' && ridge === 0) continue;
      const fit = ridgeMap(A, T, { ridge, route });
      const { bound } = normalEquations(A, T, fit);
      exact.forEach((row, k) => {
        const off = norm(Float64Array.from(row, (x, j) => x.toNumber() - fit.map.data[3 * k + j]));
        expect(off).toBeLessThanOrEqual((bound[k] / smallest) * (1 + 1e-9));
      });
    }
  }
});

test('a map that is slightly wrong breaks the bound', () => {
  const [A, T] = [normal(11, 5), normal(11, 3)];
  const fit = ridgeMap(A, T, { ridge: 0.1 });
  for (const wrong of [
    scaled(fit.map, 1 + 1e-9),
    ridgeMap(A, T, { ridge: 0.1 + 1e-9 }).map,
    ridgeMap(A, scaled(T, 1 - 1e-9), { ridge: 0.1 }).map,
  ]) {
    const { residual, bound } = normalEquations(A, T, { ...fit, map: wrong });
    for (let k = 0; k < 3; k++) expect(norm(rowOf(residual, k))).toBeGreaterThan(bound[k]);
  }
});

test('fewer pairs than entries with a ridge take the dual route, all others QR', () => {
  const took = (K: number, d: number, ridge: number): string =>
    ridgeMap(normal(K, d), normal(K, 2), { ridge }).route;
  expect([took(3, 5, 0.1), took(5, 5, 0.1), took(3, 5, 0), took(7, 5, 0.1)]).toEqual([
    'dual',
    'qr',
    'qr',
    'qr',
  ]);
});

test('Cholesky is left for QR at the condition 1e-3/(d·u), and at a pivot of 0', () => {
  const taken = (inputs: Matrix, ridge = 0) => {
    const { route, fallback } = ridgeMap(inputs, normal(2, 1), { ridge, route: 'cholesky' });
    return [route, fallback];
  };
  // 2u·κ² = 2.4e-4 and 3.9e-3.
  expect(
    taken(
      matrixFromRows([
        [1, 0],
        [0, 2 ** -20],
      ]),
    ),
  ).toEqual(['cholesky', null]);
  expect(
    taken(
      matrixFromRows([
        [1, 0],
        [0, 2 ** -22],
      ]),
    ),
  ).toEqual(['qr', 'condition']);
  expect(
    taken(
      matrixFromRows([
        [2, 2],
        [0, 0],
      ]),
    ),
  ).toEqual(['qr', 'pivot']);
  expect(
    taken(
      matrixFromRows([
        [2, 2],
        [0, 0],
      ]),
      1,
    ),
  ).toEqual(['cholesky', null]);
  expect(
    taken(
      matrixFromRows([
        [1e200, 0],
        [0, 1e200],
      ]),
    ),
  ).toEqual(['qr', 'condition']);
});

test('of all maps that fit equally well, the least is returned', () => {
  // Integers, so that the dependence is exact: the third input is the sum of the others.
  const A = matrixFromRows([
    [1, 2, 0, 1],
    [0, 1, 3, 1],
    [1, 3, 3, 2],
  ]);
  const T = matrixFromRows([[1], [2], [5]]);
  for (const route of ['qr', 'cholesky'] as const) {
    const { map, rank } = ridgeMap(A, T, { route });
    expect(rank).toBe(2);
    for (const unseen of [
      [6, -3, 1, 0],
      [1, -1, 0, 1],
    ]) {
      const vector = matrixFromRows([unseen]);
      expect(maxAbs(multiplyNT(A, vector).data)).toBe(0);
      // Orthogonal to what no input sees; measured 2.3e-16.
      expect(maxAbs(multiplyNT(map, vector).data)).toBeLessThanOrEqual(1e-14);
    }
    const { residual, bound } = normalEquations(A, T, ridgeMap(A, T));
    expect(norm(residual.data)).toBeLessThanOrEqual(bound[0]);
  }
});

test('inputs that are all 0 give the map 0, whatever the ridge', () => {
  for (const options of [{}, { ridge: 1 }, { relativeRidge: 1e-3 }]) {
    expect(maxAbs(ridgeMap(matrix(3, 2), normal(3, 2), options).map.data)).toBe(0);
  }
});

test('a scale-free ridge follows the inputs: c·x gives M/c, in every bit for powers of two', () => {
  const [A, T] = [normal(7, 3), normal(7, 2)];
  const { map, ridge } = ridgeMap(A, T, { relativeRidge: 1e-2 });
  const large = ridgeMap(scaled(A, 2 ** 40), T, { relativeRidge: 1e-2 });
  expect(large.ridge).toBe(2 ** 80 * ridge);
  expect(large.map).toEqual(scaled(map, 2 ** -40));
  const Z = multiplyTN(A, A);
  expect(ridge).toBe(scaleFreeRidge(1e-2, Z));
  expect(scaleFreeRidge(1, identity(4))).toBe(1);
  expect(scaleFreeRidge(1, matrix(4, 4))).toBe(0);
});

test('what does not fit is refused by name', () => {
  const [A, T] = [normal(3, 2), normal(3, 2)];
  expect(() => ridgeMap(A, normal(2, 2))).toThrow(/as many targets as inputs .* got 2 and 3/);
  expect(() => ridgeMap(matrix(0, 2), matrix(0, 2))).toThrow(/at least one, got 0 and 0/);
  expect(() => ridgeMap(scaled(A, NaN), T)).toThrow(/the inputs must be finite/);
  expect(() => ridgeMap(A, scaled(T, Infinity))).toThrow(/the targets must be finite/);
  for (const ridge of [-1, NaN, Infinity]) {
    expect(() => ridgeMap(A, T, { ridge })).toThrow(/ridge must be finite and at least 0/);
    expect(() => ridgeMap(A, T, { relativeRidge: ridge })).toThrow(/finite and at least 0/);
  }
  expect(() => ridgeMap(A, T, { ridge: 1, relativeRidge: 1 })).toThrow(/a ridge or a relative/);
  expect(() => ridgeMap(A, T, { route: 'dual' })).toThrow(
    /dual route needs a ridge above 0, got 0/,
  );
  expect(() => ridgeMap(A, T, { route: 'svd' as never })).toThrow(/qr, dual or cholesky, got svd/);
});

test('arguments stay as they are', () => {
  const [A, T] = [normal(5, 3), normal(5, 2)];
  const before = [A, T].map(({ data }) => data.slice());
  for (const route of ROUTES) ridgeMap(A, T, { ridge: 0.1, route });
  expect([A.data, T.data]).toEqual(before);
});
