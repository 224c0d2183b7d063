import { expect, test } from 'vitest';
import { DegenerateBase, NonFiniteError } from '../../src/linalg/errors.ts';
import { dotExact, exact, exactVector, multiplyExact, sumExact } from '../../src/linalg/exact.ts';
import { Random } from '../../src/linalg/random.ts';
import { vectorPseudoinverse } from '../../src/linalg/vector-pseudoinverse.ts';
import { assertSameBits } from '../support/same-bits.ts';
import { expectWithinGamma, leavesAlone, normals, twoLanes } from './cases.ts';

const LENGTHS = [1, 2, 3, 5, 7, 11, 13, 100];
const times = (x: Float64Array, factor: number): Float64Array => x.map((t) => t * factor);

test('the entries are s/q with q in two lanes, where s = a needs no scaling', () => {
  const random = new Random(111);
  for (const n of LENGTHS) {
    const a = normals(random, n).map((t) => Math.max(-1, Math.min(1, t)));
    a[n - 1] = 1.5; // the largest entry lies in [1, 2)
    const v = leavesAlone([a], () => vectorPseudoinverse(a));
    const q = twoLanes(Array.from(a, (t) => t * t));
    assertSameBits(
      v,
      a.map((t) => t / q),
      `seed 111, n = ${n}`,
    );
    expect(v.buffer).not.toBe(a.buffer);
  }
});

test('v(2^k·a) = 2^−k·v(a), bit for bit, at every exponent where neither side is subnormal', () => {
  const random = new Random(112);
  for (const n of [1, 2, 7, 13]) {
    const a = normals(random, n).map(
      (t) => Math.sign(t) * Math.max(0.25, Math.min(1.75, Math.abs(t))),
    );
    const v = vectorPseudoinverse(a);
    for (let k = -1010; k <= 1010; k++) {
      const scaled = vectorPseudoinverse(times(a, 2 ** k));
      assertSameBits(scaled, times(v, 2 ** -k), `seed 112, n = ${n}, k = ${k}`);
    }
  }
});

test('each entry errs by at most gamma_{2n+1}, relatively, against the exact a/‖a‖²', () => {
  const random = new Random(113);
  for (const n of LENGTHS) {
    for (const size of [1, 1e-160, 1e160, 1e-290, 1e290]) {
      const a = times(normals(random, n), size);
      const squares = exactVector(a).map((t) => multiplyExact(t, t));
      // v_j·‖a‖² against a_j: as terms of a sum of one.
      vectorPseudoinverse(a).forEach((vj, j) => {
        const computed = multiplyExact(exact(vj), sumExact(squares));
        expectWithinGamma(2 * n + 1, computed, [exact(a[j])], `seed 113, n = ${n}, ${size}, ${j}`);
      });
    }
  }
});

test('v·a = 1 within gamma_{2n+1}, summed without rounding', () => {
  const random = new Random(114);
  for (const n of LENGTHS) {
    for (const size of [1, 1e-3, 1e-200, 1e200, 2 ** -1015, 2 ** 1000]) {
      const a = times(normals(random, n), size);
      const one = dotExact(exactVector(vectorPseudoinverse(a)), exactVector(a));
      expectWithinGamma(2 * n + 1, one, [exact(1)], `seed 114, n = ${n}, size ${size}`);
    }
  }
});

test('1e-8 added to ‖a‖² would be refused by that bound', () => {
  const a = normals(new Random(115), 13);
  const squares = a.reduce((sum, t) => sum + t * t, 0);
  const softened = exactVector(a.map((t) => t / (squares + 1e-8)));
  const check = () => expectWithinGamma(27, dotExact(softened, exactVector(a)), [exact(1)], 'soft');
  expect(check).toThrow('soft: error above gamma_27');
});

test('powers of two are inverted exactly, over the whole range of exponents', () => {
  for (let k = -1023; k <= 1023; k++) {
    // 2^−1023 is subnormal and its inverse 2^1023 is not; 2^1023 the other way round.
    assertSameBits(vectorPseudoinverse(Float64Array.of(2 ** k)), [2 ** -k], `k = ${k}`);
    const four = new Float64Array(4).fill(-(2 ** k)); // ‖a‖² = 4^(k+1)
    assertSameBits(vectorPseudoinverse(four), new Array(4).fill(-(2 ** -k) / 4), `four, k = ${k}`);
  }
});

test('the smallest norms with a representable inverse are served, and the next is refused', () => {
  // 2^−1024 has the inverse 2^1024, which is not a double; the double after it has one.
  const after = 2 ** -1024 + 2 ** -1074;
  expect(vectorPseudoinverse(Float64Array.of(after))[0]).toBe(1 / after);
  expect(1 / after).toBeLessThan(Infinity);
  expect(() => vectorPseudoinverse(Float64Array.of(2 ** -1024))).toThrow(DegenerateBase);
  // Four equal entries have v = 1/(4·entry), so the entry may be 2^−1025.
  const four = new Float64Array(4).fill(2 ** -1025);
  assertSameBits(vectorPseudoinverse(four), new Array(4).fill(2 ** 1023), 'four');
});

test('a vector without a pseudoinverse in float64 is refused as a degenerate base', () => {
  const zero = 'vectorPseudoinverse: the vector must not be zero, got';
  for (const [a, message] of [
    [[], `${zero} 0 entries of 0`],
    [[0], `${zero} 1 entries of 0`],
    [[0, -0, 0], `${zero} 3 entries of 0`],
    [[5e-324], 'a/‖a‖² must be representable'],
    [[0, -5e-324, 0], 'whose largest entry is 5e-324'],
    [[2 ** -1024, 0], 'whose largest entry is 5.56268464626800'],
  ] as const) {
    const call = () => vectorPseudoinverse(Float64Array.from(a));
    expect(call).toThrow(DegenerateBase);
    expect(call).toThrow(RangeError);
    expect(call).toThrow(message);
  }
});

test('NaN and infinities are refused, also beside zeros and tiny entries', () => {
  for (const [a, got] of [
    [[Number.NaN], 'NaN'],
    [[0, Infinity], 'Infinity'],
    [[5e-324, -Infinity], 'Infinity'],
    [[Infinity, Number.NaN], 'NaN'],
  ] as const) {
    const call = () => vectorPseudoinverse(Float64Array.from(a));
    expect(call).toThrow(NonFiniteError);
    expect(call).toThrow(`vectorPseudoinverse: the vector must be finite, got ${got}`);
  }
});

test('a = (3, 4): v is a/25, and where ‖a‖² is a power of two nothing rounds', () => {
  assertSameBits(vectorPseudoinverse(Float64Array.of(3, 4)), [3 / 25, 4 / 25], '(3, 4)');
  assertSameBits(
    vectorPseudoinverse(Float64Array.of(1, -1, 1, 1)),
    [0.25, -0.25, 0.25, 0.25],
    '±1',
  );
  assertSameBits(vectorPseudoinverse(Float64Array.of(0, 2, -0)), [0, 0.5, -0], 'one entry');
});
