/**
 * Theorem 2 in fractions: what a does not see can be added to ΔW, and makes it larger by exactly its own size.
 *
 * @module
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareWithMinimal, patchWeight, unseenPart } from '../../src/icl/index.ts';
import {
  addRankOne,
  type Matrix,
  matrix,
  matrixVector,
  Rational,
  rankOneToMatrix,
  rationalDot,
  rowOf,
} from '../../src/linalg/index.ts';
import { assertSameBits } from '../support/same-bits.ts';
import { matrixOf, runs, shapes, vectorOf } from './arbitraries.ts';

const small = fc.integer({ min: -99, max: 99 });
const fractions = (x: ArrayLike<number>): Rational[] => Array.from(x, Rational.of);
const squared = (rows: readonly Rational[][]): Rational => rationalDot(rows.flat(), rows.flat());

/** ‖a‖²·R − (R·a)·aᵀ: integers, none of which a sees. */
function unseen(R: Matrix, a: Float64Array): Matrix {
  const N = a.reduce((total, entry) => total + entry * entry, 0);
  const Ra = matrixVector(R, a);
  return matrix(
    R.rows,
    R.cols,
    R.data.map((entry, at) => N * entry - Ra[Math.floor(at / R.cols)] * a[at % R.cols]),
  );
}

/** Integers W, a, a′ and M with M·a = 0; nothing below 2⁵³ is rounded on the way. */
const cases = shapes
  .chain(([m, d]) =>
    fc.tuple(matrixOf(small, m, d), vectorOf(small, d), vectorOf(small, d), matrixOf(small, m, d)),
  )
  .filter(([, base]) => base.some((entry) => entry !== 0))
  .map(([W, base, contextual, R]) => ({ W, base, contextual, M: unseen(R, base) }));

test('ΔW + M is as exact as ΔW, and ‖ΔW + M‖² = ‖ΔW‖² + ‖M‖², as fractions', () => {
  fc.assert(
    fc.property(cases, ({ W, base, contextual, M }) => {
      const { p } = patchWeight(W, base, contextual); // integers, not rounded
      const [a, target] = [fractions(base), fractions(contextual)];
      const N = rationalDot(a, a);
      const v = a.map((entry) => entry.over(N));
      const update = fractions(p).map((entry) => v.map((each) => entry.times(each)));
      const other = update.map((row, i) => row.map((x, j) => x.plus(fractions(rowOf(M, i))[j])));
      const added = update.map((_, i) => fractions(rowOf(M, i)));
      other.forEach((row, i) => {
        const w = fractions(rowOf(W, i));
        const patched = rationalDot(w, a).plus(rationalDot(row, a));
        expect(patched.minus(rationalDot(w, target)).toString()).toBe('0');
      });
      const [least, more, own] = [update, other, added].map(squared);
      expect(more.minus(least).minus(own).toString()).toBe('0');
      expect(own.sign()).toBe(M.data.some((entry) => entry !== 0) ? 1 : 0);
    }),
    runs(1311),
  );
});

test('the delivered patch is that least one: in doubles without rounding, and so is the comparison', () => {
  // a ∈ {±1}⁴: p·vᵀ is a matrix of quarters, M the integers that a does not see.
  const signed = fc.integer({ min: 1, max: 3 }).chain((m) => {
    const a = vectorOf(fc.constantFrom(-1, 1), 4);
    return fc.tuple(matrixOf(small, m, 4), a, vectorOf(small, 4), matrixOf(small, m, 4));
  });
  fc.assert(
    fc.property(signed, ([W, base, contextual, R]) => {
      const patch = patchWeight(W, base, contextual);
      const M = unseen(R, base);
      const X = matrix(
        W.rows,
        4,
        rankOneToMatrix(patch).data.map((x, at) => x + M.data[at]),
      );
      const target = matrixVector(W, contextual);
      const patched = matrix(
        W.rows,
        4,
        W.data.map((x, at) => x + X.data[at]),
      );
      assertSameBits(matrixVector(patched, base), target, '(W + ΔW + M)·a');
      const size = (x: Float64Array): number => x.reduce((total, each) => total + each * each, 0);
      expect(size(X.data)).toBe(size(rankOneToMatrix(patch).data) + size(M.data));
      const report = compareWithMinimal(patch, base, X);
      expect([report.seenDifference, report.innerWithDifference]).toEqual([0, 0]);
      const nothing = M.data.every((entry) => entry === 0);
      expect(report.otherNorm > report.norm).toBe(!nothing);
      // What a sees of X is ΔW, and what it does not see is M.
      expect(unseenPart(X, base)).toEqual(addRankOne(M, { p: patch.p.map(() => 0), v: patch.v }));
    }),
    runs(1312),
  );
});
