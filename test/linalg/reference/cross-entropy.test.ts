import { expect, test } from 'vitest';
import { Random } from '../../../src/linalg/random.ts';
import {
  crossEntropy,
  crossEntropyBackward,
  logSumExp,
} from '../../../src/linalg/reference/cross-entropy.ts';
import { exp } from '../../../src/linalg/special/exp.ts';
import { log } from '../../../src/linalg/special/log.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import { blank, leavesAlone, normals, twoLanes } from '../cases.ts';

test('loss, log-sum-exp, softmax and gradient round in the stated order, at any offset', () => {
  const random = new Random(241);
  for (const n of [1, 2, 3, 5, 8, 13]) {
    for (let round = 0; round < 20; round++) {
      const [from, target] = [round % 4, round % n];
      const x = normals(random, n + 5).map((t) => 10 * t);
      const [p, P, dx] = [blank(n + 5), blank(n + 5), blank(n + 5)];
      const loss = leavesAlone([x], () => crossEntropy(x, p, from, n, target));
      const own = x.subarray(from, from + n);
      const m = own.reduce((max, t) => Math.max(max, t), -Infinity);
      const e = Array.from(own, (t) => exp(t - m));
      const total = twoLanes(e);
      const expected = blank(n + 5);
      e.forEach((t, k) => {
        expected[from + k] = t / total;
      });
      assertSameBits([loss], [log(total) - (own[target] - m)], `loss, round ${round}`);
      assertSameBits(p, expected, 'p');
      assertSameBits([logSumExp(x, P, from, n)], [m + log(total)], 'log-sum-exp');
      assertSameBits(P, expected, 'P');
      crossEntropyBackward(p, dx, from, n, target, 0.3);
      const gradient = p.map((t, at) => (at === from + target ? t - 1 : t) * 0.3);
      assertSameBits(dx, gradient, 'dx');
    }
  }
});

test('equal logits cost log n, a certain one nothing, and large ones do not overflow', () => {
  const loss = (target: number, ...x: number[]): number =>
    crossEntropy(Float64Array.from(x), blank(x.length), 0, x.length, target);
  assertSameBits([loss(1, 5, 5)], [log(2)], 'two');
  assertSameBits([loss(0, 3, 3, 3, 3)], [log(4)], 'four');
  assertSameBits([loss(0, 1e308, -1e308), loss(0, 7)], [0, 0], 'certain');
  assertSameBits([loss(1, 1000, 0)], [1000], 'missed');
  expect(logSumExp(Float64Array.of(1e308, 1e308), blank(2), 0, 2)).toBe(1e308);
});

test('where there is no loss the value is not finite', () => {
  const loss = (...x: number[]): number => crossEntropy(Float64Array.from(x), blank(2), 0, 2, 1);
  expect(loss(0, -Infinity)).toBe(Infinity);
  for (const row of [
    [NaN, 0],
    [0, NaN],
    [-Infinity, -Infinity],
    [Infinity, 0],
  ]) {
    expect(loss(...row), `${row}`).toBeNaN();
  }
  expect(loss(-Infinity, 0)).toBe(0);
});
