/**
 * Doubles as what they are: integers times powers of two.
 *
 * Sums and products of doubles stay of that form, so they can be formed without any rounding in
 * BigInt. A `Dyadic` is numerator·2^exponent; it is not normalised. Division leaves the dyadics;
 * for that there is `rational.ts`.
 *
 * @module
 */
import { NonFiniteError } from './errors.ts';
import { timesPowerOfTwo } from './powers-of-two.ts';

/** numerator·2^exponent. */
export interface Dyadic {
  readonly numerator: bigint;
  readonly exponent: number;
}

const view = new DataView(new ArrayBuffer(8));

/**
 * The double x, exactly.
 *
 * @throws NonFiniteError if x is NaN or infinite.
 */
export function exact(x: number): Dyadic {
  if (!Number.isFinite(x)) throw new NonFiniteError(`exact: a finite number is required, got ${x}`);
  view.setFloat64(0, x);
  const high = view.getUint32(0);
  const biased = (high >>> 20) & 0x7ff;
  const fraction = (BigInt(high & 0xfffff) << 32n) | BigInt(view.getUint32(4));
  const magnitude = biased === 0 ? fraction : fraction | (1n << 52n);
  return {
    numerator: high >>> 31 === 0 ? magnitude : -magnitude,
    exponent: Math.max(biased, 1) - 1075,
  };
}

export const ZERO: Dyadic = { numerator: 0n, exponent: 0 };

/** x + y. */
export function addExact(x: Dyadic, y: Dyadic): Dyadic {
  const exponent = Math.min(x.exponent, y.exponent);
  return { numerator: numeratorAt(x, exponent) + numeratorAt(y, exponent), exponent };
}

/** x − y. */
export function subtractExact(x: Dyadic, y: Dyadic): Dyadic {
  return addExact(x, { numerator: -y.numerator, exponent: y.exponent });
}

/** x·y. */
export function multiplyExact(x: Dyadic, y: Dyadic): Dyadic {
  return { numerator: x.numerator * y.numerator, exponent: x.exponent + y.exponent };
}

/** |x|. */
export function absExact(x: Dyadic): Dyadic {
  return x.numerator < 0n ? { numerator: -x.numerator, exponent: x.exponent } : x;
}

/** Σ x_i·y_i, exactly. The lengths are trusted to agree. */
export function dotExact(x: readonly Dyadic[], y: readonly Dyadic[]): Dyadic {
  return sumExact(x.map((xi, i) => multiplyExact(xi, y[i])));
}

/** Σ x_i, exactly. */
export function sumExact(terms: readonly Dyadic[]): Dyadic {
  const exponent = terms.reduce((least, term) => Math.min(least, term.exponent), 0);
  let numerator = 0n;
  for (const term of terms) numerator += numeratorAt(term, exponent);
  return { numerator, exponent };
}

/** The doubles of `x`, exactly. @throws NonFiniteError as `exact`. */
export const exactVector = (x: ArrayLike<number>): Dyadic[] => Array.from(x, exact);

/** The sign of x − y: −1, 0 or 1. */
export function compareExact(x: Dyadic, y: Dyadic): number {
  const { numerator } = subtractExact(x, y);
  return numerator === 0n ? 0 : numerator < 0n ? -1 : 1;
}

/** The double nearest to x. */
export function dyadicToNumber(x: Dyadic): number {
  return x.exponent >= 0
    ? ratioToNumber(x.numerator << BigInt(x.exponent), 1n)
    : ratioToNumber(x.numerator, 1n << BigInt(-x.exponent));
}

/** x/y as the double nearest to it; 0/0 is 0 (nothing off, nothing allowed), x/0 is ±Infinity. */
export function quotientOfExact(x: Dyadic, y: Dyadic): number {
  const exponent = Math.min(x.exponent, y.exponent);
  return ratioToNumber(numeratorAt(x, exponent), numeratorAt(y, exponent));
}

/** The numerator that x has with the smaller exponent `exponent`. */
function numeratorAt(x: Dyadic, exponent: number): bigint {
  return x.numerator << BigInt(x.exponent - exponent);
}

/**
 * numerator/denominator correctly rounded to a double (to nearest, ties to even); 0/0 is 0, x/0 is
 * ±Infinity.
 */
export function ratioToNumber(numerator: bigint, denominator: bigint): number {
  if (numerator === 0n) return 0;
  const negative = numerator < 0n !== denominator < 0n;
  const n = numerator < 0n ? -numerator : numerator;
  const d = denominator < 0n ? -denominator : denominator;
  if (d === 0n) return negative ? -Infinity : Infinity;
  // Shift so that the integer quotient has 64 or 65 bits, or fewer where the result is subnormal.
  const shift = Math.min(1074 + 2, 64 - (bitLength(n) - bitLength(d)));
  const scaledN = shift > 0 ? n << BigInt(shift) : n;
  const scaledD = shift < 0 ? d << BigInt(-shift) : d;
  const quotient = scaledN / scaledD;
  // A sticky bit stands for what the division left over; then one correct rounding to 53 bits,
  // or to the fewer bits that a subnormal result has.
  const sticky = scaledN % scaledD === 0n ? 0n : 1n;
  const value = roundShifted((quotient << 1n) | sticky, shift + 1);
  return negative ? -value : value;
}

/** q·2^−shift correctly rounded, for q > 0 of 55 bits or more, or shift above 1074. */
function roundShifted(q: bigint, shift: number): number {
  // The last bit kept has weight 2^(bits − 53 − shift), but never less than 2^−1074.
  const drop = Math.max(bitLength(q) - 53, shift - 1074);
  const kept = q >> BigInt(drop);
  const rest = q & ((1n << BigInt(drop)) - 1n);
  const half = 1n << BigInt(drop - 1);
  const up = rest > half || (rest === half && (kept & 1n) === 1n);
  return timesTwoTo(Number(up ? kept + 1n : kept), drop - shift);
}

/** x·2^e for an x of at most 53 bits, where the result is representable or overflows. */
function timesTwoTo(x: number, e: number): number {
  return e > 1023 ? Infinity : timesPowerOfTwo(x, e);
}

const bitLength = (x: bigint): number => {
  const hex = x.toString(16);
  return 4 * (hex.length - 1) + (32 - Math.clz32(Number.parseInt(hex[0], 16)));
};
