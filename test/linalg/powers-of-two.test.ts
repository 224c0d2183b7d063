import { expect, test } from 'vitest';
import { dyadicToNumber, exact } from '../../src/linalg/exact.ts';
import {
  exponentOf,
  powerOfTwo,
  scaleToUnit,
  timesPowerOfTwo,
} from '../../src/linalg/powers-of-two.ts';
import { Random } from '../../src/linalg/random.ts';
import { assertSameBits } from '../support/same-bits.ts';
import { leavesAlone, normals } from './cases.ts';

/** 2^e for −1074 ≤ e ≤ 1023, by doubling and halving, which are exact. */
const POWERS = new Map<number, number>([[0, 1]]);
for (let e = 1; e <= 1023; e++) POWERS.set(e, (POWERS.get(e - 1) ?? NaN) * 2);
for (let e = -1; e >= -1074; e--) POWERS.set(e, (POWERS.get(e + 1) ?? NaN) / 2);

/** The double after a positive x, and the one before. */
const step = (x: number, by: bigint): number => {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  view.setBigInt64(0, view.getBigInt64(0) + by);
  return view.getFloat64(0);
};

test('powerOfTwo is 2^e for every normal exponent', () => {
  for (let e = -1022; e <= 1023; e++) expect(powerOfTwo(e), `e = ${e}`).toBe(POWERS.get(e));
});

test('powerOfTwo refuses every other exponent, and says which it got', () => {
  for (const e of [-1023, 1024, 0.5, Number.NaN, Infinity, -Infinity, 2 ** 32]) {
    expect(() => powerOfTwo(e)).toThrow(
      expect.objectContaining({
        name: 'DomainError',
        message: `powerOfTwo: an integer from -1022 to 1023 is required, got ${e}`,
      }),
    );
  }
  expect(() => powerOfTwo(1024)).toThrow(RangeError);
});

test('exponentOf is the floor of the logarithm at every exponent and on both of its sides', () => {
  for (const [e, power] of POWERS) {
    expect(exponentOf(power), `2^${e}`).toBe(e);
    expect(exponentOf(-power), `-2^${e}`).toBe(e);
    const next = step(power, 1n);
    if (e > -1074) expect(exponentOf(next), `after 2^${e}`).toBe(e);
    if (e > -1074) expect(exponentOf(step(power, -1n)), `before 2^${e}`).toBe(e - 1);
  }
  expect(exponentOf(Number.MAX_VALUE)).toBe(1023);
  for (const x of [0, -0, Number.NaN, Infinity, -Infinity]) expect(exponentOf(x)).toBe(0);
});

test('timesPowerOfTwo is exact wherever the result is a normal number', () => {
  const digits = 1 + 2 ** -52 + 1 / 3;
  for (let from = -1074; from <= 1023; from += 7) {
    const x = from < -1022 ? (POWERS.get(from) ?? NaN) : digits * (POWERS.get(from) ?? NaN);
    const exponents = Array.from({ length: 186 }, (_, i) => 11 * i - 1022).filter(
      (to) => Math.abs(to - from) <= 2044,
    );
    assertSameBits(
      exponents.flatMap((to) => [timesPowerOfTwo(x, to - from), timesPowerOfTwo(-x, to - from)]),
      exponents.flatMap((to) => {
        const expected = (from < -1022 ? 1 : digits) * (POWERS.get(to) ?? NaN);
        return [expected, -expected];
      }),
      `from 2^${from}`,
    );
  }
});

test('timesPowerOfTwo rounds correctly from 2^−500 up, into the subnormals and out at the top', () => {
  const random = new Random(81);
  for (let round = 0; round < 5000; round++) {
    const x = (1 + random.uniform()) * powerOfTwo(random.integer(1500) - 500);
    const e = random.integer(4089) - 2044;
    const { numerator, exponent } = exact(x);
    const expected = dyadicToNumber({ numerator, exponent: exponent + e });
    expect(timesPowerOfTwo(x, e), `seed 81, ${x} by 2^${e}`).toBe(expected);
  }
  expect(timesPowerOfTwo(1.5, -1074)).toBe(2 * 5e-324); // a tie, to even
  expect(timesPowerOfTwo(0.5, -1074)).toBe(0);
  expect(timesPowerOfTwo(-0.5, -1074)).toBe(-0);
  expect(timesPowerOfTwo(1, 1024)).toBe(Infinity);
});

test('timesPowerOfTwo keeps zeros, NaN and infinities', () => {
  for (const e of [-2044, -1, 0, 1, 2044]) {
    for (const x of [0, -0, Number.NaN, Infinity, -Infinity]) {
      expect(timesPowerOfTwo(x, e)).toBe(x);
    }
  }
});

test('timesPowerOfTwo takes the exponents from −2044 to 2046 and no others', () => {
  expect(timesPowerOfTwo(0, -2044)).toBe(0);
  expect(timesPowerOfTwo(5e-324, 2046)).toBe(2 ** 972);
  for (const e of [-2045, 2047, 0.5, Number.NaN, Infinity]) {
    expect(() => timesPowerOfTwo(1, e), `e = ${e}`).toThrow(/timesPowerOfTwo: an integer/);
  }
});

test('scaleToUnit brings the largest entry into [1, 2), at every exponent, and back', () => {
  const random = new Random(82);
  const base = normals(random, 5).map((x) => Math.max(-1, Math.min(1, x)));
  base[3] = -1.75;
  for (let e = -960; e <= 1023; e++) {
    const x = base.map((entry) => entry * (POWERS.get(e) ?? NaN));
    const { scaled, exponent } = leavesAlone([x], () => scaleToUnit(x));
    expect(exponent).toBe(e);
    assertSameBits(scaled, base, `seed 82, e = ${e}`);
  }
  for (let e = -1074; e < -960; e++) {
    const { scaled, exponent } = scaleToUnit(Float64Array.of(0, -(POWERS.get(e) ?? NaN), -0));
    assertSameBits([...scaled, exponent], [0, -1, -0, e], `2^${e}`);
  }
});

test('scaleToUnit leaves a vector without a finite positive maximum as it is, in new memory', () => {
  for (const x of [[], [0, -0], [1e300, Infinity], [Number.NaN, 1e300], [-Infinity, 5]]) {
    const vector = Float64Array.from(x);
    const { scaled, exponent } = scaleToUnit(vector);
    expect(exponent).toBe(0);
    assertSameBits(scaled, x, `${x}`);
    expect(scaled.buffer).not.toBe(vector.buffer);
  }
  const one = Float64Array.of(1.5);
  expect(scaleToUnit(one).scaled.buffer).not.toBe(one.buffer);
});
