import { expect, test } from 'vitest';
import { compareWithMinimal, patchWeight, unseenPart } from '../../src/icl/index.ts';
import {
  dot,
  matrix,
  matrixFromRows,
  matrixVector,
  norm,
  Random,
  rankOneToMatrix,
  ShapeError,
} from '../../src/linalg/index.ts';
import { normalMatrix, randomSite } from '../support/cases.ts';

test('every other exact update is larger, by exactly what a does not see', () => {
  const random = new Random(1, 14);
  for (let seed = 0; seed < 1000; seed++) {
    const { W, base, contextual } = randomSite(seed);
    if (W.cols === 1) continue; // then a sees everything, and ΔW is the only update
    const patch = patchWeight(W, base, contextual);
    const M = unseenPart(normalMatrix(W.rows, W.cols, random), base);
    const dense = rankOneToMatrix(patch);
    const X = matrix(
      W.rows,
      W.cols,
      dense.data.map((entry, i) => entry + M.data[i]),
    );
    const report = compareWithMinimal(patch, base, X);
    // Derived: each is a few γ_d of the sizes involved, which stay below 1e3; d ≤ 13.
    expect(report.seenDifference).toBeLessThan(1e-11);
    expect(report.otherNorm).toBeGreaterThan(report.norm);
    const pythagoras = report.norm ** 2 + norm(M.data) ** 2;
    expect(Math.abs(report.otherNorm ** 2 / pythagoras - 1)).toBeLessThan(1e-12);
    expect(report.cosine).toBeCloseTo(report.norm / report.otherNorm, 10);
    expect(Math.abs(report.innerWithDifference)).toBeLessThan(1e-10);
  }
});

test('the unseen part by hand: a = (1, 0) sees the first column only', () => {
  const M = matrixFromRows([
    [1, 2],
    [3, 4],
  ]);
  expect(unseenPart(M, Float64Array.of(1, 0))).toEqual(
    matrixFromRows([
      [0, 2],
      [0, 4],
    ]),
  );
});

test('an update that is not exact is told from one that is', () => {
  const { W, base, contextual } = randomSite(4);
  const patch = patchWeight(W, base, contextual);
  const X = matrix(
    W.rows,
    W.cols,
    W.data.map((entry) => 0.01 * entry),
  );
  expect(compareWithMinimal(patch, base, X).seenDifference).toBeGreaterThan(1e-3);
});

test('the projection of any exact update on a is ΔW', () => {
  const { W, base, contextual } = randomSite(6);
  const patch = patchWeight(W, base, contextual);
  const M = unseenPart(normalMatrix(W.rows, W.cols, new Random(3)), base);
  const X = matrix(
    W.rows,
    W.cols,
    rankOneToMatrix(patch).data.map((e, i) => e + M.data[i]),
  );
  const Xa = matrixVector(X, base);
  // X·a·aᵀ/‖a‖² = p·vᵀ means X·a = p. Derived tolerance: a few γ_13 of sizes below 1e3.
  Xa.forEach((entry, i) => {
    expect(Math.abs(entry - patch.p[i])).toBeLessThan(1e-11);
  });
  expect(dot(patch.v, base)).toBeCloseTo(1, 14);
});

test('an update of no size has no angle, and shapes must fit', () => {
  const { W, base } = randomSite(7);
  const zero = patchWeight(W, base, base);
  expect(compareWithMinimal(zero, base, W).cosine).toBeNull();
  expect(() => compareWithMinimal(zero, base, matrix(W.rows, W.cols + 1))).toThrow(ShapeError);
});
