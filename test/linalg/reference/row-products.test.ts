import { test } from 'vitest';
import { Random } from '../../../src/linalg/random.ts';
import {
  dotsOfRows,
  scaleRows,
  sumOfRowProducts,
  weightRows,
} from '../../../src/linalg/reference/row-products.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import { ascending, blank, DRAWS, leavesAlone, SIZES, twoLanes } from '../cases.ts';

test.each(DRAWS)('rows times a row, a column, or the rows of another: %s', (_, draw) => {
  const random = new Random(211);
  for (const r of SIZES) {
    for (const c of SIZES) {
      const [x, y, s, w] = [r * c, r * c, c, r].map((n) => draw(random, n));
      const [scaled, weighted, sums, dots] = [r * c, r * c, c, r].map(blank);
      leavesAlone([x, y, s, w], () => {
        scaleRows(x, s, scaled, r);
        weightRows(w, x, weighted, c);
        sumOfRowProducts(x, y, sums, r);
        dotsOfRows(x, y, dots, c);
      });
      const label = `seed 211, ${r}x${c}`;
      const term = (i: number, j: number): number => x[i * c + j] * y[i * c + j];
      const [rows, cols] = [Array.from({ length: r }, (_, i) => i), Array.from(s.keys())];
      assertSameBits(
        scaled,
        x.map((entry, at) => entry * s[at % c]),
        `scaleRows, ${label}`,
      );
      assertSameBits(
        weighted,
        x.map((entry, at) => w[Math.floor(at / c)] * entry),
        `weightRows, ${label}`,
      );
      assertSameBits(
        sums,
        cols.map((j) => ascending(rows.map((i) => term(i, j)))),
        `sums, ${label}`,
      );
      assertSameBits(
        dots,
        rows.map((i) => twoLanes(cols.map((j) => term(i, j)))),
        `dots, ${label}`,
      );
    }
  }
});
