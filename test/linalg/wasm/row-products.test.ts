import { describe, expect, test } from 'vitest';
import { Random } from '../../../src/linalg/random.ts';
import * as gatherTwins from '../../../src/linalg/reference/gather.ts';
import * as twins from '../../../src/linalg/reference/row-products.ts';
import * as gathers from '../../../src/linalg/wasm/gather.ts';
import { type GatherExports, gatherModule } from '../../../src/linalg/wasm/gather.ts';
import { arena } from '../../../src/linalg/wasm/memory.ts';
import * as kernels from '../../../src/linalg/wasm/row-products.ts';
import {
  type RowProductsExports,
  rowProductsModule,
} from '../../../src/linalg/wasm/row-products.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import { blank, DRAWS, hostile, leavesAlone } from '../cases.ts';
import { runGuarded } from './guarded.ts';

// Either side of a pair, of a group of rows (4), of a turn and of a piece (4096).
const SHAPES = [
  [0, 0],
  [0, 3],
  [3, 0],
  [1, 1],
  [2, 3],
  [3, 5],
  [4, 2],
  [7, 4],
  [9, 9],
  [129, 31],
  [128, 32],
  [127, 33],
  [2, 4096],
  [5, 4097],
] as const;

const taken = (x: Float64Array): Float64Array => {
  const copy = arena().take(x.length);
  copy.set(x);
  return copy;
};
const PLACES = [
  ['ordinary memory', (x: Float64Array) => x],
  ['Wasm memory', taken],
] as const;

describe.each(DRAWS)('on %s entries', (_, draw) => {
  describe.each(PLACES)('in %s', (_place, place) => {
    test.each(SHAPES)('the products of rows have the bits of their twins: %dx%d', (rows, n) => {
      const mark = arena().used;
      const random = new Random(121);
      const [x, y] = [draw(random, rows * n), draw(random, rows * n)].map(place);
      const [s, w] = [draw(random, n), draw(random, rows)].map(place);
      const results: Record<string, Float64Array> = {};
      const calls = {
        scaleRows: (k: typeof twins, out: Float64Array) => k.scaleRows(x, s, out, rows),
        sumOfRowProducts: (k: typeof twins, out: Float64Array) =>
          k.sumOfRowProducts(x, y, out, rows),
        weightRows: (k: typeof twins, out: Float64Array) => k.weightRows(w, x, out, n),
        dotsOfRows: (k: typeof twins, out: Float64Array) => k.dotsOfRows(x, y, out, n),
      };
      const lengths = {
        scaleRows: rows * n,
        sumOfRowProducts: n,
        weightRows: rows * n,
        dotsOfRows: rows,
      };
      for (const name of ['scaleRows', 'sumOfRowProducts', 'weightRows', 'dotsOfRows'] as const) {
        const [actual, expected] = [place(blank(lengths[name])), blank(lengths[name])];
        leavesAlone([x, y, s, w], () => calls[name](kernels, actual));
        calls[name](twins, expected);
        assertSameBits(actual, expected, `seed 121, ${name}`);
        results[name] = expected;
      }
      const [first, second] = [place(x.slice()), place(x.slice())];
      kernels.scaleRows(first, s, first, rows);
      kernels.weightRows(w, second, second, n);
      assertSameBits(first, results['scaleRows'], 'seed 121, scaleRows in place');
      assertSameBits(second, results['weightRows'], 'seed 121, weightRows in place');
      arena().release(mark);
    });
  });

  test('products of rows of operands in Wasm memory, all of them or some', () => {
    const random = new Random(125);
    const [rows, n] = [9, 1000]; // three pieces
    for (let mask = 0; mask < 8; mask++) {
      const mark = arena().used;
      const [x, y, w] = [draw(random, rows * n), draw(random, rows * n), draw(random, rows)];
      const place = (i: number, operand: Float64Array) =>
        (mask >> i) & 1 ? taken(operand) : operand;
      const [left, right] = [place(0, x), place(1, y)];
      const [weighted, dots] = [place(2, blank(rows * n)), place(2, blank(rows))];
      const [expectedWeighted, expectedDots] = [blank(rows * n), blank(rows)];
      kernels.weightRows(w, left, weighted, n);
      twins.weightRows(w, x, expectedWeighted, n);
      assertSameBits(weighted, expectedWeighted, `seed 125, mask ${mask}, weightRows`);
      kernels.dotsOfRows(left, right, dots, n);
      twins.dotsOfRows(x, y, expectedDots, n);
      assertSameBits(dots, expectedDots, `seed 125, mask ${mask}, dotsOfRows`);
      const [sums, expectedSums] = [place(2, blank(n)), blank(n)];
      kernels.sumOfRowProducts(left, right, sums, rows);
      twins.sumOfRowProducts(x, y, expectedSums, rows);
      assertSameBits(sums, expectedSums, `seed 125, mask ${mask}, sumOfRowProducts`);
      arena().release(mark);
    }
  });

  test.each(SHAPES)('rows by number have the bits of their twins: %dx%d', (rows, n) => {
    const mark = arena().used;
    const random = new Random(122);
    const table = 5;
    const indices = Float64Array.from({ length: rows }, () => random.integer(table));
    const [x, dy] = [taken(draw(random, table * n)), taken(draw(random, rows * n))];
    for (const list of [indices, taken(indices)]) {
      const [out, sums] = [taken(blank(rows * n)), taken(blank(table * n))];
      const [expected, expectedSums] = [blank(rows * n), blank(table * n)];
      leavesAlone([x, list], () => gathers.takeRows(x, list, out, n));
      gatherTwins.takeRows(x, indices, expected, n);
      assertSameBits(out, expected, 'seed 122, takeRows');
      leavesAlone([dy, list], () => gathers.addToTakenRows(dy, list, sums, n));
      gatherTwins.addToTakenRows(dy, indices, expectedSums, n);
      assertSameBits(sums, expectedSums, 'seed 122, addToTakenRows');
    }
    arena().release(mark);
  });
});

describe('nothing but the results is written, wherever memory ends:', () => {
  const SMALL = [
    [1, 1],
    [3, 5],
    [5, 4],
    [4, 3],
    [9, 2],
    [2, 7],
  ] as const;

  test.each(SMALL)('products of rows, %dx%d', (rows, n) => {
    const random = new Random(123);
    const [x, y] = [hostile(random, rows * n), hostile(random, rows * n)];
    const [s, w] = [hostile(random, n), hostile(random, rows)];
    const outputs = {
      scaled: blank(rows * n),
      products: new Float64Array(n),
      weighted: blank(rows * n),
      dots: blank(rows),
    };
    const names = Object.keys(outputs);
    const expected = { ...outputs, scaled: blank(rows * n), products: blank(n) };
    expected.weighted = blank(rows * n);
    expected.dots = blank(rows);
    twins.scaleRows(x, s, expected.scaled, rows);
    twins.sumOfRowProducts(x, y, expected.products, rows);
    twins.weightRows(w, x, expected.weighted, n);
    twins.dotsOfRows(x, y, expected.dots, n);
    for (const last of ['x', 'y', 's', 'w', ...names]) {
      const operands = { x, y, s, w, ...outputs };
      const results = runGuarded(rowProductsModule(), operands, names, last, (f, at) => {
        const k = f as unknown as RowProductsExports;
        k.scaleRows(at['x'], at['s'], at['scaled'], rows, n);
        k.addRowProducts(at['x'], at['y'], at['products'], rows, n);
        k.weightRows(at['w'], at['x'], at['weighted'], rows, n);
        k.dotsOfRows(at['x'], at['y'], at['dots'], rows, n);
      });
      for (const [name, output] of Object.entries(expected)) {
        assertSameBits(results[name], output, `seed 123, ${name}, ${last} last`);
      }
    }
  });

  test.each(SMALL)('rows by number, %dx%d', (rows, n) => {
    const random = new Random(124);
    const indices = Float64Array.from({ length: rows }, () => random.integer(3));
    const [x, dy] = [hostile(random, 3 * n), hostile(random, rows * n)];
    const [list, table] = [blank(rows * n), new Float64Array(3 * n)];
    const [expected, expectedSums] = [blank(rows * n), blank(3 * n)];
    gatherTwins.takeRows(x, indices, expected, n);
    gatherTwins.addToTakenRows(dy, indices, expectedSums, n);
    for (const last of ['x', 'dy', 'indices', 'list', 'table']) {
      const operands = { x, dy, indices, list, table };
      const results = runGuarded(gatherModule(), operands, ['list', 'table'], last, (f, at) => {
        const k = f as unknown as GatherExports;
        k.takeRows(at['x'], at['indices'], at['list'], rows, n);
        k.addToTakenRows(at['table'], at['indices'], at['dy'], rows, n);
      });
      assertSameBits(results['list'], expected, `seed 124, takeRows, ${last} last`);
      assertSameBits(results['table'], expectedSums, `seed 124, addToTakenRows, ${last} last`);
    }
  });
});

test.each([
  ['products of rows', rowProductsModule],
  ['rows by number', gatherModule],
])('the module of %s is small enough to be compiled where a browser draws', (_, module) => {
  expect(module().length).toBeLessThan(4096); // Chrome compiles no more than 4 KiB there
});
