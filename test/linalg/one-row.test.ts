import { describe, test } from 'vitest';
import * as kernels from '../../src/linalg/kernels.ts';
import { rowTimesRows } from '../../src/linalg/one-row.ts';
import { Random } from '../../src/linalg/random.ts';
import { matmulNT } from '../../src/linalg/reference/matmul.ts';
import { assertSameBits } from '../support/same-bits.ts';
import { blank, DRAWS, leavesAlone } from './cases.ts';

// Empty, one, and either side of eight and sixteen rows.
const ROWS = [0, 1, 2, 7, 8, 9, 15, 16, 17, 67];
const TERMS = [0, 1, 2, 3, 5, 64, 127];

describe('one row times rows', () => {
  test.each(DRAWS)('has the bits of the product twin, on %s entries', (_, draw) => {
    const random = new Random(71);
    for (const n of ROWS) {
      for (const k of TERMS) {
        const [a, b] = [draw(random, k), draw(random, n * k)];
        const [actual, expected] = [blank(n + 3), blank(n + 3)];
        leavesAlone([a, b], () => rowTimesRows(a, b, actual, k, n));
        matmulNT(a, b, expected, 1, k, n);
        assertSameBits(actual, expected, `seed 71, 1x${k} by ${k}x${n}`);
        const called = blank(n + 3);
        kernels.matmulNT(a, b, called, 1, k, n);
        assertSameBits(called, expected, `seed 71, called, 1x${k} by ${k}x${n}`);
      }
    }
  });
});
