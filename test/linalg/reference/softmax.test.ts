import { expect, test } from 'vitest';
import { type Dyadic, exact, multiplyExact, sumExact } from '../../../src/linalg/exact.ts';
import { Random } from '../../../src/linalg/random.ts';
import {
  softmax,
  softmaxBackward,
  softmaxRows,
  softmaxRowsBackward,
} from '../../../src/linalg/reference/softmax.ts';
import { exp } from '../../../src/linalg/special/exp.ts';
import { bigExp } from '../../support/big-functions.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import {
  blank,
  DRAWS,
  expectWithinGamma,
  leavesAlone,
  normals,
  productsOf,
  SIZES,
  twoLanes,
} from '../cases.ts';

const softmaxOf = (...x: number[]): Float64Array => {
  const y = blank(x.length);
  softmax(Float64Array.from(x), y, 0, x.length);
  return y;
};

test.each(DRAWS)('exponentials of x − max over their two-lane sum: %s entries', (_, draw) => {
  const random = new Random(61);
  for (const n of [...SIZES, 100]) {
    for (let round = 0; round < 30; round++) {
      const x = draw(random, n + 5);
      const [from, inner] = [round % 3, x.subarray(round % 3, (round % 3) + n)];
      const y = blank(n + 5);
      const returned = leavesAlone([x], () => softmax(x, y, from, n));
      const m = inner.reduce((largest, entry) => Math.max(largest, entry), -Infinity);
      const label = `seed 61, n = ${n}, round ${round}`;
      assertSameBits([returned], [m], `maximum, ${label}`);
      const expected = blank(n + 5); // around the row, and where there is no softmax, y stays
      if (Number.isFinite(m)) {
        const e = Array.from(inner, (entry) => exp(entry - m));
        const total = twoLanes(e);
        e.forEach((entry, j) => {
          expected[from + j] = entry / total;
        });
      }
      assertSameBits(y, expected, label);
      const inPlace = x.slice();
      softmax(inPlace, inPlace, from, n);
      const kept = Number.isFinite(m) ? y.subarray(from, from + n) : inner;
      assertSameBits(inPlace.subarray(from, from + n), kept, `in place, ${label}`);
    }
  }
});

test('a weight is exact to gamma_{n+6}, relatively, however small it is', () => {
  // Derived for exact x − max: 1.2u for each exp (0.6 ulp), n − 1 roundings of the sum, one
  // division; the scores are multiples of 2⁻²⁰ and so are their differences, without rounding.
  const random = new Random(62);
  for (const n of [1, 2, 3, 7, 64]) {
    const x = Float64Array.from({ length: n }, () => random.integer(300 * 2 ** 20) / 2 ** 20);
    const y = blank(n);
    const m = softmax(x, y, 0, n);
    const powers = Array.from(x, (entry): Dyadic => {
      const { mantissa, exponent } = bigExp(entry - m); // relative error below 2⁻²⁰⁰
      return { numerator: mantissa, exponent };
    });
    y.forEach((weight, j) => {
      // weight·Σe − e_j, against γ·e_j: the bound for one term e_j and the computed weight·Σe.
      const scaled = sumExact(powers.map((power) => multiplyExact(exact(weight), power)));
      expectWithinGamma(n + 6, scaled, [powers[j]], `seed 62, n = ${n}, entry ${j}`);
    });
  }
});

test('a shift that is exact in every entry changes no bit', () => {
  const random = new Random(63);
  for (let round = 0; round < 50; round++) {
    const x = Float64Array.from({ length: 11 }, () => random.integer(2 ** 20) / 2 ** 16);
    for (const shift of [-1e5, 1e5, 2 ** 30, -(2 ** 30) + 2 ** -16]) {
      assertSameBits(softmaxOf(...x.map((t) => t + shift)), softmaxOf(...x), `seed 63, ${shift}`);
    }
  }
});

test('an entry of −Infinity weighs exactly 0 and changes nothing but the pairing of the sum', () => {
  assertSameBits(softmaxOf(-Infinity, 2, 2), [0, 0.5, 0.5], 'first');
  assertSameBits(softmaxOf(0, -Infinity, 0, -Infinity), [0.5, 0, 0.5, 0], 'odd lane');
  assertSameBits(softmaxOf(-1e308, 1e308), [0, 1], 'far apart');
  assertSameBits(softmaxOf(1, 3, -Infinity, -Infinity), [...softmaxOf(1, 3), 0, 0], 'appended');
});

test('a row whose maximum is not finite returns it and leaves y as it was', () => {
  for (const [x, m] of [
    [[-Infinity, -Infinity], -Infinity],
    [[1, Infinity], Infinity],
    [[1, Number.NaN], Number.NaN],
    [[Number.NaN, Infinity], Number.NaN],
    [[], -Infinity],
  ] as const) {
    const y = Float64Array.from(x, (_, j) => j + 0.25);
    assertSameBits([softmax(Float64Array.from(x), y, 0, x.length)], [m], `maximum of ${x}`);
    assertSameBits(
      y,
      Float64Array.from(x, (_, j) => j + 0.25),
      `y of ${x}`,
    );
  }
});

test('equal scores share equally, and one score takes all', () => {
  assertSameBits(softmaxOf(-3), [1], 'one');
  assertSameBits(softmaxOf(7, 7, 7, 7), [0.25, 0.25, 0.25, 0.25], 'four');
});

test.each(DRAWS)('backward is y·(dy − mean), the mean in two lanes: %s entries', (_, draw) => {
  const random = new Random(64);
  for (const n of [...SIZES, 100]) {
    for (let round = 0; round < 20; round++) {
      const [y, dy] = [draw(random, n + 7), draw(random, n + 7)];
      const [fromY, from] = [round % 3, round % 5];
      const dx = blank(n + 7);
      leavesAlone([y, dy], () => softmaxBackward(y, fromY, dy, dx, from, n));
      const [Y, D] = [y.slice(fromY, fromY + n), dy.slice(from, from + n)];
      const mean = twoLanes(Array.from(D, (d, j) => d * Y[j]));
      const expected = blank(n + 7);
      expected.set(
        D.map((d, j) => Y[j] * (d - mean)),
        from,
      );
      assertSameBits(dx, expected, `seed 64, n = ${n}, round ${round}`);
      softmaxBackward(y, fromY, dy, dy, from, n);
      assertSameBits(dy.slice(from, from + n), expected.slice(from, from + n), 'in place');
    }
  }
});

test('backward is the transposed Jacobian y_j·([j = k] − y_k) within gamma_{n+2}', () => {
  // Derived: n roundings of the mean, one of the difference, one of the product.
  const random = new Random(65);
  for (const n of [1, 2, 5, 13]) {
    const [y, dy, dx] = [softmaxOf(...normals(random, n)), normals(random, n), blank(n)];
    softmaxBackward(y, 0, dy, dx, 0, n);
    dx.forEach((computed, j) => {
      const yj = exact(y[j]);
      const terms = productsOf(y, dy).map((term) => multiplyExact(yj, term));
      const own = multiplyExact(yj, exact(dy[j]));
      const minus = terms.map((term) => ({ ...term, numerator: -term.numerator }));
      expectWithinGamma(n + 2, computed, [own, ...minus], `seed 65, n = ${n}, entry ${j}`);
    });
  }
});

test('that Jacobian is the derivative of the forward pass', () => {
  const random = new Random(66);
  const [x, dy, direction, dx] = [5, 5, 5, 5].map((n) => normals(random, n));
  const h = 2 ** -17;
  const along = (step: number) => softmaxOf(...x.map((entry, j) => entry + step * direction[j]));
  const [after, before] = [along(h), along(-h)];
  softmaxBackward(softmaxOf(...x), 0, dy, dx, 0, 5);
  const slope = dy.reduce((sum, d, j) => sum + d * ((after[j] - before[j]) / (2 * h)), 0);
  const predicted = dx.reduce((sum, d, j) => sum + d * direction[j], 0);
  expect(Math.abs(predicted)).toBeGreaterThan(0.01); // not a gradient that zeros would pass
  // Measured 2e-12; the central difference is off by h²/6 times a third derivative, about 1e-11.
  expect(Math.abs(slope - predicted)).toBeLessThan(1e-10);
});

test('backward by hand: y = (¼, ¾), dy = (4, 8), mean 7', () => {
  const dx = blank(2);
  softmaxBackward(Float64Array.of(0.25, 0.75), 0, Float64Array.of(4, 8), dx, 0, 2);
  assertSameBits(dx, [-0.75, 0.75], 'dx');
});

test('the functions of matrices are those of one row, row by row', () => {
  const random = new Random(64);
  for (const [rows, n] of [
    [0, 3],
    [3, 0],
    [1, 1],
    [5, 7],
  ]) {
    const [x, dy] = [normals(random, rows * n), normals(random, rows * n)];
    const [y, dx, expectedY, expected] = [0, 1, 2, 3].map(() => blank(rows * n));
    expect(leavesAlone([x], () => softmaxRows(x, y, rows, n))).toBe(n === 0 ? 0 : -1);
    leavesAlone([x, dy], () => softmaxRowsBackward(x, dy, dx, rows, n));
    for (let i = 0; i < rows; i++) {
      softmax(x, expectedY, i * n, n);
      softmaxBackward(x, i * n, dy, expected, i * n, n);
    }
    assertSameBits(y, expectedY, `seed 64, ${rows}x${n}`);
    assertSameBits(dx, expected, `seed 64, ${rows}x${n}, backward`);
  }
});

test('softmaxRows stops at the first row without a softmax', () => {
  const x = Float64Array.of(1, 1, -Infinity, 2, 1, NaN, -Infinity, -Infinity);
  const y = blank(8);
  expect(softmaxRows(x, y, 4, 2)).toBe(2);
  assertSameBits(y, [0.5, 0.5, 0, 1, NaN, NaN, NaN, NaN], 'rows');
  expect(softmaxRows(x.subarray(6), y, 1, 2)).toBe(0);
});
