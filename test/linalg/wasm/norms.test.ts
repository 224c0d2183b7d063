import { describe, expect, test } from 'vitest';
import { Random } from '../../../src/linalg/random.ts';
import * as twins from '../../../src/linalg/reference/norms.ts';
import { arena } from '../../../src/linalg/wasm/memory.ts';
import * as kernels from '../../../src/linalg/wasm/norms.ts';
import {
  type NormsBackwardExports,
  normsBackwardModule,
} from '../../../src/linalg/wasm/norms-backward-module.ts';
import { type NormsExports, normsModule } from '../../../src/linalg/wasm/norms-module.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import { blank, DRAWS, leavesAlone, normals } from '../cases.ts';
import { runGuarded } from './guarded.ts';

// Either side of a pair, of a group of rows (4) and of a piece (4096).
const SHAPES = [
  [0, 3],
  [3, 0],
  [1, 1],
  [1, 2],
  [2, 1],
  [3, 5],
  [4, 4],
  [5, 3],
  [7, 8],
  [8, 31],
  [9, 33],
  [129, 31],
  [128, 32],
  [127, 33],
  [2, 4096],
  [5, 4097],
] as const;

type Twins = typeof twins;

/** A call of a forward function and of its backward function, by the names of their arguments. */
interface Norm {
  forward(
    k: Twins,
    epsilon: number,
    operands: Readonly<Record<'x' | 'g' | 'b' | 'y' | 'z' | 's', Float64Array>>,
  ): number;
  backward(k: Twins, operands: Readonly<Record<'g' | 'z' | 's' | 'dy' | 'dx', Float64Array>>): void;
}

const layer: Norm = {
  forward: (k, epsilon, { x, g, b, y, z, s }) => k.layerNorm(epsilon, x, g, b, y, z, s),
  backward: (k, { g, z, s, dy, dx }) => k.layerNormBackward(g, z, s, dy, dx),
};

const rms = (offset: number): Norm => ({
  forward: (k, epsilon, { x, g, y, z, s }) => k.rmsNorm(epsilon, offset, x, g, y, z, s),
  backward: (k, { g, z, s, dy, dx }) => k.rmsNormBackward(offset, g, z, s, dy, dx),
});

const NORMS = [
  ['layerNorm', layer],
  ['rmsNorm', rms(0)],
  ['rmsNorm with 1 + g', rms(1)],
] as const;

/** Compares one forward call; returns the row it stopped at. */
function compareForward(
  { forward }: Norm,
  epsilon: number,
  x: Float64Array,
  g: Float64Array,
  b: Float64Array,
  rows: number,
  label: string,
): number {
  const outputs = () => ({ y: blank(x.length), z: blank(x.length), s: blank(rows) });
  const [actual, expected] = [outputs(), outputs()];
  const stopped = leavesAlone([x, g, b], () => forward(kernels, epsilon, { x, g, b, ...actual }));
  expect(stopped, label).toBe(forward(twins, epsilon, { x, g, b, ...expected }));
  for (const name of ['y', 'z', 's'] as const) {
    assertSameBits(actual[name], expected[name], `${label}, ${name}`);
  }
  const inPlace = { ...outputs(), y: x.slice() };
  forward(kernels, epsilon, { x: inPlace.y, g, b, ...inPlace });
  const done = (stopped < 0 ? rows : stopped) * g.length;
  assertSameBits(inPlace.y.subarray(0, done), expected.y.subarray(0, done), `${label}, in place`);
  assertSameBits(inPlace.y.subarray(done), x.subarray(done), `${label}, in place, not done`);
  return stopped;
}

describe.each(NORMS)('%s has the bits of its twin', (_name, norm) => {
  describe.each(DRAWS)('on %s entries', (kind, draw) => {
    test.each(SHAPES)('%dx%d', (rows, n) => {
      const random = new Random(91);
      for (const epsilon of [0, 1e-5]) {
        const [x, g, b] = [draw(random, rows * n), draw(random, n), draw(random, n)];
        compareForward(norm, epsilon, x, g, b, rows, `seed 91, epsilon = ${epsilon}`);
      }
      const [g, z, dy] = [draw(random, n), draw(random, rows * n), draw(random, rows * n)];
      const s = draw(random, rows);
      const [actual, expected] = [blank(rows * n), blank(rows * n)];
      leavesAlone([g, z, s, dy], () => norm.backward(kernels, { g, z, s, dy, dx: actual }));
      norm.backward(twins, { g, z, s, dy, dx: expected });
      assertSameBits(actual, expected, `seed 91, ${kind}, backward`);
      for (const name of ['dy', 'z'] as const) {
        const own = { g, z, s, dy, [name]: { z, dy }[name].slice() };
        norm.backward(kernels, { ...own, dx: own[name] });
        assertSameBits(own[name], expected, `seed 91, backward, over ${name}`);
      }
    });
  });

  test('where a divisor is 0, infinite or NaN, whichever row it is', () => {
    const random = new Random(92);
    const [rows, n] = [11, 6];
    for (const wrong of [0, 1e300, Infinity, -Infinity, NaN]) {
      for (let bad = 0; bad < rows; bad++) {
        const x = normals(random, rows * n);
        const [g, b] = [normals(random, n), normals(random, n)];
        x.fill(wrong, bad * n, bad * n + n);
        x[bad * n + 2] = -wrong; // with 1e300 a square overflows
        const label = `seed 92, ${wrong} in row ${bad}`;
        expect(compareForward(norm, 0, x, g, b, rows, label), label).toBe(bad);
        x[(rows - 1) * n] = NaN; // a second one, later or the same
        expect(compareForward(norm, 0, x, g, b, rows, label), label).toBe(bad);
      }
    }
  });

  test('where the bad row is in a later piece than the first', () => {
    const random = new Random(93);
    const n = 1000; // four rows a piece
    for (const bad of [0, 3, 4, 5, 8]) {
      const x = normals(random, 9 * n);
      x[bad * n + 500] = NaN;
      const [g, b] = [normals(random, n), normals(random, n)];
      expect(compareForward(norm, 1e-5, x, g, b, 9, 'seed 93')).toBe(bad);
    }
  });

  test('on tiny and huge entries', () => {
    const random = new Random(94);
    for (const size of [5e-324, 1e-310, 1e-300, 1e-160, 1e150, 1e154]) {
      const x = normals(random, 45).map((entry) => entry * size);
      const [g, b] = [normals(random, 9), normals(random, 9)];
      for (const epsilon of [0, 1e-300, 1]) {
        compareForward(norm, epsilon, x, g, b, 5, `seed 94, ${size}, epsilon = ${epsilon}`);
      }
    }
  });

  // Nine rows of 1000 are three pieces, if an operand is copied.
  test.each([7, 1000])('on operands in Wasm memory, all of them or some, rows of %d', (n) => {
    const random = new Random(95);
    const room = arena();
    const rows = 9;
    const here = (x: Float64Array): Float64Array => {
      const copy = room.take(x.length);
      copy.set(x);
      return copy;
    };
    for (let mask = 0; mask < 64; mask++) {
      const mark = room.used;
      const [x, g, b] = [normals(random, rows * n), normals(random, n), normals(random, n)];
      x[5 * n] = mask % 2 === 0 ? 0 : NaN;
      const parts = { x, g, b, y: blank(rows * n), z: blank(rows * n), s: blank(rows) };
      const names = ['x', 'g', 'b', 'y', 'z', 's'] as const;
      const moved = { ...parts, y: blank(rows * n), z: blank(rows * n), s: blank(rows) };
      names.forEach((name, i) => {
        if ((mask >> i) & 1) moved[name] = here(moved[name]);
      });
      expect(norm.forward(kernels, 0, moved)).toBe(norm.forward(twins, 0, parts));
      for (const name of names) assertSameBits(moved[name], parts[name], `seed 95, ${mask}`);
      room.release(mark);
    }
  });
});

test('nothing but the results is written, wherever memory ends', () => {
  const random = new Random(96);
  for (const [rows, n, bad] of [
    [1, 1, -1],
    [3, 2, -1],
    [4, 3, -1],
    [5, 4, 4],
    [6, 5, 2],
    [9, 7, -1],
  ] as const) {
    const [x, dy] = [normals(random, rows * n), normals(random, rows * n)];
    const [g, b] = [normals(random, n), normals(random, n)];
    if (bad >= 0) x[bad * n] = NaN;
    const z = normals(random, rows * n);
    const s = normals(random, rows);
    for (const last of ['x', 'g', 'b', 'y', 'z', 's']) {
      for (const name of ['layerNorm', 'rmsNorm'] as const) {
        const norm = name === 'layerNorm' ? layer : rms(1);
        const outputs = () => ({ y: blank(rows * n), z: blank(rows * n), s: blank(rows) });
        const expected = outputs();
        norm.forward(twins, 0.5, { x, g, b, ...expected });
        const operands = { x, g, b, ...outputs() };
        const results = runGuarded(normsModule(), operands, ['y', 'z', 's'], last, (f, at) => {
          const k = f as unknown as NormsExports;
          const rest = [at['y'], at['z'], at['s'], rows, n] as const;
          const stopped =
            name === 'layerNorm'
              ? k.layerNorm(0.5, at['x'], at['g'], at['b'], ...rest)
              : k.rmsNorm(0.5, 1, at['x'], at['g'], ...rest);
          expect(stopped).toBe(bad);
        });
        for (const output of ['y', 'z', 's'] as const) {
          assertSameBits(results[output], expected[output], `seed 96, ${name}, ${last} last`);
        }
      }
    }
    for (const last of ['g', 'z', 's', 'dy', 'dx']) {
      for (const name of ['layerNormBackward', 'rmsNormBackward'] as const) {
        const norm = name === 'layerNormBackward' ? layer : rms(1);
        const expected = blank(rows * n);
        norm.backward(twins, { g, z, s, dy, dx: expected });
        const operands = { g, z, s, dy, dx: blank(rows * n) };
        const { dx } = runGuarded(normsBackwardModule(), operands, ['dx'], last, (f, at) => {
          const k = f as unknown as NormsBackwardExports;
          const rest = [at['g'], at['z'], at['s'], at['dy'], at['dx'], rows, n] as const;
          if (name === 'layerNormBackward') k.layerNormBackward(...rest);
          else k.rmsNormBackward(1, ...rest);
        });
        assertSameBits(dx, expected, `seed 96, ${name}, ${last} last`);
      }
    }
  }
});

test.each([
  ['forward', normsModule],
  ['backward', normsBackwardModule],
])('the %s module is small enough to be compiled where a browser draws', (_, module) => {
  expect(module().length).toBeLessThan(4096); // Chrome compiles no more than 4 KiB there
});
