import { expect, test } from 'vitest';
import { implicitDescent, marginalNorms, patchWeight, prefixVectors } from '../../src/icl/index.ts';
import {
  addRankOne,
  DegenerateBase,
  matrix,
  matrixFromRows,
  matrixVector,
  norm,
  Random,
  rankOneToMatrix,
  ShapeError,
  subtract,
} from '../../src/linalg/index.ts';
import { evaluateLayer, part } from '../../src/model/index.ts';
import { randomCase } from '../support/cases.ts';

test('a descent by hand: W = (1 2), A = (1, 1), (2, 1), (2, 3)', () => {
  const W = matrixFromRows([[1, 2]]);
  const prefixes = [Float64Array.of(1, 1), Float64Array.of(2, 1), Float64Array.of(2, 3)];
  const { stepSize, steps } = implicitDescent(W, prefixes);
  expect(stepSize).toBe(0.5); // 1/‖(1, 1)‖²
  // Δ_0 = W(A_0 − A_1)aᵀ = −1·(1, 1), L_0(W_0) = −1·3, L_0(W_1) = −1·4
  expect(rankOneToMatrix(steps[0].gradient)).toEqual(matrixFromRows([[-1, -1]]));
  expect([steps[0].lossBefore, steps[0].lossAfter]).toEqual([-3, -4]);
  // W_1 = W + (½, ½), W_2 = W_1 − ½·Δ_1 with Δ_1 = −4·(1, 1)
  expect(addRankOne(W, steps[0].update)).toEqual(matrixFromRows([[1.5, 2.5]]));
  expect(addRankOne(W, steps[1].update)).toEqual(matrixFromRows([[3.5, 4.5]]));
  expect(steps[1].marginalNorm).toBeCloseTo(4 / Math.sqrt(2), 15);
});

test('every step lowers its own loss by ‖W(A_{i+1} − A_i)‖², and the last is Theorem 1', () => {
  const random = new Random(1, 31);
  for (let round = 0; round < 200; round++) {
    const { block, parameters, context, query } = randomCase(random);
    const W = parameters['mlp.W1'];
    const prefixes = prefixVectors(block.layer, part(parameters, 'layer'), context, query);
    const { steps } = implicitDescent(W, prefixes);
    steps.forEach(({ lossBefore, lossAfter, marginalNorm }, i) => {
      const moved = norm(matrixVector(W, subtract(prefixes[i + 1], prefixes[i])));
      const scale = Math.abs(lossBefore) + Math.abs(lossAfter) + moved ** 2;
      // Derived: three sums of at most 16 products each, a few γ_30 of the scale.
      expect(Math.abs(lossBefore - lossAfter - moved ** 2)).toBeLessThanOrEqual(1e-13 * scale);
      expect(marginalNorm).toBe(moved / norm(prefixes[0]));
    });
    const full = prefixes[prefixes.length - 1];
    expect(steps[steps.length - 1].update).toEqual(patchWeight(W, prefixes[0], full));
    expect(Array.from(marginalNorms(W, prefixes))).toEqual(steps.map((s) => s.marginalNorm));
  }
});

test('prefixes run from the query alone to the whole context', () => {
  const { block, parameters, context, query } = randomCase(new Random(2, 31));
  const layer = part(parameters, 'layer');
  const prefixes = prefixVectors(block.layer, layer, context, query);
  expect(prefixes.length).toBe(context.rows + 1);
  const nothing = matrix(0, context.cols);
  expect(prefixes[0]).toEqual(evaluateLayer(block.layer, layer, nothing, query));
  expect(prefixes[context.rows]).toEqual(evaluateLayer(block.layer, layer, context, query));
});

test('no prefix, another length, and a base of 0 are refused', () => {
  const W = matrixFromRows([[1, 2]]);
  const of = (...x: number[]): Float64Array => Float64Array.from(x);
  expect(() => implicitDescent(W, [])).toThrow(ShapeError);
  expect(() => implicitDescent(W, [of(1)])).toThrow(ShapeError);
  expect(() => implicitDescent(W, [of(1, 1), of(1)])).toThrow(ShapeError);
  expect(() => implicitDescent(W, [of(0, 0), of(1, 1)])).toThrow(DegenerateBase);
  expect(implicitDescent(W, [of(1, 1)]).steps).toEqual([]);
});
