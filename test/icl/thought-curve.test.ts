import { expect, test } from 'vitest';
import {
  type Calibration,
  calibrationOf,
  firstTokens,
  gaussianTestFactor,
  interpolationBound,
  meanSquaredDistance,
  predictionError,
  runQueries,
  staticPatch,
  thoughtCurve,
  thoughtError,
  thoughtMatrix,
} from '../../src/icl/index.ts';
import {
  DomainError,
  type Matrix,
  matrix,
  matrixFromRows,
  multiply,
  multiplyNT,
  norm,
  Random,
  subtractMatrices,
} from '../../src/linalg/index.ts';
import { contextualBlock, initialise, softmaxAttention } from '../../src/model/index.ts';

const random = new Random(7600);

function normal(rows: number, cols: number): Matrix {
  const result = matrix(rows, cols);
  random.fillNormal(result.data);
  return result;
}

/** K tokens with inputs of rank r among d, δ = D·a + noise. */
function gaussian(K: number, D: Matrix, B: Matrix): Calibration {
  const inputs = multiply(normal(K, B.rows), B);
  const noise = normal(K, D.rows);
  const differences = multiplyNT(inputs, D);
  noise.data.forEach((entry, i) => {
    differences.data[i] += entry;
  });
  return { inputs, differences };
}

test('errors by hand: W = 1, M = 1/2, tokens (2, 1) and (4, 4)', () => {
  const tokens = { inputs: matrixFromRows([[2], [4]]), differences: matrixFromRows([[1], [4]]) };
  const W = matrixFromRows([[1]]);
  expect(thoughtError(W, null, tokens)).toBe((1 + 16) / 2);
  expect(thoughtError(W, matrixFromRows([[0.5]]), tokens)).toBe((0 + 4) / 2);
});

test('E_train is 0 up to rounding as long as K is at most the rank, and not beyond', () => {
  const [d, r] = [7, 4];
  const [W, D, B] = [normal(3, d), normal(d, d), normal(r, d)];
  const all = gaussian(9, D, B);
  const { points } = thoughtCurve(W, all, gaussian(50, D, B), [1, 2, 3, 4, 5, 9]);
  for (const { count, rank, train, fit } of points) {
    const { inputs, differences } = firstTokens(all, count);
    expect(rank).toBe(Math.min(count, r));
    const limit = norm(interpolationBound(inputs, multiplyNT(differences, W), fit.map).data);
    if (count <= r) expect(train).toBeLessThanOrEqual((limit * limit) / count);
    else expect(train).toBeGreaterThan(1e-3);
  }
});

test('at rho = 0 E_test has its peak at K = r, which a ridge takes away', () => {
  const [d, r] = [9, 5];
  const counts = [2, 5, 25];
  const median = (x: number[]): number => x.sort((a, b) => a - b)[Math.floor(x.length / 2)];
  const at = (relativeRidge: number): number[] => {
    const runs = Array.from({ length: 41 }, () => {
      const [W, D, B] = [normal(3, d), matrix(d, d), normal(r, d)]; // δ is noise alone
      const held = gaussian(60, D, B);
      const { points, unpatched } = thoughtCurve(W, gaussian(25, D, B), held, counts, {
        relativeRidge,
        relativeTolerance: 1e-12,
      });
      return points.map(({ test: error }) => error / unpatched);
    });
    return counts.map((_, k) => median(runs.map((errors) => errors[k])));
  };
  const [below, peak, above] = at(0);
  // Medians of 41, measured: 1.6, 8.5 and 1.2; with the ridge 1.5 at the peak.
  expect(peak).toBeGreaterThan(3 * below);
  expect(peak).toBeGreaterThan(4 * above);
  const [, calm] = at(0.1);
  expect(calm).toBeLessThan(peak / 2);
});

test('E_test of Gaussian inputs is 1 + r/(K − r − 1) times the noise within 4 standard errors', () => {
  const [d, r, designs] = [6, 3, 400];
  const [W, D, B] = [normal(5, d), normal(d, d), normal(r, d)];
  const exact = multiply(W, D);
  const unavoidable = norm(W.data) ** 2;
  for (const K of [11, 16, 31]) {
    // E_test over all test tokens, in closed form: ‖(M − W·D)·Bᵀ‖² + ‖W‖².
    const ratios = Array.from({ length: designs }, () => {
      const { inputs, differences } = gaussian(K, D, B);
      const { map } = thoughtMatrix(W, inputs, differences, { relativeTolerance: 1e-12 });
      return 1 + norm(multiplyNT(subtractMatrices(map, exact), B).data) ** 2 / unavoidable;
    });
    const mean = ratios.reduce((sum, x) => sum + x, 0) / designs;
    const spread = norm(Float64Array.from(ratios, (x) => x - mean)) / Math.sqrt(designs - 1);
    const error = spread / Math.sqrt(designs); // four moments: K − r > 7
    expect(Math.abs(mean - gaussianTestFactor(r, K))).toBeLessThanOrEqual(4 * error);
    expect(mean - 1).toBeGreaterThan(4 * error);
  }
});

test('the factor is refused where its mean is infinite', () => {
  expect(gaussianTestFactor(2, 4)).toBe(3);
  expect(gaussianTestFactor(0, 5)).toBe(1);
  for (const [r, K] of [
    [2, 3],
    [2, 2],
    [-1, 4],
    [1.5, 9],
  ]) {
    expect(() => gaussianTestFactor(r, K)).toThrow(/integers r >= 0 and K > r \+ 1 are required/);
  }
});

test('behind single-token attention without biases the rank is that of the queries, and there is the spike', () => {
  const layer = softmaxAttention({
    tokenWidth: 3,
    width: 8,
    heads: 2,
    headWidth: 4,
    biases: false,
  });
  const block = contextualBlock({ layer, hidden: 16, outputWidth: 3, activation: 'relu' });
  const parameters = initialise(block.shapes, random);
  const queries = (count: number): Matrix => {
    const x = normal(count, 3);
    for (let i = 0; i < count; i++) x.data[3 * i + 2] = 0; // (x; 0)
    return x;
  };
  const context = normal(30, 3);
  const [train, heldOut] = [queries(20), queries(40)].map((x) =>
    runQueries(block, parameters, context, x),
  );
  const W = parameters['mlp.W1'];
  const curve = thoughtCurve(W, calibrationOf(train), calibrationOf(heldOut), [1, 2, 3, 20]);
  expect(curve.points.map(({ rank }) => rank)).toEqual([1, 2, 2, 2]);
  const errors = curve.points.map(({ test: error }) => error / curve.unpatched);
  expect(errors[1]).toBeGreaterThan(errors[3]);
  expect(errors[3]).toBeLessThan(0.9);
  const last = curve.points[3].fit.map;
  const unpatched = predictionError(block, parameters, {}, heldOut);
  expect(predictionError(block, parameters, { W1: last }, heldOut)).toBeLessThan(unpatched);
  const distance = meanSquaredDistance(
    heldOut.base.map(({ output }) => output),
    heldOut.contextual.map(({ output }) => output),
  );
  expect(unpatched).toBe(distance);
  // Two independent tokens: the static patch, exact at both.
  const two = { base: train.base.slice(0, 2), contextual: train.contextual.slice(0, 2) };
  const { weights } = staticPatch(block, parameters, two.base, two.contextual);
  // Squares; measured 3.2e-33.
  expect(
    predictionError(block, parameters, { W1: curve.points[1].fit.map }, two),
  ).toBeLessThanOrEqual(1e-28);
  expect(predictionError(block, parameters, weights, two)).toBeLessThanOrEqual(1e-28);
});

test('what does not fit is refused by name', () => {
  const tokens = { inputs: normal(4, 3), differences: normal(4, 3) };
  for (const K of [0, 5, 1.5]) {
    expect(() => firstTokens(tokens, K)).toThrow(DomainError);
    expect(() => thoughtCurve(normal(2, 3), tokens, tokens, [K])).toThrow(/from 1 to 4 .* got/);
  }
  expect(() => thoughtError(normal(2, 5), null, tokens)).toThrow(/inputs of 5 entries/);
  expect(() => calibrationOf({ base: [], contextual: [] })).toThrow(/at least one, got 0 and 0/);
  expect(() => meanSquaredDistance([], [])).toThrow(/at least one, got 0 and 0/);
});
