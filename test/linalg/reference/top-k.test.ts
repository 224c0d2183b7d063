import { expect, test } from 'vitest';
import { Random } from '../../../src/linalg/random.ts';
import { keepLargest } from '../../../src/linalg/reference/top-k.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import { blank, leavesAlone } from '../cases.ts';

test('keeps what a stable sort puts first, and returns the gap to the next', () => {
  const random = new Random(261);
  for (let round = 0; round < 500; round++) {
    const n = 1 + random.integer(8);
    const k = 1 + random.integer(n);
    const from = round % 3;
    const x = Float64Array.from({ length: n + 4 }, () => random.integer(5) - 2); // many ties
    const out = blank(n + 4);
    const margin = leavesAlone([x], () => keepLargest(x, out, from, n, k));
    const own = Array.from(x.subarray(from, from + n));
    const order = own.map((_, j) => j).sort((a, b) => own[b] - own[a]); // sort is stable
    const kept = new Set(order.slice(0, k));
    const expected = blank(n + 4);
    own.forEach((entry, j) => {
      expected[from + j] = kept.has(j) ? entry : -Infinity;
    });
    assertSameBits(out, expected, `seed 261, round ${round}`);
    expect(margin).toBe(k === n ? Infinity : own[order[k - 1]] - own[order[k]]);
  }
});

test('of equal entries the one of smaller index is kept, and the margin is then 0', () => {
  const out = blank(4);
  expect(keepLargest(Float64Array.of(1, 3, 3, 3), out, 0, 4, 2)).toBe(0);
  assertSameBits(out, [-Infinity, 3, 3, -Infinity], 'out');
});
