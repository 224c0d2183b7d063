import { expect, test } from 'vitest';
import {
  meanRankOnePatch,
  normalEquations,
  patchWeight,
  proveThoughtMatrix,
  thoughtMatrix,
  thoughtTransform,
  thoughtVector,
} from '../../src/icl/index.ts';
import {
  DegenerateBase,
  type Matrix,
  matrix,
  matrixFromRows,
  maxAbs,
  multiply,
  multiplyNT,
  norm,
  Random,
  rankOneToMatrix,
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

test('the thought vector is the mean of the differences', () => {
  expect(
    thoughtVector(
      matrixFromRows([
        [1, 2],
        [3, 4],
        [8, 0],
      ]),
    ),
  ).toEqual(Float64Array.of(4, 2));
});

test('of one token the thought matrix is the patch of Theorem 1', () => {
  const [W, a, delta] = [normal(5, 7), normal(1, 7), normal(1, 7)];
  const contextual = a.data.map((entry, j) => entry + delta.data[j]);
  const patch = rankOneToMatrix(patchWeight(W, a.data, contextual));
  const { map, rank } = thoughtMatrix(W, a, delta);
  expect(rank).toBe(1);
  // κ = 1, some roundings each; measured 2.2e-16.
  expect(maxAbs(subtractMatrices(map, patch).data)).toBeLessThanOrEqual(1e-14 * maxAbs(patch.data));
});

test('Δ(I) = W·D* without any residual, in fractions', () => {
  for (const ridge of [0, 0.5, 1e-3]) {
    const proof = proveThoughtMatrix(normal(3, 2), normal(3, 2), normal(3, 2), ridge);
    expect(proof.residual).toBe('0');
  }
  // Four dimensions, two tokens: only a ridge makes Z invertible.
  const [W, A, D] = [normal(1, 4), normal(2, 4), normal(2, 4)];
  expect(proveThoughtMatrix(W, A, D, 1).residual).toBe('0');
  expect(() => proveThoughtMatrix(W, A, D, 0)).toThrow(DegenerateBase);
  expect(() => proveThoughtMatrix(W, A, D, 0)).toThrow(/must be invertible, got the rank 2 of 4/);
});

test('by hand in fractions: W = 3, a = 1 and 2, δ = 1 and 1, ρ = 1', () => {
  const one = matrixFromRows([[1], [1]]);
  const proof = proveThoughtMatrix(matrixFromRows([[3]]), matrixFromRows([[1], [2]]), one, 1);
  expect([proof.transform[0][0].toString(), proof.map[0][0].toString()]).toEqual(['1/2', '3/2']);
});

test('one D* serves every W that reads the same input, by every route and also at least norm', () => {
  for (const [K, d] of [
    [3, 7],
    [7, 7],
    [19, 7],
  ]) {
    const [A, D] = [normal(K, d), normal(K, d)];
    for (const ridge of [0, 1e-3, 1]) {
      const shared = thoughtTransform(A, D, { ridge });
      const judged = normalEquations(A, D, shared);
      const least = svd(A).s[Math.min(K, d) - 1] ** 2 + ridge; // the part outside the rows of A is 0 in both
      for (const rows of [2, 5]) {
        const W = normal(rows, d);
        const direct = thoughtMatrix(W, A, D, { ridge });
        const { bound } = normalEquations(A, multiplyNT(D, W), direct);
        const product = multiply(W, shared.map);
        for (let k = 0; k < rows; k++) {
          const off = norm(rowOf(subtractMatrices(product, direct.map), k));
          const carried = rowOf(W, k).reduce((sum, w, j) => sum + Math.abs(w) * judged.bound[j], 0);
          const rounded = 2e-15 * d * norm(W.data) * (norm(shared.map.data) + norm(D.data));
          // At least norm (K < d, ρ = 0) what lies outside the rows of A is rounding, not bounded here: u·κ; measured, everything together 1.4e-15.
          const outside = K < d ? 1e-14 * norm(shared.map.data) * norm(W.data) : 0;
          expect(off).toBeLessThanOrEqual((carried + bound[k]) / least + rounded + outside);
        }
      }
    }
  }
});

/** D·a for each row a. */
const linear = (D: Matrix, A: Matrix): Matrix => multiplyNT(A, D);

test('the mean of rank-one patches is W·D/d on a balanced design, in every bit; least squares gives W·D', () => {
  const [d, m] = [4, 3];
  // ±2^k times each unit vector, each as often: the mean of a·aᵀ/‖a‖² is I/4, without rounding.
  const signed = Array.from({ length: 2 * d }, (_, i) => {
    const row = new Float64Array(d);
    row[i % d] = (i < d ? 1 : -1) * 2 ** (i % 3);
    return row;
  });
  const A = matrixFromRows(signed);
  const integers = (rows: number, cols: number): Matrix =>
    matrix(
      rows,
      cols,
      normal(rows, cols).data.map((x) => Math.round(8 * x)),
    );
  const [W, D] = [integers(m, d), integers(d, d)];
  const product = multiply(W, D);
  const mean = meanRankOnePatch(W, A, linear(D, A));
  expect(mean.data.map((entry) => 4 * entry + 0)).toEqual(product.data.map((entry) => entry + 0));
  const { map } = thoughtMatrix(W, A, linear(D, A));
  // κ = 4; measured 2.4e-16.
  expect(maxAbs(subtractMatrices(map, product).data)).toBeLessThanOrEqual(
    1e-14 * maxAbs(product.data),
  );
});

test('for isotropic inputs d times the mean of rank-one patches is W·D within 5 standard errors, the mean itself is not', () => {
  const [d, m, K] = [5, 2, 20_000];
  const [W, D, A] = [normal(m, d), normal(d, d), normal(K, d)];
  const product = multiply(W, D);
  const mean = meanRankOnePatch(W, A, linear(D, A));
  product.data.forEach((entry, i) => {
    // (M·E)_kj for E = mean(u·uᵀ) − I/d, u uniform on the sphere: entries of one column of E are uncorrelated, with
    // variances 1/(d(d+2)) off the diagonal and 2(d−1)/(d²(d+2)) on it.
    const row = rowOf(product, Math.floor(i / d));
    const variance = row.reduce((sum, x, k) => {
      const each = k === i % d ? (2 * (d - 1)) / (d * d * (d + 2)) : 1 / (d * (d + 2));
      return sum + x * x * each;
    }, 0);
    const error = Math.sqrt(variance / K);
    expect(Math.abs(mean.data[i] - entry / d)).toBeLessThanOrEqual(5 * error);
    if (Math.abs(entry) > 1) expect(Math.abs(mean.data[i] - entry)).toBeGreaterThan(20 * error);
  });
});

test('what does not fit is refused by name', () => {
  const [W, A, D] = [normal(3, 2), normal(4, 2), normal(4, 2)];
  expect(() => thoughtMatrix(normal(3, 5), A, D)).toThrow(/W is 3x5, so inputs of 5 .* got 2/);
  expect(() => thoughtMatrix(W, A, normal(4, 3))).toThrow(/differences of 2 entries .* got 3/);
  expect(() => thoughtTransform(A, normal(3, 2))).toThrow(/thoughtTransform: as many targets/);
  expect(() => thoughtVector(matrix(0, 3))).toThrow(/thoughtVector: .* at least one, got 0/);
  expect(() => thoughtMatrix(matrix(1, 2, Float64Array.of(1, NaN)), A, D)).toThrow(
    /W must be finite/,
  );
  expect(() => meanRankOnePatch(W, matrix(4, 2), D)).toThrow(DegenerateBase);
});

test('arguments stay as they are', () => {
  const all = [normal(3, 2), normal(4, 2), normal(4, 2)];
  const before = all.map(({ data }) => data.slice());
  const [W, A, D] = all;
  thoughtMatrix(W, A, D);
  thoughtTransform(A, D, { ridge: 1 });
  thoughtVector(D);
  meanRankOnePatch(W, A, D);
  expect(all.map(({ data }) => data)).toEqual(before);
});
