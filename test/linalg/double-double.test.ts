import { expect, test } from 'vitest';
import {
  addDoubleDouble,
  type DoubleDouble,
  type DoubleDoubleVector,
  divideDoubleDouble,
  dotDoubleDouble,
  fromDoubleDouble,
  matrixVectorDoubleDouble,
  multiplyDoubleDouble,
  sqrtDoubleDouble,
  subtractDoubleDouble,
  toDoubleDouble,
} from '../../src/linalg/double-double.ts';
import { DomainError, NonFiniteError, ShapeError } from '../../src/linalg/errors.ts';
import {
  absExact,
  addExact,
  compareExact,
  type Dyadic,
  exact,
  multiplyExact,
  subtractExact,
  sumExact,
} from '../../src/linalg/exact.ts';
import { matrix } from '../../src/linalg/matrix.ts';
import { Random } from '../../src/linalg/random.ts';
import { expectThrows } from './factorisation-cases.ts';

const value = ({ hi, lo }: DoubleDouble): Dyadic => addExact(exact(hi), exact(lo));
const DD = (hi: number, lo = 0): DoubleDouble => ({ hi, lo });

/** A double-double of 106 random bits, or with a hostile lower part, sized 2^−e … 2^e. */
function draw(random: Random, e: number): DoubleDouble {
  const hi =
    (random.integer(2) * 2 - 1) * (1 + random.uniform()) * 2 ** (random.integer(2 * e + 1) - e);
  const ulp = 2 ** Math.floor(Math.log2(Math.abs(hi))) * 2 ** -53;
  const kind = random.integer(4);
  const part = kind === 0 ? 0 : kind === 1 ? random.integer(2) * 2 - 1 : random.between(-1, 1);
  return toDoubleDouble(hi, part * ulp * (kind === 3 ? 2 ** -random.integer(60) : 1));
}

/** Asserts |computed − reference| ≤ bound·2⁻¹⁰⁶·|reference|, and that the result is normalised. */
function expectWithin(
  bound: number,
  computed: DoubleDouble,
  left: Dyadic,
  right: Dyadic,
  label: string,
): void {
  expect(computed.hi + computed.lo, `${label} is normalised`).toBe(computed.hi);
  const allowed = multiplyExact(absExact(right), exact(bound * 2 ** -106));
  expect(compareExact(absExact(left), allowed) <= 0, label).toBe(true);
}

test('sums and differences are within 3u² + 13u³, also where they cancel', () => {
  const random = new Random(291);
  for (let run = 0; run < 4000; run++) {
    const x = draw(random, 60);
    const near = addDoubleDouble(x, DD(x.hi * 2 ** -(run % 100)));
    const y = run % 2 === 0 ? draw(random, 60) : { hi: -near.hi, lo: -near.lo };
    const sum = addExact(value(x), value(y));
    const plus = addDoubleDouble(x, y);
    expectWithin(3 + 2 ** -49, plus, subtractExact(value(plus), sum), sum, `${run}: +`);
    const difference = subtractExact(value(x), value(y));
    const minus = subtractDoubleDouble(x, y);
    expectWithin(
      3 + 2 ** -49,
      minus,
      subtractExact(value(minus), difference),
      difference,
      `${run}: −`,
    );
  }
});

test('products are within 5u²', () => {
  const random = new Random(292);
  for (let run = 0; run < 4000; run++) {
    const [x, y] = [draw(random, 400), draw(random, 400)];
    const product = multiplyExact(value(x), value(y));
    const computed = multiplyDoubleDouble(x, y);
    expectWithin(5, computed, subtractExact(value(computed), product), product, `${run}: ×`);
  }
});

test('quotients are within 15u² + 56u³: |q·y − x| against |x|', () => {
  const random = new Random(293);
  for (let run = 0; run < 4000; run++) {
    const [x, y] = [draw(random, 300), draw(random, 300)];
    const computed = divideDoubleDouble(x, y);
    const off = subtractExact(multiplyExact(value(computed), value(y)), value(x));
    expectWithin(15 + 2 ** -47, computed, off, value(x), `${run}: ÷`);
  }
});

test('square roots are within 25/8·u²: |r² − x| against x·2·25/8·u²', () => {
  const random = new Random(294);
  for (let run = 0; run < 4000; run++) {
    const drawn = draw(random, 400);
    const x = drawn.hi < 0 ? { hi: -drawn.hi, lo: -drawn.lo } : drawn;
    const computed = sqrtDoubleDouble(x);
    const off = subtractExact(multiplyExact(value(computed), value(computed)), value(x));
    expectWithin(6.25 + 2 ** -40, computed, off, value(x), `${run}: √`);
  }
  expect(sqrtDoubleDouble(DD(0))).toEqual(DD(0));
  expect(sqrtDoubleDouble(DD(9))).toEqual(DD(3));
});

test('dot products and matrix-vector products are within their bound, and read both parts', () => {
  const random = new Random(295);
  const vector = (n: number): DoubleDoubleVector => {
    const drawn = Array.from({ length: n }, () => draw(random, 20));
    return { hi: Float64Array.from(drawn, (t) => t.hi), lo: Float64Array.from(drawn, (t) => t.lo) };
  };
  const at = (x: DoubleDoubleVector, i: number): Dyadic => value(DD(x.hi[i], x.lo[i]));
  for (let run = 0; run < 400; run++) {
    const n = random.integer(18);
    const [x, y] = [vector(n), vector(n)];
    const dotted = dotDoubleDouble(x, y);
    const M = { hi: matrix(1, n, x.hi), lo: matrix(1, n, x.lo) };
    const product = matrixVectorDoubleDouble(M, y);
    expect([product.hi[0], product.lo[0]]).toEqual([dotted.hi, dotted.lo]);
    const terms = Array.from({ length: n }, (_, i) => multiplyExact(at(x, i), at(y, i)));
    const off = absExact(subtractExact(value(dotted), sumExact(terms)));
    const k = 3 * n + 8;
    const bound = multiplyExact(
      sumExact(terms.map(absExact)),
      exact(k * 2 ** -106 * (1 + 2 ** -40)),
    );
    expect(compareExact(off, bound) <= 0, `run ${run}, n = ${n}`).toBe(true);
  }
  const M = {
    hi: matrix(2, 2, Float64Array.of(1, 2, 3, 4)),
    lo: matrix(2, 2, Float64Array.of(2 ** -60, 0, 0, 0)),
  };
  const by = matrixVectorDoubleDouble(M, { hi: Float64Array.of(10, 1), lo: new Float64Array(2) });
  expect(by).toEqual({ hi: Float64Array.of(12, 34), lo: Float64Array.of(10 * 2 ** -60, 0) });
});

test('the two-lane order of a dot product: 2^120 + 1 − 2^120 + 1 is 2, not 1', () => {
  const x = { hi: Float64Array.of(2 ** 120, 1, -(2 ** 120), 1), lo: new Float64Array(4) };
  const ones = { hi: new Float64Array(4).fill(1), lo: new Float64Array(4) };
  expect(dotDoubleDouble(x, ones)).toEqual(DD(2));
});

test('by hand: 1/3 to 106 bits, (1 + 2⁻⁶⁰)² and back to a double', () => {
  const third = divideDoubleDouble(DD(1), DD(3));
  expect(third.hi).toBe(1 / 3);
  expect(third.lo).toBe(2 ** -54 / 3);
  expect(multiplyDoubleDouble(DD(1, 2 ** -60), DD(1, 2 ** -60))).toEqual(DD(1, 2 ** -59));
  expect(toDoubleDouble(2 ** -60, 1)).toEqual(DD(1, 2 ** -60));
  expect(fromDoubleDouble(DD(1, 2 ** -60))).toBe(1);
});

test('division by zero, roots of negatives, overflow and wrong shapes are refused', () => {
  const v = (hi: number[], lo: number[] = hi.map(() => 0)) => ({
    hi: Float64Array.from(hi),
    lo: Float64Array.from(lo),
  });
  const M = { hi: matrix(1, 2), lo: matrix(2, 1) };
  expectThrows([
    [
      () => divideDoubleDouble(DD(1), DD(0)),
      DomainError,
      'divideDoubleDouble: the divisor must not be 0, got 0',
    ],
    [() => sqrtDoubleDouble(DD(-4)), DomainError, 'sqrtDoubleDouble: x must be at least 0, got -4'],
    [() => sqrtDoubleDouble(DD(Number.NaN)), NonFiniteError, 'sqrtDoubleDouble: finite arguments'],
    [() => toDoubleDouble(1e308, 1e308), NonFiniteError, 'toDoubleDouble: finite arguments'],
    [
      () => addDoubleDouble(DD(1e308), DD(1e308)),
      NonFiniteError,
      'addDoubleDouble: finite arguments',
    ],
    [
      () => subtractDoubleDouble(DD(Infinity), DD(1)),
      NonFiniteError,
      'subtractDoubleDouble: finite',
    ],
    [
      () => multiplyDoubleDouble(DD(2 ** 1000), DD(1)),
      NonFiniteError,
      'operands up to 2^996 are required, got',
    ],
    [() => divideDoubleDouble(DD(1), DD(2 ** 1000)), NonFiniteError, 'divideDoubleDouble: finite'],
    [
      () => dotDoubleDouble(v([1]), v([1, 2])),
      ShapeError,
      'dotDoubleDouble: the vector needs 1 entries, got 2',
    ],
    [
      () => dotDoubleDouble(v([1], []), v([1])),
      ShapeError,
      'both parts of x need as many entries, got 1 and 0',
    ],
    [
      () => dotDoubleDouble(v([1]), v([Number.NaN])),
      NonFiniteError,
      'the upper part of y must be finite',
    ],
    [
      () => dotDoubleDouble(v([1], [Infinity]), v([1])),
      NonFiniteError,
      'the lower part of x must be finite',
    ],
    [
      () => dotDoubleDouble(v([2 ** 1000]), v([1])),
      NonFiniteError,
      'dotDoubleDouble: finite arguments',
    ],
    [
      () => matrixVectorDoubleDouble(M, v([1, 2])),
      ShapeError,
      'both parts of M need one shape, got 1x2 and 2x1',
    ],
    [
      () => matrixVectorDoubleDouble({ hi: matrix(1, 2), lo: matrix(1, 2) }, v([1])),
      ShapeError,
      'the vector needs 2 entries, got 1',
    ],
  ]);
});
