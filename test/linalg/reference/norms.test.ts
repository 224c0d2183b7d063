import { expect, test } from 'vitest';
import { Random } from '../../../src/linalg/random.ts';
import {
  layerNorm,
  layerNormBackward,
  rmsNorm,
  rmsNormBackward,
} from '../../../src/linalg/reference/norms.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import { blank, leavesAlone, normals, twoLanes } from '../cases.ts';

const WIDTHS = [1, 2, 3, 5, 8, 13];
const EPSILON = 1e-5;
/** Rows of c numbers, as lists. */
const rowsOf = (x: Float64Array, c: number): number[][] =>
  Array.from({ length: x.length / c }, (_, i) => Array.from(x.subarray(i * c, (i + 1) * c)));
const products = (x: number[], y: number[]): number[] => x.map((xj, j) => xj * y[j]);

test.each(WIDTHS)('layerNorm and rmsNorm round in the stated order, width %i', (c) => {
  const random = new Random(201, c);
  for (const rows of [0, 1, 3]) {
    const [x, g, b] = [normals(random, rows * c), normals(random, c), normals(random, c)];
    const [y, z, s] = [blank(rows * c), blank(rows * c), blank(rows)];
    expect(leavesAlone([x, g, b], () => layerNorm(EPSILON, x, g, b, y, z, s))).toBe(-1);
    const [Y, Z, S] = [blank(rows * c), blank(rows * c), blank(rows)];
    expect(leavesAlone([x, g], () => rmsNorm(EPSILON, 1, x, g, Y, Z, S))).toBe(-1);
    rowsOf(x, c).forEach((row, i) => {
      const centred = row.map((entry) => entry - twoLanes(row) / c);
      const divisor = Math.sqrt(twoLanes(products(centred, centred)) / c + EPSILON);
      const unit = centred.map((entry) => entry / divisor);
      assertSameBits([s[i]], [divisor], 'divisor');
      assertSameBits(rowsOf(z, c)[i], unit, 'z');
      assertSameBits(
        rowsOf(y, c)[i],
        unit.map((entry, j) => entry * g[j] + b[j]),
        'y',
      );
      const root = Math.sqrt(twoLanes(products(row, row)) / c + EPSILON);
      assertSameBits([S[i]], [root], 'root');
      assertSameBits(
        rowsOf(Z, c)[i],
        row.map((entry) => entry / root),
        'Z',
      );
      assertSameBits(
        rowsOf(Y, c)[i],
        row.map((entry, j) => (entry / root) * (1 + g[j])),
        'Y',
      );
    });
  }
});

test.each(WIDTHS)('both backward passes round in the stated order, width %i', (c) => {
  const random = new Random(202, c);
  const [z, dy] = [normals(random, 3 * c), normals(random, 3 * c)];
  const [g, s] = [normals(random, c), normals(random, 3).map(Math.abs)];
  const [dx, DX] = [blank(3 * c), blank(3 * c)];
  leavesAlone([g, z, s, dy], () => layerNormBackward(g, z, s, dy, dx));
  leavesAlone([g, z, s, dy], () => rmsNormBackward(0, g, z, s, dy, DX));
  rowsOf(dy, c).forEach((row, i) => {
    const unit = rowsOf(z, c)[i];
    const t = products(row, [...g]);
    const [mean, along] = [twoLanes(t) / c, twoLanes(products(t, unit)) / c];
    assertSameBits(
      rowsOf(dx, c)[i],
      t.map((tj, j) => (tj - mean - unit[j] * along) / s[i]),
      'layerNorm',
    );
    assertSameBits(
      rowsOf(DX, c)[i],
      t.map((tj, j) => (tj - unit[j] * along) / s[i]),
      'rmsNorm',
    );
  });
});

test('by hand: (1, 3) is (−1, 1) about its mean; (3, 4) has the root mean square 5/√2', () => {
  const [y, z, s] = [blank(2), blank(2), blank(1)];
  layerNorm(0, Float64Array.of(1, 3), Float64Array.of(2, 5), Float64Array.of(10, 20), y, z, s);
  assertSameBits([...y, ...z, ...s], [8, 25, -1, 1, 1], 'layerNorm');
  rmsNorm(7, 0, Float64Array.of(1, -5, 7, 3), Float64Array.of(2, 2, 2, 2), blank(4), blank(4), s);
  assertSameBits(s, [Math.sqrt(28)], 'mean square 21, and 7');
  const x = Float64Array.of(3, 3, 3, 3);
  const Y = blank(4);
  rmsNorm(0, 1, x, Float64Array.of(0, 1, -1, 3), Y, blank(4), s);
  assertSameBits(Y, [1, 2, 0, 4], 'offset 1');
  // t = dy·g = (2, 0), mean 1, along (t·z)/2 = −1: dx = (t − 1 − z·(−1))/s = (0, 0): two points on a line
  const dx = blank(2);
  layerNormBackward(Float64Array.of(2, 5), z, Float64Array.of(4), Float64Array.of(1, 0), dx);
  assertSameBits(dx, [0, 0], 'dx');
});

test('the first row without a positive finite divisor is returned, and nothing written from it on', () => {
  const g = Float64Array.of(1, 1);
  for (const bad of [
    [2, 2],
    [NaN, 1],
    [Infinity, 1],
    [1e200, -1e200],
  ]) {
    const x = Float64Array.of(1, 2, ...bad, 3, 5);
    const [y, z, s] = [blank(6), blank(6), blank(3)];
    expect(layerNorm(0, x, g, g, y, z, s), `${bad}`).toBe(1);
    assertSameBits([...y.subarray(2), ...z.subarray(2)], blank(8), 'untouched');
    const zero = bad[0] === 2 ? Float64Array.of(1, 2, 0, 0, 3, 5) : x;
    expect(rmsNorm(0, 0, zero, g, y, z, blank(3)), `${bad}`).toBe(1);
  }
  expect(layerNorm(1e-5, Float64Array.of(2, 2), g, g, blank(2), blank(2), blank(1))).toBe(-1);
});
