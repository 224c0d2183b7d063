import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exact } from '../../src/linalg/exact.ts';
import { multiplyNTFloat32 } from '../../src/linalg/float32-product.ts';
import {
  BFLOAT16,
  FLOAT16,
  FLOAT32,
  type NumberFormat,
  roundAll,
  roundTo,
  withSignificand,
} from '../../src/linalg/formats.ts';
import { matrix, Random } from '../../src/linalg/index.ts';
import { roundExactly } from '../support/round-exactly.ts';
import { assertSameBits } from '../support/same-bits.ts';

/** All finite numbers ≥ 0 of a format of 16 bits, ascending, from their bits. */
function allOf({ precision, leastExponent }: NumberFormat): number[] {
  const fractionBits = precision - 1;
  const infinity = ((1 << (16 - precision)) - 1) << fractionBits;
  return Array.from({ length: infinity }, (_, bits) => {
    const biased = bits >> fractionBits;
    const fraction = bits & ((1 << fractionBits) - 1);
    const m = biased === 0 ? fraction : fraction + (1 << fractionBits);
    return m * 2 ** (Math.max(biased, 1) - 1 + leastExponent - fractionBits);
  });
}

/** The double after x > 0, or before it. */
function neighbour(x: number, by: bigint): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  view.setBigInt64(0, view.getBigInt64(0) + by);
  return view.getFloat64(0);
}

test.each([
  [BFLOAT16, 0x7f80, 3.3895313892515355e38],
  [FLOAT16, 0x7c00, 65504],
])(
  'every number of $name is kept, and every tie and its neighbours go where they should',
  (format, count, largest) => {
    const numbers = allOf(format);
    expect(numbers).toHaveLength(count);
    expect(numbers.at(-1)).toBe(largest);
    numbers.forEach((x, bits) => {
      assertSameBits([roundTo(format, x), roundTo(format, -x)], [x, -x], `bits ${bits}`);
      // Beyond the largest number stands the power of two that would follow it.
      const next = numbers[bits + 1] ?? 2 ** (format.greatestExponent + 1);
      const above = numbers[bits + 1] ?? Infinity;
      const tie = x + (next - x) / 2; // exact
      const even = bits % 2 === 0 ? x : above;
      const found = [neighbour(tie, -1n), tie, neighbour(tie, 1n)].flatMap((y) => [
        roundTo(format, y),
        roundTo(format, -y),
      ]);
      assertSameBits(found, [x, -x, even, -even, above, -above], `tie after bits ${bits}`);
    });
  },
);

const RUNS = { numRuns: 3000, seed: 24 };

/** Any double, and doubles around the ends of the formats and their ties. */
const double = fc.oneof(
  fc.double(),
  fc
    .tuple(fc.integer({ min: -(2 ** 30), max: 2 ** 30 }), fc.integer({ min: -200, max: 140 }))
    .map(([m, e]) => m * 2 ** e),
);

test('float32 is what Math.fround does, from the least subnormal to beyond the largest', () => {
  fc.assert(
    fc.property(double, (x) => {
      assertSameBits([roundTo(FLOAT32, x)], [Math.fround(x)], `${x}`);
    }),
    RUNS,
  );
  const edges = [2 ** -149, 2 ** -150, neighbour(2 ** -150, 1n), 2 ** -126, 3.4028234663852886e38];
  const overflow = [neighbour(3.4028235677973366e38, -1n), 3.4028235677973366e38, 1e300];
  const odd = [0, Infinity, Number.NaN, 5e-324];
  for (const x of [...edges, ...overflow, ...odd].flatMap((y) => [y, -y])) {
    assertSameBits([roundTo(FLOAT32, x)], [Math.fround(x)], `${x}`);
  }
  const all = Float64Array.of(...edges, ...overflow, ...odd);
  assertSameBits(roundAll(FLOAT32, all), all.map(Math.fround), 'roundAll');
});

test('every number of significant bits rounds as integers say', () => {
  const bits = fc.integer({ min: 2, max: 51 });
  fc.assert(
    fc.property(double, bits, (x, precision) => {
      if (!Number.isFinite(x) || x === 0) return;
      const format = withSignificand(precision);
      const { numerator, exponent } = exact(x);
      const right = roundExactly(format, numerator, exponent);
      const signed = right === 0 ? 0 * x : right; // a zero keeps the sign
      assertSameBits([roundTo(format, x)], [signed], `${x} to ${precision} bits`);
    }),
    RUNS,
  );
});

test('rounding keeps order, and a second rounding changes nothing', () => {
  const format = fc.constantFrom(BFLOAT16, FLOAT16, FLOAT32, withSignificand(5));
  fc.assert(
    fc.property(format, double, double, (to, x, y) => {
      if (Number.isNaN(x) || Number.isNaN(y)) return;
      const [a, b] = [roundTo(to, Math.min(x, y)), roundTo(to, Math.max(x, y))];
      expect(a <= b).toBe(true);
      assertSameBits([roundTo(to, a), roundTo(to, b)], [a, b], 'again');
    }),
    RUNS,
  );
});

test('withSignificand knows float32 and bfloat16, and refuses what a double cannot simulate', () => {
  expect(withSignificand(24)).toBe(FLOAT32);
  expect(withSignificand(8)).toBe(BFLOAT16);
  expect(withSignificand(11)).toMatchObject({
    name: '11 bits',
    precision: 11,
    leastExponent: -126,
  });
  for (const bits of [1, 52, 7.5, Number.NaN]) {
    expect(() => withSignificand(bits)).toThrow(
      `withSignificand: an integer from 2 to 51 is required, got ${bits}`,
    );
  }
});

test('roundAll leaves its argument alone', () => {
  for (const format of [FLOAT32, BFLOAT16]) {
    const x = Float64Array.of(1 / 3, -1e-30);
    const rounded = roundAll(format, x);
    assertSameBits(x, [1 / 3, -1e-30], 'the argument');
    assertSameBits(rounded, [roundTo(format, 1 / 3), roundTo(format, -1e-30)], format.name);
  }
});

test('a float32 product rounds every product and every sum once, k ascending', () => {
  const random = new Random(5, 32);
  for (const [m, k, n] of [
    [3, 7, 5],
    [1, 32, 4],
    [2, 1, 9],
    [4, 0, 3],
  ]) {
    const draw = (rows: number, cols: number) =>
      matrix(
        rows,
        cols,
        Float64Array.from({ length: rows * cols }, () =>
          Math.fround(random.normal() * 2 ** random.integer(30)),
        ),
      );
    const [a, b] = [draw(m, k), draw(n, k)];
    const right = Array.from({ length: m * n }, (_, at) => {
      const [i, j] = [Math.floor(at / n), at % n];
      let sum = 0;
      for (let p = 0; p < k; p++) {
        const [x, y] = [exact(a.data[i * k + p]), exact(b.data[j * k + p])];
        const product = roundExactly(FLOAT32, x.numerator * y.numerator, x.exponent + y.exponent);
        const [s, t] = [exact(sum), exact(product)];
        const least = Math.min(s.exponent, t.exponent);
        const at = (z: { numerator: bigint; exponent: number }): bigint =>
          z.numerator << BigInt(z.exponent - least);
        sum = roundExactly(FLOAT32, at(s) + at(t), least);
      }
      return sum;
    });
    assertSameBits(multiplyNTFloat32(a, b).data, right, `${m}x${k}, ${n}x${k}`);
  }
});

test('a float32 product rounds its arguments first, and refuses other inner sizes', () => {
  const third = matrix(1, 1, Float64Array.of(1 / 3));
  const one = matrix(1, 1, Float64Array.of(1));
  assertSameBits(multiplyNTFloat32(third, one).data, [Math.fround(1 / 3)], 'a third');
  expect(() => multiplyNTFloat32(matrix(2, 3), matrix(3, 2))).toThrow(
    'multiplyNTFloat32: two matrices with as many columns are required, got 2x3 and 3x2',
  );
});
