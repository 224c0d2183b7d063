/**
 * Shorter binary number formats, simulated in doubles: what float32, bfloat16 and float16 would have stored.
 *
 * A number of a format is a double too, so it is kept as one. Rounding is that of IEEE 754: to the nearest,
 * ties to the even significand, gradual underflow, and an infinity from halfway beyond the largest number on.
 *
 * @module
 */
import { DomainError } from './errors.ts';
import { exponentOf, powerOfTwo } from './powers-of-two.ts';

/** The numbers ±m·2^(e−p+1) with 0 ≤ m < 2^p and leastExponent ≤ e ≤ greatestExponent. */
export interface NumberFormat {
  readonly name: string;
  /** p, bits of the significand with the one that is not stored. */
  readonly precision: number;
  /** e of the smallest normal number, 2^e. */
  readonly leastExponent: number;
  /** e of the largest number, (2 − 2^(1−p))·2^e. */
  readonly greatestExponent: number;
}

/** IEEE 754 binary32. */
export const FLOAT32: NumberFormat = {
  name: 'float32',
  precision: 24,
  leastExponent: -126,
  greatestExponent: 127,
};

/** The upper half of a float32. */
export const BFLOAT16: NumberFormat = { ...FLOAT32, name: 'bfloat16', precision: 8 };

/** IEEE 754 binary16. */
export const FLOAT16: NumberFormat = {
  name: 'float16',
  precision: 11,
  leastExponent: -14,
  greatestExponent: 15,
};

/**
 * The format of float32's exponents with `bits` bits of significand: 24 is float32, 8 bfloat16.
 *
 * @throws DomainError unless bits is an integer from 2 to 51.
 */
export function withSignificand(bits: number): NumberFormat {
  if (!(Number.isInteger(bits) && bits >= 2 && bits <= 51)) {
    throw new DomainError(`withSignificand: an integer from 2 to 51 is required, got ${bits}`);
  }
  const known = [FLOAT32, BFLOAT16].find(({ precision }) => precision === bits);
  return known ?? { ...FLOAT32, name: `${bits} bits`, precision: bits };
}

/**
 * The number of the format nearest to x; NaN, infinities and the sign of a zero stay.
 *
 *   q = 2^(e−p+1), the distance of neighbours at x:  (x + 1.5·2⁵²·q) − 1.5·2⁵²·q
 *
 * Doubles next to 1.5·2⁵²·q lie q apart, so the processor's own rounding of the sum is the one asked for, and
 * the difference is exact. Precondition: p ≤ 51 and exponents within ±900, which the formats above keep.
 */
export function roundTo(format: NumberFormat, x: number): number {
  if (x === 0 || !Number.isFinite(x)) return x;
  const { precision, leastExponent, greatestExponent } = format;
  const e = exponentOf(x);
  if (e > greatestExponent) return x * Infinity;
  const anchor = 1.5 * powerOfTwo(Math.max(e, leastExponent) - precision + 53);
  const rounded = x + anchor - anchor;
  if (rounded === 0) return x * 0; // with the sign of x
  return exponentOf(rounded) > greatestExponent ? x * Infinity : rounded;
}

/** Every entry rounded to the format, as a new vector. */
export function roundAll(format: NumberFormat, x: Float64Array): Float64Array {
  if (format === FLOAT32) return new Float64Array(new Float32Array(x));
  return x.map((entry) => roundTo(format, entry));
}
