import { describe, expect, test } from 'vitest';
import { Random } from '../../../src/linalg/random.ts';
import * as twins from '../../../src/linalg/reference/elementwise.ts';
import {
  add,
  multiply,
  reluBackward,
  subtract,
} from '../../../src/linalg/reference/elementwise.ts';
import * as kernels from '../../../src/linalg/wasm/elementwise.ts';
import { elementwiseModule } from '../../../src/linalg/wasm/elementwise.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import { blank, DRAWS, hostile, leavesAlone } from '../cases.ts';
import { runGuarded } from './guarded.ts';

// Either side of a pair, of a turn (4), of a plain copy (8) and of a piece (4096).
const LENGTHS = [0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 127, 4095, 4096, 4097, 8191, 8192, 8193];
const SHAPES = [
  [0, 0],
  [0, 3],
  [3, 0],
  [1, 1],
  [3, 5],
  [7, 4],
  [129, 31],
  [128, 32],
  [127, 33],
  [2, 4096],
  [3, 4097],
  [2, 8193],
] as const;

type Call = (k: typeof twins, x: Float64Array, y: Float64Array, out: Float64Array) => void;
const MAPS: readonly (readonly [string, Call])[] = [
  ['add', (k, x, y, out) => k.add(x, y, out)],
  ['subtract', (k, x, y, out) => k.subtract(x, y, out)],
  ['multiply', (k, x, y, out) => k.multiply(x, y, out)],
  ['reluBackward', (k, x, y, out) => k.reluBackward(x, y, out)],
  ['relu', (k, x, _y, out) => k.relu(x, out)],
  ['scale by 1/3', (k, x, _y, out) => k.scale(1 / 3, x, out)],
  ['scale by -0', (k, x, _y, out) => k.scale(-0, x, out)],
];

const fast: typeof twins = { ...twins, ...kernels };

describe.each(MAPS)('%s has the bits of its twin', (_name, call) => {
  test.each(DRAWS)('on %s entries, around a pair, a turn and a piece', (_, draw) => {
    const random = new Random(41);
    for (const n of LENGTHS) {
      const [x, y] = [draw(random, n + 1), draw(random, n + 1)]; // one entry more than is read
      const [actual, expected] = [blank(n), blank(n)];
      leavesAlone([x, y], () => call(fast, x, y, actual));
      call(twins, x, y, expected);
      assertSameBits(actual, expected, `seed 41, n = ${n}`);
    }
  });

  test('when the result replaces an input', () => {
    const random = new Random(42);
    const [x, y] = [hostile(random, 4099), hostile(random, 4099)];
    const expected = blank(4099);
    call(twins, x, y, expected);
    const [overX, overY] = [x.slice(), y.slice()];
    call(fast, overX, y, overX);
    call(fast, x, overY, overY);
    assertSameBits(overX, expected, 'seed 42, over x');
    assertSameBits(overY, expected, 'seed 42, over y');
  });
});

describe.each(DRAWS)('on %s entries', (_, draw) => {
  test.each(SHAPES)('addToRows and sumOfRows have the bits of their twins: %dx%d', (rows, n) => {
    const random = new Random(43);
    const [x, b] = [draw(random, rows * n), draw(random, n)];
    const [actual, expected] = [blank(rows * n + 2), blank(rows * n + 2)];
    leavesAlone([x, b], () => kernels.addToRows(x, b, actual, rows));
    twins.addToRows(x, b, expected, rows);
    assertSameBits(actual, expected, `seed 43, addToRows`);

    const [sum, expectedSum] = [blank(n), blank(n)];
    leavesAlone([x], () => kernels.sumOfRows(x, sum, rows));
    twins.sumOfRows(x, expectedSum, rows);
    assertSameBits(sum, expectedSum, `seed 43, sumOfRows`);

    kernels.addToRows(x, b, x, rows);
    assertSameBits(x, expected.subarray(0, rows * n), `seed 43, in place`);
  });
});

describe('in memory, nothing but the result is written, wherever memory ends:', () => {
  type Raw = Record<string, (...args: number[]) => void>;

  test.each(Object.entries({ add, subtract, multiply, reluBackward }))('%s', (name, twin) => {
    const random = new Random(44);
    for (const n of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) {
      const [x, y] = [hostile(random, n), hostile(random, n)];
      const expected = blank(n);
      twin(x, y, expected);
      for (const last of ['x', 'y', 'out']) {
        const { out } = runGuarded(
          elementwiseModule(),
          { x, y, out: blank(n) },
          ['out'],
          last,
          (f, at) => (f as unknown as Raw)[name](at['x'], at['y'], at['out'], n),
        );
        assertSameBits(out, expected, `seed 44, n = ${n}, ${last} last`);
      }
    }
  });

  test.each(['relu', 'scale'] as const)('%s', (name) => {
    const random = new Random(45);
    for (const n of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) {
      const x = hostile(random, n);
      const expected = blank(n);
      if (name === 'relu') twins.relu(x, expected);
      else twins.scale(-3, x, expected);
      for (const last of ['x', 'out']) {
        const { out } = runGuarded(
          elementwiseModule(),
          { x, out: blank(n) },
          ['out'],
          last,
          (f, at) => {
            const args = name === 'relu' ? [] : [-3];
            (f as unknown as Raw)[name](...args, at['x'], at['out'], n);
          },
        );
        assertSameBits(out, expected, `seed 45, n = ${n}, ${last} last`);
      }
    }
  });

  test('addToRows and addRows', () => {
    const random = new Random(46);
    for (const [rows, n] of [
      [3, 5],
      [2, 4],
      [1, 7],
    ]) {
      const [x, b] = [hostile(random, rows * n), hostile(random, n)];
      const [expected, sum] = [blank(rows * n), blank(n)];
      twins.addToRows(x, b, expected, rows);
      twins.sumOfRows(x, sum, rows);
      for (const last of ['x', 'b', 'out', 'sum']) {
        const operands = { x, b, out: blank(rows * n), sum: new Float64Array(n) };
        const results = runGuarded(elementwiseModule(), operands, ['out', 'sum'], last, (f, at) => {
          const raw = f as unknown as Raw;
          raw['addToRows'](at['x'], at['b'], at['out'], rows, n);
          raw['addRows'](at['x'], at['sum'], rows, n);
        });
        assertSameBits(results['out'], expected, `seed 46, ${rows}x${n}, ${last} last`);
        assertSameBits(results['sum'], sum, `seed 46, ${rows}x${n}, ${last} last`);
      }
    }
  });
});

test('the module is small enough to be compiled where a browser draws', () => {
  expect(elementwiseModule().length).toBeLessThan(4096); // Chrome compiles no more than 4 KiB there
});
