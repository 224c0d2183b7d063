import { describe, expect, test } from 'vitest';
import { Random } from '../../../src/linalg/random.ts';
import { addToRows, multiply } from '../../../src/linalg/reference/elementwise.ts';
import { layerNorm } from '../../../src/linalg/reference/norms.ts';
import * as elementwise from '../../../src/linalg/wasm/elementwise.ts';
import * as norms from '../../../src/linalg/wasm/norms.ts';
import { PIECE, streamRows } from '../../../src/linalg/wasm/streaming.ts';
import { inWorkspace, resultArray } from '../../../src/linalg/wasm/workspace.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import { blank, normals } from '../cases.ts';

const placed = (x: Float64Array, resident: boolean): Float64Array => {
  if (!resident) return x.slice();
  const there = resultArray(x.length);
  there.set(x);
  return there;
};

const CHOICES = [false, true];

describe('operands in Wasm memory and elsewhere, in every mixture, over several pieces', () => {
  test('multiply', () => {
    const n = 2 * PIECE + 3;
    const random = new Random(91);
    const [x, y, expected] = [normals(random, n), normals(random, n), blank(n)];
    multiply(x, y, expected);
    for (const atX of CHOICES) {
      for (const atY of CHOICES) {
        for (const atOut of CHOICES) {
          inWorkspace(() => {
            const out = placed(blank(n), atOut);
            elementwise.multiply(placed(x, atX), placed(y, atY), out);
            assertSameBits(out, expected, `seed 91, ${atX}, ${atY}, ${atOut}`);
          });
        }
      }
    }
  });

  test('addToRows and layerNorm', () => {
    const [rows, n] = [301, 41];
    const random = new Random(92);
    const [x, g, b] = [normals(random, rows * n), normals(random, n), normals(random, n)];
    const [sum, y, z, s] = [rows * n, rows * n, rows * n, rows].map(blank);
    addToRows(x, b, sum, rows);
    layerNorm(1e-5, x, g, b, y, z, s);
    for (const atX of CHOICES) {
      for (const atOut of CHOICES) {
        inWorkspace(() => {
          const [sum2, y2, z2, s2] = [sum, y, z, s].map((x) => placed(blank(x.length), atOut));
          elementwise.addToRows(placed(x, atX), b, sum2, rows);
          expect(norms.layerNorm(1e-5, placed(x, atX), g, b, y2, placed(z2, !atOut), s2)).toBe(-1);
          assertSameBits(sum2, sum, `seed 92, ${atX}, ${atOut}, addToRows`);
          assertSameBits(y2, y, `seed 92, ${atX}, ${atOut}, y`);
          assertSameBits(s2, s, `seed 92, ${atX}, ${atOut}, divisors`);
        });
      }
    }
  });
});

test('no rows are no calls', () => {
  let calls = 0;
  streamRows(
    ['write', 'read'],
    [new Float64Array(0), new Float64Array(0)],
    [3, 3],
    0,
    () => calls++,
  );
  expect(calls).toBe(0);
});
