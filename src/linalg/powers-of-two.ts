/**
 * Exponents of doubles, read and written as bits.
 *
 * Scaling by a power of two is exact (barring overflow and subnormal results), so these functions
 * move numbers into a safe range without touching their digits.
 *
 * @module
 */
import { DomainError } from './errors.ts';

const words = new Uint32Array(2);
const double = new Float64Array(words.buffer);
const HIGH = new Uint8Array(Float64Array.of(-0).buffer)[7] === 0x80 ? 1 : 0; // little-endian: 1

/** 2^e, exactly. @throws DomainError unless e is an integer and −1022 ≤ e ≤ 1023. */
export function powerOfTwo(e: number): number {
  if (!(Number.isInteger(e) && e >= -1022 && e <= 1023)) {
    throw new DomainError(`powerOfTwo: an integer from -1022 to 1023 is required, got ${e}`);
  }
  words[1 - HIGH] = 0;
  words[HIGH] = (e + 1023) << 20;
  return double[0];
}

const TWO_TO_54 = 18014398509481984;

/** ⌊log₂|x|⌋ for finite x ≠ 0; 0 for 0, NaN and ±∞. */
export function exponentOf(x: number): number {
  if (x === 0 || !Number.isFinite(x)) return 0;
  double[0] = x;
  const biased = (words[HIGH] >>> 20) & 0x7ff;
  // A subnormal is made normal by an exact factor first.
  return biased > 0 ? biased - 1023 : exponentOf(x * TWO_TO_54) - 54;
}

/**
 * x·2^e, in two steps because 2^e alone need not be representable. Exact unless the result
 * overflows or is subnormal; a subnormal result of an x below 2^−500 may be rounded twice.
 *
 * @throws DomainError unless e is an integer and −2044 ≤ e ≤ 2046.
 */
export function timesPowerOfTwo(x: number, e: number): number {
  if (!(Number.isInteger(e) && e >= -2044 && e <= 2046)) {
    throw new DomainError(`timesPowerOfTwo: an integer from -2044 to 2046 is required, got ${e}`);
  }
  const half = Math.trunc(e / 2);
  return x * powerOfTwo(half) * powerOfTwo(e - half);
}

/**
 * x·2^−e and e, where 2^e ≤ max|x_i| < 2^(e+1): the largest entry of `scaled` lies in [1, 2).
 * Exact, except for entries more than 2^1022 below the largest. e is 0 where the maximum is 0 or
 * not finite.
 */
export function scaleToUnit(x: Float64Array): { scaled: Float64Array; exponent: number } {
  let largest = 0;
  for (let i = 0; i < x.length; i++) largest = Math.max(largest, Math.abs(x[i]));
  const exponent = exponentOf(largest);
  const scaled = x.slice();
  if (exponent === 0) return { scaled, exponent };
  // Two factors, because 2^−exponent alone need not be representable; both products are exact.
  const first = powerOfTwo(Math.trunc(-exponent / 2));
  const second = powerOfTwo(-exponent - Math.trunc(-exponent / 2));
  for (let i = 0; i < x.length; i++) scaled[i] = x[i] * first * second;
  return { scaled, exponent };
}
