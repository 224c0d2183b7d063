import { expect, test } from 'vitest';
import { Random } from '../../../src/linalg/random.ts';
import {
  add,
  addToRows,
  exponential,
  multiply,
  relu,
  reluBackward,
  scale,
  subtract,
  sumOfRows,
} from '../../../src/linalg/reference/elementwise.ts';
import { exp } from '../../../src/linalg/special/exp.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import { ascending, blank, DRAWS, hostile, leavesAlone, normals, SIZES } from '../cases.ts';

type Kernel = (x: Float64Array, y: Float64Array, out: Float64Array) => void;

/** Each kernel on pairs, and what one entry should be. */
const KERNELS: readonly (readonly [string, Kernel, (x: number, y: number) => number])[] = [
  ['add', add, (x, y) => x + y],
  ['subtract', subtract, (x, y) => x - y],
  ['multiply', multiply, (x, y) => x * y],
  ['scale', (x, y, out) => scale(y[0], x, out), (x, y) => y * x],
  ['relu', (x, _, out) => relu(x, out), (x) => (x > 0 || Number.isNaN(x) ? x : 0)],
  ['reluBackward', reluBackward, (y, dy) => (y > 0 ? dy : 0)],
];

test.each(KERNELS)('%s does one operation an entry, over hostile pairs too', (name, run, entry) => {
  for (const [kind, draw] of DRAWS) {
    const random = new Random(41);
    for (const n of [...SIZES, 400]) {
      const [x, y, out] = [draw(random, n), draw(random, n), blank(n)];
      const factor = y[0];
      leavesAlone([x, y], () => run(x, y, out));
      const expected = Array.from(x, (xi, i) => entry(xi, name === 'scale' ? factor : y[i]));
      assertSameBits(out, expected, `${kind}, seed 41, n = ${n}`);
      const inPlace = x.slice();
      run(inPlace, y, inPlace);
      assertSameBits(inPlace, expected, `${kind}, out is the first input, n = ${n}`);
      if (name === 'scale' || name === 'relu') continue;
      const second = y.slice();
      run(x, second, second);
      assertSameBits(second, expected, `${kind}, out is the second input, n = ${n}`);
    }
  }
});

test('relu maps zeros, negatives and −Infinity to +0, and keeps NaN', () => {
  const out = blank(8);
  relu(Float64Array.of(2, -3, 0, -0, -5e-324, -Infinity, Infinity, Number.NaN), out);
  assertSameBits(out, [2, 0, 0, 0, 0, 0, Infinity, Number.NaN], 'relu');
});

test('reluBackward passes dy where y is positive, and +0 elsewhere even if dy is NaN', () => {
  const out = blank(5);
  reluBackward(
    Float64Array.of(2, 0, -0, 5e-324, 0),
    Float64Array.of(-7, -7, Number.NaN, 3, -0),
    out,
  );
  assertSameBits(out, [-7, 0, 0, 3, 0], 'reluBackward');
});

test.each(DRAWS)('addToRows adds b to each row with one rounding: %s entries', (_, draw) => {
  const random = new Random(42);
  for (const rows of SIZES) {
    for (const n of SIZES) {
      const [x, b, out] = [draw(random, rows * n), draw(random, n), blank(rows * n)];
      leavesAlone([x, b], () => addToRows(x, b, out, rows));
      const expected = Array.from(x, (entry, at) => entry + b[at % n]);
      assertSameBits(out, expected, `seed 42, ${rows}x${n}`);
      addToRows(x, b, x, rows);
      assertSameBits(x, expected, `in place, seed 42, ${rows}x${n}`);
    }
  }
});

test.each(DRAWS)('sumOfRows sums each column downwards from +0: %s entries', (_, draw) => {
  const random = new Random(43);
  for (const rows of SIZES) {
    for (const n of SIZES) {
      const [x, out] = [draw(random, rows * n), blank(n)];
      leavesAlone([x], () => sumOfRows(x, out, rows));
      const expected = Array.from({ length: n }, (_, j) =>
        ascending(Array.from({ length: rows }, (_, i) => x[i * n + j])),
      );
      assertSameBits(out, expected, `seed 43, ${rows}x${n}`);
    }
  }
});

test('sumOfRows from the last row upwards would be noticed', () => {
  const [x, out] = [normals(new Random(44), 11 * 3), blank(3)];
  sumOfRows(x, out, 11);
  const upwards = Array.from(out, (_, j) =>
    ascending([...x].filter((_, i) => i % 3 === j).reverse()),
  );
  expect(() => assertSameBits(out, upwards, 'upwards')).toThrow('upwards: entry');
});

test('a bias and its transpose on small integers, by hand', () => {
  const out = blank(6);
  addToRows(Float64Array.of(1, 2, 3, 4, 5, 6), Float64Array.of(10, 20, 30), out, 2);
  assertSameBits(out, [11, 22, 33, 14, 25, 36], 'addToRows');
  const columns = blank(3);
  sumOfRows(out, columns, 2);
  assertSameBits(columns, [25, 47, 69], 'sumOfRows');
});

test('an output shorter than its inputs is filled, and nothing after it is written', () => {
  const [x, y] = [hostile(new Random(45), 7), hostile(new Random(46), 7)];
  const memory = blank(7);
  add(x, y, memory.subarray(0, 3));
  assertSameBits(memory, [x[0] + y[0], x[1] + y[1], x[2] + y[2], NaN, NaN, NaN, NaN], 'add');
});

test('exponential is exp of each entry, also in place', () => {
  const x = Float64Array.of(0, -0, 1, -745.2, 710, Infinity, -Infinity, NaN);
  const expected = Array.from(x, (each) => exp(each));
  exponential(x, x);
  assertSameBits(x, expected, 'exponential');
});
