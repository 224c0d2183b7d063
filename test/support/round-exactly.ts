/**
 * Rounding to a short format in integers: an independent statement of what `linalg/formats.ts` does.
 *
 * @module
 */
import type { NumberFormat } from '../../src/linalg/formats.ts';

/** The number of the format nearest to numerator·2^exponent, ties to even; 0 is +0. */
export function roundExactly(
  { precision, leastExponent, greatestExponent }: NumberFormat,
  numerator: bigint,
  exponent: number,
): number {
  const size = numerator < 0n ? -numerator : numerator;
  if (size === 0n) return 0;
  const sign = numerator < 0n ? -1 : 1;
  const e = Math.max(size.toString(2).length - 1 + exponent, leastExponent);
  // In units of 2^(e − p + 1): n/d, then to the nearest integer.
  const shift = exponent - (e - precision + 1);
  const [n, d] = shift >= 0 ? [size << BigInt(shift), 1n] : [size, 1n << BigInt(-shift)];
  const [whole, rest] = [n / d, n % d];
  const up = 2n * rest > d || (2n * rest === d && whole % 2n === 1n);
  const units = whole + (up ? 1n : 0n);
  const largest = ((1n << BigInt(precision)) - 1n) << BigInt(greatestExponent - e);
  if (units > largest) return sign * Infinity;
  // At most 51 bits, and a power that is a normal double: exact.
  return sign * Number(units) * 2 ** (e - precision + 1);
}
