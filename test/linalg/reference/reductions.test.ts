import { expect, test } from 'vitest';
import { Random } from '../../../src/linalg/random.ts';
import { dot, maximum, sum } from '../../../src/linalg/reference/reductions.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import {
  ascending,
  DRAWS,
  expectWithinGamma,
  leavesAlone,
  normals,
  productsOf,
  SIZES,
  twoLanes,
} from '../cases.ts';

/** `x` from entry `from` of a longer array on; whatever is read around it is NaN. */
function placed(x: Float64Array, from: number): Float64Array {
  const padded = new Float64Array(from + x.length + 2).fill(NaN);
  padded.set(x, from);
  return padded;
}

test('the two-lane order of these tests is the one in the doc comment, written out', () => {
  const [a, b, c, d, e] = normals(new Random(20), 5);
  expect(twoLanes([])).toBe(0);
  expect(twoLanes([-0])).toBe(0);
  expect(twoLanes([a])).toBe(a);
  expect(twoLanes([a, b, c])).toBe(a + b + c);
  expect(twoLanes([a, b, c, d])).toBe(a + c + (b + d));
  expect(twoLanes([a, b, c, d, e])).toBe(a + c + (b + d) + e);
});

test.each(DRAWS)('sum and dot round in the two-lane order, at any offset: %s', (_, draw) => {
  const random = new Random(21);
  for (const n of [...SIZES, 4, 6, 101]) {
    for (let round = 0; round < 40; round++) {
      const [x, y] = [draw(random, n), draw(random, n)];
      const [fromX, fromY] = [round % 3, round % 5];
      const [X, Y] = [placed(x, fromX), placed(y, fromY)];
      const results = leavesAlone([X, Y], () => [sum(X, fromX, n), dot(X, fromX, Y, fromY, n)]);
      const terms = Array.from(x, (xi, i) => xi * y[i]);
      const expected = [twoLanes([...x]), twoLanes(terms)];
      assertSameBits(results, expected, `seed 21, n = ${n}, round ${round}`);
    }
  }
});

test('one long sum, or the tail before the lanes are joined, would be noticed', () => {
  const random = new Random(22);
  const differences = { ascending: 0, tailInLane: 0 };
  for (let round = 0; round < 20; round++) {
    const x = normals(random, 7);
    const result = sum(x, 0, 7);
    if (ascending([...x]) !== result) differences.ascending++;
    if (x[0] + x[2] + x[4] + x[6] + (x[1] + x[3] + x[5]) !== result) differences.tailInLane++;
  }
  expect(differences.ascending).toBeGreaterThan(0);
  expect(differences.tailInLane).toBeGreaterThan(0);
});

test('sum and dot err by at most gamma_n·Σ|term|, also where the terms cancel', () => {
  const random = new Random(23);
  const ones = new Float64Array(2003).fill(1);
  for (const n of [1, 2, 3, 4, 5, 13, 100, 1001]) {
    for (let round = 0; round < 5; round++) {
      const [x, y] = [normals(random, n), normals(random, n)];
      for (let i = 0; i < n; i++) y[i] *= 10 ** random.integer(16);
      const label = `seed 23, n = ${n}, round ${round}`;
      expectWithinGamma(n, dot(x, 0, y, 0, n), productsOf(x, y), `dot, ${label}`);
      expectWithinGamma(n, sum(y, 0, n), productsOf(y, ones), `sum, ${label}`);
      const z = Float64Array.from([...y, ...y.map((entry) => -entry), x[0]]);
      expectWithinGamma(2 * n + 1, sum(z, 0, z.length), productsOf(z, ones), `zero, ${label}`);
    }
  }
});

test('no terms sum to +0, and so does a −0', () => {
  const none = new Float64Array(0);
  assertSameBits([sum(none, 0, 0), dot(none, 0, none, 0, 0)], [0, 0], 'nothing');
  const zero = Float64Array.of(-0, -0, -0);
  for (const n of [1, 2, 3]) assertSameBits([sum(zero, 0, n)], [0], `${n} times -0`);
});

test('small integers are summed exactly', () => {
  const x = Float64Array.of(1, 2, 3, 4, 5);
  expect(sum(x, 0, 5)).toBe(15);
  expect(sum(x, 1, 3)).toBe(9);
  expect(dot(x, 0, x, 0, 5)).toBe(55);
  expect(dot(x, 0, x, 3, 2)).toBe(14); // 1·4 + 2·5
});

test.each(DRAWS)('maximum is an entry that no other exceeds, or NaN: %s', (_, draw) => {
  const random = new Random(24);
  for (const n of SIZES) {
    for (let round = 0; round < 60; round++) {
      const x = draw(random, n);
      const X = placed(x, 2);
      const result = leavesAlone([X], () => maximum(X, 2, n));
      const label = `seed 24, n = ${n}, round ${round}`;
      if (n === 0) expect(result, label).toBe(-Infinity);
      else if (x.some((entry) => Number.isNaN(entry))) expect(result, label).toBe(NaN);
      else {
        expect(x.includes(result), label).toBe(true);
        expect(
          x.every((entry) => entry <= result),
          label,
        ).toBe(true);
      }
    }
  }
});

test('maximum of zeros is +0 if one is, and an infinity counts as a number', () => {
  const of = (...x: number[]): number => maximum(Float64Array.from(x), 0, x.length);
  assertSameBits([of(-0, 0), of(0, -0), of(-0, -0)], [0, 0, -0], 'zeros');
  assertSameBits([of(1, Infinity), of(-Infinity, -Infinity)], [Infinity, -Infinity], 'infinite');
  assertSameBits([of(NaN, 1), of(1, NaN), of(Infinity, NaN)], [NaN, NaN, NaN], 'NaN');
});
