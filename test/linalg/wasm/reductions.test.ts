import { describe, expect, test } from 'vitest';
import { Random } from '../../../src/linalg/random.ts';
import * as twins from '../../../src/linalg/reference/reductions.ts';
import { arena } from '../../../src/linalg/wasm/memory.ts';
import {
  dot,
  maximum,
  type ReductionsExports,
  reductionsModule,
  sum,
} from '../../../src/linalg/wasm/reductions.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import { DRAWS, hostile, leavesAlone, normals } from '../cases.ts';
import { runGuarded } from './guarded.ts';

// Either side of a pair, of a turn (4), of a plain copy (8) and of a piece (4096).
const LENGTHS = [0, 1, 2, 3, 4, 5, 7, 8, 9, 33, 4095, 4096, 4097, 8191, 8192, 8193, 12_289];

const taken = (x: Float64Array): Float64Array => {
  const copy = arena().take(x.length);
  copy.set(x);
  return copy;
};

describe.each(DRAWS)('on %s entries', (_, draw) => {
  test.each(LENGTHS)('sum, dot and maximum of %d have the bits of their twins', (n) => {
    const random = new Random(111);
    for (let round = 0; round < 5; round++) {
      const mark = arena().used;
      const [x, y] = [draw(random, n + 5), draw(random, n + 5)];
      const [xs, ys] = [
        [x, taken(x)],
        [y, taken(y)],
      ];
      const label = `seed 111, round ${round}`;
      const expectedSum = twins.sum(x, 3, n);
      const expectedDot = twins.dot(x, 3, y, 2, n);
      const expectedMaximum = twins.maximum(x, 3, n);
      const expectedSquare = twins.dot(x, 1, x, 1, n);
      const expectedShifted = twins.dot(x, 1, x, 2, n);
      for (const left of xs) {
        leavesAlone([left], () => {
          assertSameBits([sum(left, 3, n)], [expectedSum], `${label}, sum`);
          assertSameBits([maximum(left, 3, n)], [expectedMaximum], `${label}, maximum`);
          assertSameBits([dot(left, 1, left, 1, n)], [expectedSquare], `${label}, square`);
          assertSameBits([dot(left, 1, left, 2, n)], [expectedShifted], `${label}, shifted`);
        });
        for (const right of ys) {
          leavesAlone([left, right], () => {
            assertSameBits([dot(left, 3, right, 2, n)], [expectedDot], `${label}, dot`);
          });
        }
      }
      arena().release(mark);
    }
  });
});

test('short rows of hostile entries, whose sums overflow or are no numbers', () => {
  const random = new Random(112);
  for (let round = 0; round < 2000; round++) {
    const n = random.integer(14);
    const [x, y] = [hostile(random, n), hostile(random, n)];
    const label = `seed 112, round ${round}`;
    assertSameBits([sum(x, 0, n)], [twins.sum(x, 0, n)], `${label}, sum`);
    assertSameBits([dot(x, 0, y, 0, n)], [twins.dot(x, 0, y, 0, n)], `${label}, dot`);
    assertSameBits([maximum(x, 0, n)], [twins.maximum(x, 0, n)], `${label}, maximum`);
  }
});

test('the maximum of zeros is +0 if one of them is, wherever it stands, and NaN is never passed over', () => {
  for (let n = 1; n <= 13; n++) {
    const zeros = new Float64Array(n).fill(-0);
    assertSameBits([maximum(zeros, 0, n)], [-0], `${n} times -0`);
    for (let at = 0; at < n; at++) {
      const one = zeros.slice();
      one[at] = 0;
      assertSameBits([maximum(one, 0, n)], [0], `+0 at ${at} of ${n}`);
      for (const rest of [-0, -5, 5, Infinity, -Infinity]) {
        const x = new Float64Array(n).fill(rest);
        x[at] = NaN;
        expect(maximum(x, 0, n), `NaN at ${at} of ${n}, among ${rest}`).toBeNaN();
      }
    }
  }
});

test('nothing but the lanes is written, wherever memory ends', () => {
  const random = new Random(113);
  for (const n of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) {
    const [x, y] = [normals(random, n), normals(random, n)];
    const even = n - (n % 2);
    for (const last of ['x', 'y', 'lanes', 'more']) {
      const operands = { x, y, lanes: new Float64Array(2), more: new Float64Array(2) };
      const results = runGuarded(reductionsModule(), operands, ['lanes', 'more'], last, (f, at) => {
        const kernel = f as unknown as ReductionsExports;
        kernel.sum(at['x'], even, at['lanes']);
        kernel.dot(at['x'], at['y'], even, at['more']);
        expect(kernel.maximum(at['x'], n)).toBe(twins.maximum(x, 0, n));
      });
      const [s0, s1] = results['lanes'];
      assertSameBits([s0 + s1], [twins.sum(x, 0, even)], `seed 113, n = ${n}, ${last} last`);
      const [t0, t1] = results['more'];
      assertSameBits([t0 + t1], [twins.dot(x, 0, y, 0, even)], `seed 113, n = ${n}, ${last} last`);
    }
  }
});

test('the module is small enough to be compiled where a browser draws', () => {
  expect(reductionsModule().length).toBeLessThan(4096); // Chrome compiles no more than 4 KiB there
});
