/**
 * Baselines: values by hand, what characterises each of them, and that no later pair is read.
 *
 * @module
 */
import { expect, test } from 'vitest';
import {
  ConvergenceError,
  DomainError,
  dot,
  type Matrix,
  matrix,
  matrixFromRows,
  matrixVector,
  maxAbs,
  NonFiniteError,
  norm,
  Random,
  rowOf,
  ShapeError,
  subtract,
  transpose,
} from '../../src/linalg/index.ts';
import {
  averagedWeights,
  averagingBaseline,
  BASELINES,
  type Baseline,
  type Lasso,
  lasso,
  lassoBaseline,
  leastSquaresBaseline,
  nearestNeighboursBaseline,
  nearestRows,
  predictPrefixes,
  predictQuery,
  ridgeBaseline,
} from '../../src/model/baselines/index.ts';
import { functionPrompts, linearClass } from '../../src/model/function-classes/index.ts';
import { assertSameBits } from '../support/same-bits.ts';

const of = (...x: number[]): Float64Array => Float64Array.from(x);
const rows = (...x: number[][]): Matrix => matrixFromRows(x);

function normals(random: Random, m: number, n: number): Matrix {
  const a = matrix(m, n);
  random.fillNormal(a.data);
  return a;
}

/** The weights of a linear baseline: its predictions at the axes. */
const weights = (baseline: Baseline, X: Matrix, y: Float64Array): Float64Array =>
  Float64Array.from({ length: X.cols }, (_, k) =>
    baseline.predict(
      X,
      y,
      new Float64Array(X.cols).map((__, j) => Number(j === k)),
    ),
  );

const residual = (X: Matrix, y: Float64Array, w: Float64Array): Float64Array =>
  subtract(y, matrixVector(X, w));

test('least squares of one pair has the least norm, worked by hand', () => {
  expect(leastSquaresBaseline.predict(rows([1, 0]), of(2), of(3, 9))).toBeCloseTo(6, 14);
  expect(leastSquaresBaseline.predict(rows([1, 1]), of(2), of(1, 0))).toBeCloseTo(1, 14);
  expect(leastSquaresBaseline.predict(rows([1, 1]), of(2), of(1, -1))).toBeCloseTo(0, 14);
  // Three points, one weight: (1·1 + 2·3 + 2·1)/(1 + 4 + 4) = 1.
  expect(leastSquaresBaseline.predict(rows([1], [2], [2]), of(1, 3, 1), of(7))).toBeCloseTo(7, 13);
});

test('least squares reproduces every label up to d pairs, and w itself from d pairs on', () => {
  const random = new Random(11);
  const d = 7;
  const w = normals(random, 1, d).data;
  for (const i of [1, 3, 6, 7, 8, 13]) {
    const X = normals(random, i, d);
    const y = i <= d ? normals(random, 1, i).data : matrixVector(X, w);
    // Measured (x86-64, Node 20): at most 3.5e-13 over 200 seeds, by the condition of square X; times 28.
    for (let j = 0; j < i; j++) {
      const off = leastSquaresBaseline.predict(X, y, rowOf(X, j)) - y[j];
      expect(Math.abs(off)).toBeLessThan(1e-11);
    }
    if (i > d) {
      const found = weights(leastSquaresBaseline, X, y);
      expect(maxAbs(subtract(found, w))).toBeLessThan(1e-12);
    }
  }
});

test('least squares of few pairs predicts 0 where they say nothing', () => {
  const X = rows([1, 2, 0], [0, 1, 0]);
  expect(Math.abs(leastSquaresBaseline.predict(X, of(3, 4), of(0, 0, 5)))).toBeLessThan(1e-15);
});

test('ridge, worked by hand: Σxy/(Σx² + ρ), without a factor 1/i', () => {
  expect(ridgeBaseline(2).predict(rows([1], [2]), of(1, 3), of(4))).toBeCloseTo(4, 14);
});

test('ridge satisfies Xᵀ(y − Xw) = ρ·w, for fewer and for more pairs than inputs', () => {
  const random = new Random(13);
  for (const i of [1, 4, 5, 9]) {
    const [X, y] = [normals(random, i, 5), normals(random, 1, i).data];
    const w = weights(ridgeBaseline(0.5), X, y);
    const gradient = matrixVector(transpose(X), residual(X, y, w));
    const off = subtract(
      gradient,
      w.map((entry) => 0.5 * entry),
    );
    expect(maxAbs(off)).toBeLessThan(1e-13 * norm(X.data) * (norm(y) + norm(w)));
  }
});

test('ridge tends to least squares as ρ → 0, and is it at 0, to the bit', () => {
  const random = new Random(17);
  for (const i of [2, 9]) {
    const [X, y, x] = [normals(random, i, 5), normals(random, 1, i).data, of(1, -2, 3, 0, 1)];
    const limit = leastSquaresBaseline.predict(X, y, x);
    expect(ridgeBaseline(0).predict(X, y, x)).toBe(limit);
    const off = [1e-2, 1e-4, 1e-6].map((ridge) =>
      Math.abs(ridgeBaseline(ridge).predict(X, y, x) - limit),
    );
    // Linear in ρ: each step is 100 times nearer.
    expect(off[1]).toBeLessThan(off[0] / 50);
    expect(off[2]).toBeLessThan(off[1] / 50);
    expect(off[2]).toBeGreaterThan(0);
    expect(Math.abs(ridgeBaseline(1e-40).predict(X, y, x) - limit)).toBeLessThan(1e-13);
  }
});

test('averaging is (1/i)·Σ y_j·(x_j·x), worked by hand and within rounding', () => {
  const X = rows([1, 2], [3, -1]);
  expect(averagedWeights(X, of(2, 4))).toEqual(of(7, 0)); // (2·1 + 4·3)/2, (2·2 − 4)/2
  expect(averagingBaseline.predict(X, of(2, 4), of(0.5, 9))).toBe(3.5);
  expect(averagedWeights(matrix(0, 2), of())).toEqual(of(0, 0));
  const random = new Random(19);
  const [Z, y, x] = [normals(random, 9, 5), normals(random, 1, 9).data, normals(random, 1, 5).data];
  let [sum, size] = [0, 0];
  for (let j = 0; j < 9; j++) {
    sum += y[j] * dot(rowOf(Z, j), x);
    size += Math.abs(y[j]) * dot(rowOf(Z, j).map(Math.abs), x.map(Math.abs));
  }
  // γ_{i+1} for the weights, γ_d for the product, and as much here: below 32·u.
  const off = Math.abs(averagingBaseline.predict(Z, y, x) - sum / 9);
  expect(off).toBeLessThan((32 * 2 ** -53 * size) / 9);
});

test('the nearest rows come first; at the same distance the smaller index does', () => {
  const X = rows([0, 2], [1, 0], [-1, 0], [0, -1], [5, 5], [0, 1]);
  expect(nearestRows(X, of(0, 0), 6)).toEqual([1, 2, 3, 5, 0, 4]);
  expect(nearestRows(X, of(0, 0), 3)).toEqual([1, 2, 3]);
  expect(nearestRows(X, of(0, 0.25), 2)).toEqual([5, 1]);
  expect(nearestRows(rows([1e-200], [-2e-200]), of(0), 2)).toEqual([0, 1]);
  expect(nearestRows(rows([-2e-200], [1e-200]), of(0), 2)).toEqual([1, 0]); // No square underflows.
  expect(nearestRows(rows([1e308], [-1.7e308], [0]), of(1.7e308), 3)).toEqual([0, 2, 1]);
});

test('nearest neighbours predict the mean of the k nearest, or of all when there are fewer', () => {
  const X = rows([0], [10], [1], [2], [-1]);
  const y = of(1, 1000, 2, 6, 100);
  expect(nearestNeighboursBaseline(3).predict(X, y, of(1))).toBe(3); // 2, then 1 and 6
  expect(nearestNeighboursBaseline(1).predict(X, y, of(9))).toBe(1000);
  expect(nearestNeighboursBaseline(9).predict(X, y, of(0))).toBe(1109 / 5);
  expect([...predictPrefixes(nearestNeighboursBaseline(3), X, y)]).toEqual([
    0,
    1,
    500.5,
    1003 / 3,
    3,
  ]);
});

test('the lasso of orthogonal columns shrinks each by its own threshold, worked by hand', () => {
  // G = 4·I, i·α = 1, Xᵀy = (6, −2): (6 − 1)/4 and −(2 − 1)/4.
  const X = rows([2, 0], [0, 2]);
  const { w, kktResidual, sweeps } = lasso(X, of(3, -1), { alpha: 0.5 });
  expect([...w, kktResidual, sweeps]).toEqual([1.25, -0.25, 0, 1]);
  expect([...lasso(X, of(3, -1), { alpha: 1 }).w]).toEqual([1, 0]);
  expect(lassoBaseline({ alpha: 0.5 }).predict(X, of(3, -1), of(2, 4))).toBe(1.5);
});

test('the lasso is 0 from α = max|Xᵀy|/i on, and not just below', () => {
  const random = new Random(23);
  for (const i of [3, 5, 11]) {
    const [X, y] = [normals(random, i, 5), normals(random, 1, i).data];
    const edge = maxAbs(matrixVector(transpose(X), y)) / i;
    const zero = lasso(X, y, { alpha: edge * (1 + 1e-15) });
    expect([...zero.w, zero.sweeps]).toEqual([0, 0, 0, 0, 0, 1]);
    expect(lasso(X, y, { alpha: edge * (1 - 1e-6) }).w.filter((entry) => entry !== 0).length).toBe(
      1,
    );
  }
});

/** The KKT residual by its definition. */
function optimality(X: Matrix, y: Float64Array, w: Float64Array, alpha: number): number {
  const g = matrixVector(transpose(X), residual(X, y, w)).map((entry) => entry / X.rows);
  return maxAbs(
    g.map((entry, j) =>
      w[j] === 0 ? Math.max(Math.abs(entry) - alpha, 0) : entry - alpha * Math.sign(w[j]),
    ),
  );
}

const objective = (X: Matrix, y: Float64Array, w: Float64Array, alpha: number): number => {
  const r = residual(X, y, w);
  return dot(r, r) / (2 * X.rows) + alpha * w.reduce((sum, entry) => sum + Math.abs(entry), 0);
};

test('the lasso satisfies the optimality conditions, and no neighbour has a lower objective', () => {
  const random = new Random(29);
  for (const i of [1, 3, 5, 6, 17]) {
    for (const alpha of [0.01, 0.1, 1]) {
      const [X, y] = [normals(random, i, 5), normals(random, 1, i).data];
      const { w, kktResidual }: Lasso = lasso(X, y, { alpha });
      // (5 + 17 + 4)·u times norms that stay below 100.
      expect(kktResidual).toBeLessThan(3e-13);
      expect(optimality(X, y, w, alpha)).toBe(kktResidual);
      const least = objective(X, y, w, alpha);
      for (const size of [1e-3, 0.1, 1]) {
        const moved = w.map((entry) => entry + size * random.normal());
        expect(objective(X, y, moved, alpha)).toBeGreaterThan(least);
      }
    }
  }
});

test('the lasso finds the coordinates of a sparse function, the others are exactly 0', () => {
  const X = normals(new Random(31), 40, 7);
  const y = matrixVector(X, of(0, 0, 2, 0, 0, -1, 0));
  const { w } = lasso(X, y, { alpha: 0.3 });
  expect(Array.from(w, Math.sign)).toEqual([0, 0, 1, 0, 0, -1, 0]);
  expect(w[2] < 2 && w[5] > -1).toBe(true); // Shrunk.
});

test('a column of zeros has weight 0, no pairs have none, and X and y stay', () => {
  const X = rows([1, 0], [2, 0]);
  const y = of(1, 2);
  expect(lasso(X, y, { alpha: 0.5 }).w[1]).toBe(0);
  assertSameBits([...X.data, ...y], [1, 0, 2, 0, 1, 2], 'arguments');
  expect(lasso(matrix(0, 2), of(), { alpha: 1 })).toEqual({
    w: of(0, 0),
    kktResidual: 0,
    sweeps: 0,
  });
});

test('few sweeps are enough for few pairs and small α, where coordinate descent alone creeps', () => {
  const random = new Random(33);
  for (const [i, d] of [
    [1, 7],
    [2, 7],
    [6, 7],
    [7, 7],
    [19, 20],
  ]) {
    const [X, y] = [normals(random, i, d), normals(random, 1, i).data];
    const { w, kktResidual } = lasso(X, y, { alpha: 1e-5, maxSweeps: 20 });
    expect(optimality(X, y, w, 1e-5)).toBe(kktResidual);
    expect(w.filter((entry) => entry !== 0).length).toBeLessThanOrEqual(i);
    // At most 43·u times norms that stay below 100, and far below α.
    expect(kktResidual).toBeLessThan(5e-13);
  }
});

test('the lasso of equal columns is a minimiser, though not the only one', () => {
  const X = rows([1, 1, 0], [2, 2, 1], [3, 3, 0], [1, 1, 1]);
  const y = of(1, 3, 3, 2);
  const { w } = lasso(X, y, { alpha: 0.25 });
  expect(optimality(X, y, w, 0.25)).toBeLessThan(1e-14);
  const once = lasso(rows([1, 0], [2, 1], [3, 0], [1, 1]), y, { alpha: 0.25 });
  const least = objective(X, y, w, 0.25);
  expect(Math.abs(least - objective(X, y, of(once.w[0], 0, once.w[1]), 0.25))).toBeLessThan(1e-14);
});

test('a lasso that is not done at the cap throws with what it reached', () => {
  const random = new Random(35);
  const [X, y] = [normals(random, 10, 20), normals(random, 1, 10).data];
  const { sweeps } = lasso(X, y, { alpha: 0.01 });
  expect(sweeps).toBeGreaterThan(1);
  const capped = (): Lasso => lasso(X, y, { alpha: 0.01, maxSweeps: sweeps - 1 });
  expect(capped).toThrow(ConvergenceError);
  expect(capped).toThrow(/^lasso: the KKT residual must be at most .* sweeps, got 0\.\d+$/);
  expect(lasso(X, y, { alpha: 0.01, maxSweeps: sweeps }).sweeps).toBe(sweeps);
});

test('prediction i is made from the first i pairs: the first is 0, later labels change nothing', () => {
  const random = new Random(37);
  const [X, y] = [normals(random, 9, 4), normals(random, 1, 9).data];
  for (const baseline of BASELINES) {
    const all = predictPrefixes(baseline, X, y);
    expect(all.length).toBe(9);
    expect(Object.is(all[0], 0)).toBe(true);
    for (const i of [1, 4, 8]) {
      const pairs = matrix(i, 4, X.data.slice(0, 4 * i));
      expect(all[i]).toBe(baseline.predict(pairs, y.slice(0, i), rowOf(X, i)));
      const changed = predictPrefixes(
        baseline,
        X,
        y.map((label, j) => (j < i ? label : -label)),
      );
      assertSameBits(changed.subarray(0, i + 1), all.subarray(0, i + 1), baseline.name);
    }
    assertSameBits(predictPrefixes(baseline, X, y), all, `${baseline.name} again`);
    expect(predictPrefixes(baseline, matrix(0, 4), of()).length).toBe(0);
  }
});

test('the query of a prompt is predicted from 0 … N pairs; least squares is right from d on', () => {
  const options = { functionClass: linearClass, dimension: 3, pairs: 6 };
  const [prompt] = functionPrompts(options, new Random(41));
  const predictions = predictQuery(leastSquaresBaseline, prompt);
  expect(predictions.length).toBe(7);
  expect(predictions[0]).toBe(0);
  predictions.forEach((prediction, i) => {
    const off = Math.abs(prediction - prompt.target);
    if (i >= 3) expect(off).toBeLessThan(1e-12);
    else expect(off).toBeGreaterThan(1e-3);
  });
  const x = prompt.query.slice(0, 3);
  const X = matrixFromRows([prompt.context.data.slice(0, 3), prompt.context.data.slice(4, 7)]);
  const y = of(prompt.context.data[3], prompt.context.data[7]);
  for (const baseline of BASELINES) {
    expect(predictQuery(baseline, prompt)[2]).toBe(baseline.predict(X, y, x));
  }
  const narrow = { ...prompt, query: x };
  expect(() => predictQuery(leastSquaresBaseline, narrow)).toThrow('got 3 and 4');
});

test('pairs that do not fit or are not finite are refused by every baseline', () => {
  const X = rows([1, 2], [3, 4]);
  for (const baseline of BASELINES) {
    const { name } = baseline;
    const refused = (A: Matrix, y: Float64Array, x: Float64Array): (() => unknown) => {
      return () => baseline.predict(A, y, x);
    };
    expect(refused(X, of(1), of(1, 2)), name).toThrow('2 inputs need as many labels, got 1');
    expect(refused(X, of(1, 2), of(1)), name).toThrow(ShapeError);
    expect(refused(X, of(1, Number.NaN), of(1, 2)), name).toThrow(NonFiniteError);
    expect(refused(X, of(1, 2), of(1, Infinity)), name).toThrow(NonFiniteError);
    expect(refused(rows([1, Number.NaN], [1, 2]), of(1, 2), of(1, 2)), name).toThrow(
      NonFiniteError,
    );
    expect(refused({ rows: 2, cols: 2, data: of(1) }, of(1, 2), of(1, 2)), name).toThrow(
      ShapeError,
    );
    expect(() => predictPrefixes(baseline, X, of(1)), name).toThrow(ShapeError);
  }
  const huge = (): number => averagingBaseline.predict(rows([1e200]), of(1e200), of(1));
  expect(huge).toThrow('averaging: the prediction must be finite, got Infinity');
  expect(() => lasso(rows([1e200]), of(1), { alpha: 1 })).toThrow(NonFiniteError);
});

test('parameters outside their range are refused by name', () => {
  for (const ridge of [-1, Number.NaN, Infinity]) {
    expect(() => ridgeBaseline(ridge)).toThrow(`finite ridge ≥ 0 is required, got ${ridge}`);
  }
  for (const k of [0, 1.5, Number.NaN, -3]) {
    expect(() => nearestNeighboursBaseline(k)).toThrow(DomainError);
  }
  for (const options of [
    { alpha: 0 },
    { alpha: Number.NaN },
    { alpha: Infinity },
    { alpha: 1, maxSweeps: 0 },
    { alpha: 1, maxSweeps: 1.5 },
  ]) {
    expect(() => lassoBaseline(options)).toThrow(DomainError);
    expect(() => lasso(rows([1]), of(1), options)).toThrow(/^lasso: .* required, got /);
  }
});
