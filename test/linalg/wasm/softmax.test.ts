import { describe, expect, test } from 'vitest';
import { Random } from '../../../src/linalg/random.ts';
import * as twins from '../../../src/linalg/reference/softmax.ts';
import { exp as expOfOne } from '../../../src/linalg/special/exp.ts';
import { arena } from '../../../src/linalg/wasm/memory.ts';
import {
  exp,
  type SoftmaxExports,
  softmax,
  softmaxBackward,
  softmaxModule,
  softmaxRows,
  softmaxRowsBackward,
} from '../../../src/linalg/wasm/softmax.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import { blank, DRAWS, hostile, leavesAlone, normals } from '../cases.ts';
import { runGuarded } from './guarded.ts';

// Either side of a pair, of a turn (4), of a plain copy (8) and of a piece (4096).
const LENGTHS = [0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 41, 127, 128, 129, 4095, 4096, 4097];

describe('exp has the bits of the function of one double', () => {
  function compare(x: Float64Array, label: string): void {
    const out = blank(x.length);
    leavesAlone([x], () => exp(x, out));
    assertSameBits(out, x.map(expOfOne), label);
  }

  test.each(DRAWS)('on %s entries of every length', (_, draw) => {
    for (const n of LENGTHS) compare(draw(new Random(61), n), `seed 61, n = ${n}`);
  });

  test('over its whole range, subnormal results and overflow included', () => {
    const random = new Random(62);
    for (const size of [1e-300, 1e-8, 1, 40, 800]) {
      const x = Float64Array.from({ length: 20_001 }, () => (2 * random.uniform() - 1) * size);
      compare(x, `seed 62, |x| < ${size}`);
    }
  });

  test('at zeros, infinities, NaN, and around every bound', () => {
    const bounds = [0, 709.782712893384, 710, -708.3964185322641, -745.1332191019412, -746, 1e300];
    const steps = [-2, -1, 0, 1, 2].map((k) => 1 + k * 2 ** -52);
    const near = bounds.flatMap((bound) => steps.map((step) => bound * step));
    compare(
      Float64Array.of(...near, -0, NaN, Infinity, -Infinity, 5e-324, -5e-324, NaN, 1),
      'bounds',
    );
  });

  test('where x is halfway between two multiples of ln 2', () => {
    const half = Float64Array.from({ length: 2153 }, (_, k) => (k - 1076.5) * Math.LN2);
    compare(half, 'halves');
  });
});

describe('softmax has the bits of its twin', () => {
  function compare(x: Float64Array, from: number, n: number, label: string): void {
    const [actual, expected] = [blank(x.length), blank(x.length)];
    const m = leavesAlone([x], () => softmax(x, actual, from, n));
    assertSameBits([m], [twins.softmax(x, expected, from, n)], `${label}, maximum`);
    assertSameBits(actual, expected, label);
    softmax(x, x, from, n);
    const kept = Number.isFinite(m) ? expected.subarray(from, from + n) : x.slice(from, from + n);
    assertSameBits(x.subarray(from, from + n), kept, `${label}, in place`);
  }

  test.each(LENGTHS)('on a row of %d entries, in the middle of others', (n) => {
    const random = new Random(63);
    compare(normals(random, n + 5), 2, n, `seed 63, n = ${n}`);
    compare(
      normals(random, n + 5).map((x) => 300 * x),
      3,
      n,
      `seed 63, n = ${n}, steep`,
    );
  });

  test('on hostile rows, whose largest entry may not be finite', () => {
    const random = new Random(64);
    for (let round = 0; round < 400; round++) {
      const n = random.integer(12);
      compare(hostile(random, n + 3), 1, n, `seed 64, round ${round}`);
    }
  });

  test('on masked entries, which weigh exactly nothing, and on rows of them alone', () => {
    compare(Float64Array.of(1, -Infinity, 2, -Infinity, 3), 0, 5, 'masked');
    compare(Float64Array.of(-Infinity, -Infinity, -Infinity), 0, 3, 'all masked');
    compare(Float64Array.of(0, -0, -0), 0, 3, 'zeros');
    compare(Float64Array.of(-0, 0), 0, 2, 'zeros');
    compare(Float64Array.of(1, NaN, 2, 3, 4), 0, 5, 'NaN');
    compare(Float64Array.of(1, 2, 3, 4, NaN), 0, 5, 'NaN at the end');
  });
});

const taken = (x: Float64Array): Float64Array => {
  const copy = arena().take(x.length);
  copy.set(x);
  return copy;
};
const PLACES = [
  ['ordinary memory', (x: Float64Array) => x],
  ['Wasm memory', taken],
] as const;

// Rows and columns, either side of a pair and of a piece (4096).
const SHAPES = [
  [0, 0],
  [0, 3],
  [2, 0],
  [1, 1],
  [2, 2],
  [3, 5],
  [9, 4],
  [129, 31],
  [128, 32],
  [127, 33],
  [3, 4097],
] as const;

describe.each(PLACES)('in %s', (_place, place) => {
  describe.each(DRAWS)('on %s entries', (_, draw) => {
    test.each(LENGTHS)('softmaxBackward of a row of %d has the bits of its twin', (n) => {
      const mark = arena().used;
      const random = new Random(66);
      for (const [fromY, from] of [
        [0, 3],
        [2, 1],
      ]) {
        const [y, dy] = [draw(random, n + 5), draw(random, n + 5)].map(place);
        const [actual, expected] = [place(blank(n + 5)), blank(n + 5)];
        leavesAlone([y, dy], () => softmaxBackward(y, fromY, dy, actual, from, n));
        twins.softmaxBackward(y, fromY, dy, expected, from, n);
        assertSameBits(actual, expected, `seed 66, from ${from}`);
        softmaxBackward(y, fromY, dy, dy, from, n);
        assertSameBits(dy.subarray(from, from + n), expected.subarray(from, from + n), 'in place');
      }
      arena().release(mark);
    });

    test.each(SHAPES)(
      'both functions of %dx%d matrices have the bits of their twins',
      (rows, n) => {
        const mark = arena().used;
        const random = new Random(67);
        const [x, dy] = [draw(random, rows * n), draw(random, rows * n)].map(place);
        const [y, expectedY] = [place(blank(rows * n)), blank(rows * n)];
        const stopped = leavesAlone([x], () => softmaxRows(x, y, rows, n));
        expect(stopped).toBe(twins.softmaxRows(x, expectedY, rows, n));
        assertSameBits(y, expectedY, 'seed 67');
        const [dx, expected] = [place(blank(rows * n)), blank(rows * n)];
        leavesAlone([x, dy], () => softmaxRowsBackward(x, dy, dx, rows, n));
        twins.softmaxRowsBackward(x, dy, expected, rows, n);
        assertSameBits(dx, expected, 'seed 67, backward');

        softmaxRowsBackward(x, dy, dy, rows, n);
        assertSameBits(dy, expected, 'seed 67, backward in place');
        const done = stopped < 0 ? rows * n : stopped * n;
        const rest = x.slice(done);
        softmaxRows(x, x, rows, n);
        assertSameBits(x.subarray(0, done), expectedY.subarray(0, done), 'seed 67, in place');
        assertSameBits(x.subarray(done), rest, 'seed 67, in place, not done');
        arena().release(mark);
      },
    );
  });

  test.each(LENGTHS)('softmax of a row of %d has the bits of its twin', (n) => {
    const mark = arena().used;
    const random = new Random(70);
    for (const [x, y] of [
      [place(normals(random, n + 5)), place(blank(n + 5))],
      [place(normals(random, n + 5)), blank(n + 5)],
      [normals(random, n + 5), place(blank(n + 5))],
    ]) {
      const expected = blank(n + 5);
      assertSameBits([softmax(x, y, 3, n)], [twins.softmax(x, expected, 3, n)], 'seed 70, maximum');
      assertSameBits(y, expected, 'seed 70');
      softmax(x, x, 3, n);
      assertSameBits(x.subarray(3, n + 3), expected.subarray(3, n + 3), 'seed 70, in place');
    }
    arena().release(mark);
  });

  test('the first row whose largest entry is not finite is named, and none is written from there', () => {
    const mark = arena().used;
    const random = new Random(68);
    for (const wrong of [NaN, Infinity, -Infinity]) {
      for (let bad = 0; bad < 6; bad++) {
        for (const n of [5, 1000]) {
          const x = place(normals(random, 6 * n));
          if (wrong === -Infinity) x.fill(wrong, bad * n, bad * n + n);
          else x[bad * n + n - 1] = wrong;
          x[6 * n - 1] = NaN;
          const [y, expected] = [place(blank(6 * n)), blank(6 * n)];
          expect(softmaxRows(x, y, 6, n)).toBe(bad);
          expect(twins.softmaxRows(x, expected, 6, n)).toBe(bad);
          assertSameBits(y, expected, `seed 68, ${wrong} in row ${bad}`);
        }
      }
    }
    arena().release(mark);
  });
});

test('nothing but the result is written, wherever memory ends', () => {
  const random = new Random(65);
  for (const n of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) {
    const x = normals(random, n);
    const [powers, weights] = [x.map(expOfOne), blank(n)];
    twins.softmax(x, weights, 0, n);
    for (const last of ['x', 'powers', 'weights']) {
      const operands = { x, powers: blank(n), weights: blank(n) };
      const results = runGuarded(
        softmaxModule(),
        operands,
        ['powers', 'weights'],
        last,
        (f, at) => {
          const kernel = f as unknown as SoftmaxExports;
          kernel.exp(0, at['x'], at['powers'], n);
          kernel.softmax(at['x'], at['weights'], n);
        },
      );
      assertSameBits(results['powers'], powers, `seed 65, n = ${n}, ${last} last`);
      assertSameBits(results['weights'], weights, `seed 65, n = ${n}, ${last} last`);
    }
  }
});

test('the functions of matrices write nothing but their results, wherever memory ends', () => {
  const random = new Random(69);
  for (const [rows, n] of [
    [1, 1],
    [3, 2],
    [2, 3],
    [5, 4],
    [3, 7],
  ]) {
    const [x, dy] = [normals(random, rows * n), normals(random, rows * n)];
    const [weights, expected] = [blank(rows * n), blank(rows * n)];
    twins.softmaxRows(x, weights, rows, n);
    twins.softmaxRowsBackward(x, dy, expected, rows, n);
    for (const last of ['x', 'dy', 'y', 'dx']) {
      const operands = { x, dy, y: blank(rows * n), dx: blank(rows * n) };
      const results = runGuarded(softmaxModule(), operands, ['y', 'dx'], last, (f, at) => {
        const kernel = f as unknown as SoftmaxExports;
        expect(kernel.softmaxRows(at['x'], at['y'], rows, n)).toBe(-1);
        kernel.derivativeRows(at['x'], at['dy'], at['dx'], rows, n);
      });
      assertSameBits(results['y'], weights, `seed 69, ${rows}x${n}, ${last} last`);
      assertSameBits(results['dx'], expected, `seed 69, ${rows}x${n}, backward, ${last} last`);
    }
  }
});

test('the module is small enough to be compiled where a browser draws', () => {
  expect(softmaxModule().length).toBeLessThan(4096); // Chrome compiles no more than 4 KiB there
});
