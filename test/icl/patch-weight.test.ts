import { expect, test } from 'vitest';
import { exactErrorOverBound, patchWeight } from '../../src/icl/index.ts';
import {
  addRankOne,
  DegenerateBase,
  matrixFromRows,
  matrixVector,
  NonFiniteError,
  ShapeError,
} from '../../src/linalg/index.ts';
import { randomSite } from '../support/cases.ts';

const times = (x: Float64Array, factor: number): Float64Array => x.map((entry) => factor * entry);

test('a case by hand: W = (1 2; 3 4), a = (1, 1), a′ = (3, 0)', () => {
  // δ = (2, −1), p = W·δ = (0, 2), v = (½, ½): W + ΔW = (1 2; 4 5), and (4 5)·a = 9 = (3 4)·a′.
  const W = matrixFromRows([
    [1, 2],
    [3, 4],
  ]);
  const patch = patchWeight(W, Float64Array.of(1, 1), Float64Array.of(3, 0));
  expect(patch).toEqual({ p: Float64Array.of(0, 2), v: Float64Array.of(0.5, 0.5) });
  expect(addRankOne(W, patch)).toEqual(
    matrixFromRows([
      [1, 2],
      [4, 5],
    ]),
  );
});

test('a parallel contextual vector rescales W along a', () => {
  const { W, base } = randomSite(5);
  const { p } = patchWeight(W, base, times(base, 2));
  expect(p).toEqual(matrixVector(W, base));
});

test('wrong patches are refused by the exact residual: ε, sign, base, zeros, NaN', () => {
  for (let seed = 0; seed < 50; seed++) {
    const { W, base, contextual } = randomSite(seed);
    const { p, v } = patchWeight(W, base, contextual);
    const squared = base.reduce((sum, entry) => sum + entry * entry, 0);
    for (const wrong of [
      { p, v: times(v, squared / (squared + 1e-8)) },
      { p: times(p, -1), v },
      { p: times(p, 0), v },
      { p: times(p, 1.0001), v },
    ]) {
      expect(exactErrorOverBound(W, base, contextual, wrong)).toBeGreaterThan(1);
    }
    expect(() => exactErrorOverBound(W, base, contextual, { p: times(p, NaN), v })).toThrow(
      NonFiniteError,
    );
  }
});

test('a base without direction is refused, whatever the contextual vector', () => {
  const W = matrixFromRows([[1, 1]]);
  const contextual = Float64Array.of(1, 0);
  for (const base of [
    [0, 0],
    [-0, 0],
    [5e-324, 0],
    [1e-310, 1e-311],
  ]) {
    expect(() => patchWeight(W, Float64Array.from(base), contextual)).toThrow(DegenerateBase);
  }
  for (const tiny of [1e-300, 1e-170]) {
    const patch = patchWeight(W, Float64Array.of(tiny, 0), Float64Array.of(2 * tiny, 0));
    expect(patch.p[0] * (patch.v[0] * tiny)).toBeCloseTo(tiny, 10);
  }
});

test('an update too large for float64 is refused', () => {
  const W = matrixFromRows([[1e308, 1e308]]);
  expect(() => patchWeight(W, Float64Array.of(1, 0), Float64Array.of(3, 3))).toThrow(
    /patchWeight: the patch must be representable, got Infinity at entry 0 of p/,
  );
});

test('NaN, infinities and lengths that do not fit are refused with what was got', () => {
  const W = matrixFromRows([[1, 2]]);
  const good = Float64Array.of(1, 1);
  expect(() => patchWeight(W, Float64Array.of(NaN, 1), good)).toThrow(
    /the vector without context must be finite, got NaN at entry 0/,
  );
  expect(() => patchWeight(W, good, Float64Array.of(1, -Infinity))).toThrow(
    /the vector with context must be finite, got -Infinity at entry 1/,
  );
  expect(() => patchWeight(matrixFromRows([[1, NaN]]), good, good)).toThrow(NonFiniteError);
  expect(() => patchWeight(W, good, Float64Array.of(1))).toThrow(
    /W is 1x2, so both vectors need 2 entries, got 2 without the context and 1 with it/,
  );
  expect(() => patchWeight(W, Float64Array.of(1, 2, 3), good)).toThrow(ShapeError);
});

test('arguments are left as they were, and the patch shares nothing with them', () => {
  const { W, base, contextual } = randomSite(9);
  const before = [W.data.slice(), base.slice(), contextual.slice()];
  const { p, v } = patchWeight(W, base, contextual);
  p.fill(NaN);
  v.fill(NaN);
  expect([W.data, base, contextual]).toEqual(before);
});
