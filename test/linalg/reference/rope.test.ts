import { expect, test } from 'vitest';
import { Random } from '../../../src/linalg/random.ts';
import {
  type RopeSizes,
  ropeFrequencies,
  ropeTables,
  rotate,
} from '../../../src/linalg/reference/rope.ts';
import { exp } from '../../../src/linalg/special/exp.ts';
import { log } from '../../../src/linalg/special/log.ts';
import { cos, sin } from '../../../src/linalg/special/sin-cos.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import { ascending, blank, leavesAlone, normals } from '../cases.ts';

const POSITIONS = Float64Array.of(0, 1, 7, 40);

function tables(rotated: number, positions = POSITIONS): [Float64Array, Float64Array] {
  const length = (positions.length * rotated) / 2;
  const [cosines, sines] = [blank(length), blank(length)];
  const frequencies = ropeFrequencies(10000, rotated);
  leavesAlone([positions, frequencies], () => ropeTables(positions, frequencies, cosines, sines));
  return [cosines, sines];
}

function turned(sizes: RopeSizes, x: Float64Array, inverse = false): Float64Array {
  const [cosines, sines] = tables(sizes.rotated);
  const out = blank(x.length);
  leavesAlone([x, cosines, sines], () => rotate(sizes, cosines, sines, inverse, x, out));
  return out;
}

test('tables are cos and sin of p·exp(−((2j/ρ)·log base)); pair 0 turns by p itself', () => {
  const [cosines, sines] = tables(6);
  const angles = Array.from(POSITIONS, (p) =>
    [0, 1, 2].map((j) => p * exp(-(((2 * j) / 6) * log(10000)))),
  ).flat();
  assertSameBits(cosines, angles.map(cos), 'cosines');
  assertSameBits(sines, angles.map(sin), 'sines');
  assertSameBits([cosines[6], sines[6]], [cos(7), sin(7)], 'p = 7, j = 0');
});

test.each([
  [true, [0, 1, 2], [3, 4, 5]],
  [false, [0, 2, 4], [1, 3, 5]],
])('half %s pairs %j with %j, and leaves what lies beyond them', (half, first, second) => {
  const sizes = { rows: 4, heads: 3, width: 7, rotated: 6, half };
  const x = normals(new Random(251), 4 * 21);
  const [cosines, sines] = tables(6);
  const expected = x.slice();
  for (let at = 0; at < 84; at += 7) {
    const i = Math.floor(at / 21);
    first.forEach((a, j) => {
      const [c, s, b] = [cosines[3 * i + j], sines[3 * i + j], second[j]];
      expected[at + a] = x[at + a] * c - x[at + b] * s;
      expected[at + b] = x[at + a] * s + x[at + b] * c;
    });
  }
  assertSameBits(turned(sizes, x), expected, 'rotated');
  assertSameBits(turned(sizes, x).subarray(0, 21), x.subarray(0, 21), 'position 0');
  const inPlace = x.slice();
  rotate(sizes, cosines, sines, false, inPlace, inPlace);
  assertSameBits(inPlace, expected, 'in place');
});

test('the inverse turns back, and lengths stay, up to rounding', () => {
  for (const half of [true, false]) {
    const sizes = { rows: 4, heads: 2, width: 4, rotated: 4, half };
    const x = normals(new Random(252), 32);
    const back = turned(sizes, turned(sizes, x), true);
    const squares = (y: Float64Array): number => ascending(Array.from(y, (t) => t * t));
    // Measured 5e-16 with cos² + sin² = 1 up to 2u: entries below 3 are off by a few u each.
    back.forEach((t, at) => {
      expect(Math.abs(t - x[at])).toBeLessThan(1e-14);
    });
    expect(Math.abs(squares(turned(sizes, x)) / squares(x) - 1)).toBeLessThan(1e-14);
  }
});

test('products of a turned query and key depend on the distance of their positions', () => {
  const sizes = { rows: 2, heads: 1, width: 6, rotated: 6, half: true };
  const x = normals(new Random(253), 12);
  const product = (p: number, q: number): number => {
    const [cosines, sines] = tables(6, Float64Array.of(p, q));
    const out = blank(12);
    rotate(sizes, cosines, sines, false, x, out);
    return ascending([0, 1, 2, 3, 4, 5].map((c) => out[c] * out[6 + c]));
  };
  // Measured 2e-15; angles up to 30 are rounded to 30u each.
  expect(Math.abs(product(3, 9) - product(20, 26))).toBeLessThan(1e-13);
  expect(Math.abs(product(3, 9) - product(3, 6))).toBeGreaterThan(0.01);
});
