import { describe, expect, test } from 'vitest';
import { Random } from '../../../src/linalg/random.ts';
import * as twins from '../../../src/linalg/reference/cross-entropy.ts';
import * as kernels from '../../../src/linalg/wasm/cross-entropy.ts';
import { arena } from '../../../src/linalg/wasm/memory.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import { blank, DRAWS, leavesAlone, normals } from '../cases.ts';

// Either side of a pair, of a turn (4), of a plain copy (8) and of a piece (4096).
const LENGTHS = [1, 2, 3, 4, 5, 7, 8, 9, 33, 1000, 4095, 4096, 4097, 9001];

const FORWARD: readonly (readonly [typeof twins.crossEntropy, typeof twins.crossEntropy])[] = [
  [kernels.crossEntropy, twins.crossEntropy],
  [kernels.logSumExp, twins.logSumExp],
];

/** Compares the three functions on the row x[from … from + n), where `place` puts operands. */
function compare(
  x: Float64Array,
  from: number,
  n: number,
  target: number,
  label: string,
  place = (operand: Float64Array) => operand,
): void {
  const here = place(x);
  for (const [fast, twin] of FORWARD) {
    const [actual, expected] = [place(blank(x.length)), blank(x.length)];
    const value = leavesAlone([here], () => fast(here, actual, from, n, target));
    assertSameBits([value], [twin(x, expected, from, n, target)], `${label}, ${twin.name}`);
    assertSameBits(actual, expected, `${label}, ${twin.name}, p`);
  }
  const [actual, expected] = [place(blank(x.length)), blank(x.length)];
  leavesAlone([here], () => kernels.crossEntropyBackward(here, actual, from, n, target, -1 / 3));
  twins.crossEntropyBackward(x, expected, from, n, target, -1 / 3);
  assertSameBits(actual, expected, `${label}, backward`);
  kernels.crossEntropyBackward(here, here, from, n, target, -1 / 3);
  assertSameBits(
    here.subarray(from, from + n),
    expected.subarray(from, from + n),
    `${label}, backward, in place`,
  );
}

describe.each(DRAWS)(
  'cross-entropy and log-sum-exp have the bits of their twins: %s rows',
  (_, draw) => {
    test.each(LENGTHS)('of %d entries, in the middle of others', (n) => {
      const random = new Random(101);
      for (const target of [0, Math.floor(n / 2), n - 1]) {
        const label = `seed 101, n = ${n}, target ${target}`;
        compare(draw(random, n + 5), 2, n, target, label);
        compare(draw(random, n + 5), 3, n, target, `${label}, in Wasm memory`, (operand) => {
          const copy = arena().take(operand.length);
          copy.set(operand);
          return copy;
        });
      }
    });
  },
);

test('rows that are steep, masked, or whose largest entry is not finite', () => {
  const random = new Random(102);
  for (const wrong of [NaN, Infinity, -Infinity]) {
    for (const at of [0, 3, 6]) {
      const x = normals(random, 7).map((entry) => 500 * entry);
      x[at] = wrong;
      for (const target of [0, 3]) compare(x.slice(), 0, 7, target, `seed 102, ${wrong} at ${at}`);
    }
  }
  compare(new Float64Array(5).fill(-Infinity), 0, 5, 2, 'all masked');
  compare(Float64Array.of(-0, 0, -0), 0, 3, 1, 'zeros');
});

test('where there is no loss, nothing is written', () => {
  const p = Float64Array.of(1, 2, 3);
  expect(kernels.crossEntropy(Float64Array.of(1, NaN, 2), p, 0, 3, 0)).toBeNaN();
  expect(kernels.logSumExp(Float64Array.of(1, Infinity, 2), p, 0, 3)).toBe(Infinity);
  assertSameBits(p, [1, 2, 3], 'p');
});
