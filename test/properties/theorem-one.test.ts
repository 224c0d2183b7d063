/**
 * Theorem 1 at one weight matrix: exact in integers, within bound 9.2 in doubles, in bits where nothing is
 * rounded.
 *
 * @module
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  exactErrorOverBound,
  exactIdentityResidual,
  patchedProductBound,
  patchWeight,
} from '../../src/icl/index.ts';
import {
  absExact,
  addRankOne,
  applyRankOne,
  compareExact,
  dotExact,
  exact,
  exactVector,
  type Matrix,
  matrix,
  matrixVector,
  powerOfTwo,
  rowOf,
  subtractExact,
} from '../../src/linalg/index.ts';
import { assertSameBits } from '../support/same-bits.ts';
import {
  hostile,
  matrixOf,
  moderate,
  runs,
  shapes,
  sites,
  sitesOf,
  vectorOf,
} from './arbitraries.ts';

const times = (x: Float64Array, factor: number): Float64Array => x.map((entry) => factor * entry);
const scaled = (W: Matrix, factor: number): Matrix => matrix(W.rows, W.cols, times(W.data, factor));
const sum = (x: Float64Array, y: Float64Array): Float64Array => x.map((entry, i) => entry + y[i]);

test('the theorem is an identity of integers for any finite doubles, subnormal and huge ones too', () => {
  fc.assert(
    fc.property(sitesOf(hostile), ({ W, base, contextual }) => {
      fc.pre(base.some((entry) => entry !== 0));
      expect(exactIdentityResidual(W, base, contextual)).toBe(0);
    }),
    runs(1301),
  );
});

test('the delivered doubles stay within bound 9.2 in exact arithmetic, factored and dense', () => {
  fc.assert(
    fc.property(sites, ({ W, base, contextual }) => {
      const patch = patchWeight(W, base, contextual);
      for (const application of ['factored', 'dense'] as const) {
        expect(exactErrorOverBound(W, base, contextual, patch, application)).toBeLessThanOrEqual(1);
      }
    }),
    runs(1302),
  );
});

test('the evaluated product stays within bound 9.2 of W·a′ without rounding, d = 1 and m = 1 among the shapes', () => {
  fc.assert(
    fc.property(sites, ({ W, base, contextual }) => {
      const patch = patchWeight(W, base, contextual);
      const bound = patchedProductBound(W, base, contextual);
      const target = exactVector(contextual);
      for (const value of [
        matrixVector(addRankOne(W, patch), base),
        sum(matrixVector(W, base), applyRankOne(patch, base)),
      ]) {
        value.forEach((entry, i) => {
          const aim = dotExact(exactVector(rowOf(W, i)), target);
          const off = absExact(subtractExact(exact(entry), aim));
          expect(compareExact(off, exact(bound[i])), `row ${i}`).not.toBe(1);
        });
      }
    }),
    runs(1303),
  );
});

test('where nothing was removed p is +0 in every bit and W + ΔW has the bits of W, whatever W holds', () => {
  fc.assert(
    fc.property(
      shapes.chain(([m, d]) => fc.tuple(matrixOf(hostile, m, d), vectorOf(moderate, d))),
      ([W, base]) => {
        fc.pre(base.some((entry) => entry !== 0));
        const patch = patchWeight(W, base, base.slice());
        assertSameBits(patch.p, new Float64Array(W.rows), 'p');
        assertSameBits(addRankOne(W, patch).data, W.data, 'W + ΔW');
      },
    ),
    runs(1304),
  );
});

test('2^k·a, 2^k·a′ and 2^j·W make p of 2^(j+k)·p and v of 2^−k·v, and ΔW of 2^j·ΔW, bit for bit', () => {
  const exponent = fc.integer({ min: -300, max: 300 });
  fc.assert(
    fc.property(sites, exponent, exponent, ({ W, base, contextual }, k, j) => {
      const { p, v } = patchWeight(W, base, contextual);
      const [up, other] = [powerOfTwo(k), powerOfTwo(j)];
      const moved = patchWeight(scaled(W, other), times(base, up), times(contextual, up));
      assertSameBits(moved.p, times(times(p, up), other), 'p');
      assertSameBits(moved.v, times(v, powerOfTwo(-k)), 'v');
      assertSameBits(
        addRankOne(matrix(W.rows, W.cols), moved).data,
        times(addRankOne(matrix(W.rows, W.cols), { p, v }).data, other),
        'ΔW',
      );
    }),
    runs(1305),
  );
});

test('where float64 does not round, the patched product has the bits of the contextual one', () => {
  // a ∈ {±c}^d with d = 1, 4, 16 and c a power of two, so that 1/‖a‖² is one; the rest small integers.
  const small = fc.integer({ min: -999, max: 999 });
  const cases = fc
    .tuple(fc.constantFrom(1, 4, 16), fc.constantFrom(0.125, 1, 8), fc.integer({ min: 1, max: 3 }))
    .chain(([d, c, m]) =>
      fc.tuple(matrixOf(small, m, d), vectorOf(fc.constantFrom(-c, c), d), vectorOf(small, d)),
    );
  fc.assert(
    fc.property(cases, ([W, base, contextual]) => {
      const patch = patchWeight(W, base, contextual);
      const target = matrixVector(W, contextual);
      assertSameBits(matrixVector(addRankOne(W, patch), base), target, 'dense');
      assertSameBits(sum(matrixVector(W, base), applyRankOne(patch, base)), target, 'factored');
    }),
    runs(1306),
  );
});
