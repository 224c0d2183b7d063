/**
 * exp and log of doubles to more than 120 bits, in integer arithmetic, and the error of a double
 * against such a value in units in the last place. Slow (about 10 µs a value) and plain: it is what the
 * fast functions are measured by.
 *
 * @module
 */

/** The number mantissa·2^exponent. */
export interface Big {
  readonly mantissa: bigint;
  readonly exponent: number;
}

/** Fractional bits of a fixed-point number. The bits lost on the way (below 30) leave over 200. */
const BITS = 240;
const ONE = 1n << BigInt(BITS);

/** exp takes its series at r/2⁸, where 20 terms are enough, and squares eight times. */
const HALVINGS = 8n;

/** ln 2 = 2·atanh(1/3) = Σ 2 / ((2n + 1)·3²ⁿ⁺¹). */
const LN2: bigint = lnTwo();

const DOUBLE = new Float64Array(1);
const INTEGER = new BigUint64Array(DOUBLE.buffer);

/** A finite double as an exact `Big`. */
export function exactly(x: number): Big {
  if (!Number.isFinite(x)) throw new RangeError(`exactly: a finite number is needed, got ${x}`);
  DOUBLE[0] = Math.abs(x);
  const field = Number(INTEGER[0] >> 52n);
  const fraction = INTEGER[0] & 0xf_ffff_ffff_ffffn;
  const size = field === 0 ? fraction : fraction | (1n << 52n);
  return { mantissa: x < 0 ? -size : size, exponent: Math.max(field, 1) - 1075 };
}

/** eˣ for a finite double, relative error below 2⁻²⁰⁰. */
export const bigExp = (x: number): Big => bigExpOf(exactly(x));

/** eˣ for |x| < 2²⁰, relative error below 2⁻²⁰⁰. */
export function bigExpOf({ mantissa, exponent }: Big): Big {
  const fixed = shift(mantissa, exponent + BITS);
  const k = (fixed + LN2 / 2n) / LN2 - (fixed + LN2 / 2n < 0n ? 1n : 0n);
  const r = (fixed - k * LN2) >> HALVINGS;
  let sum = ONE;
  let term = ONE;
  for (let n = 1n; term !== 0n && term !== -1n; n++) {
    term = ((term * r) >> BigInt(BITS)) / n;
    sum += term;
  }
  for (let i = 0n; i < HALVINGS; i++) sum = (sum * sum) >> BigInt(BITS);
  return { mantissa: sum, exponent: Number(k) - BITS };
}

/** ln x for a positive finite double, relative error below 2⁻¹²⁰. */
export function bigLog(x: number): Big {
  // A guess y, and one step that any guess survives: ln x = y + ln(1 + d), 1 + d = x·exp(−y).
  const y = Math.log(x);
  const { mantissa, exponent } = exactly(x);
  const power = bigExp(-y);
  const d = shift(mantissa * power.mantissa, exponent + power.exponent + BITS) - ONE;
  if (shift(d < 0n ? -d : d, 40 - BITS) !== 0n) throw new RangeError(`bigLog: bad guess at ${x}`);
  const d2 = (d * d) >> BigInt(BITS);
  const d3 = (d2 * d) >> BigInt(BITS);
  const guess = exactly(y);
  const fixed = shift(guess.mantissa, guess.exponent + BITS);
  return { mantissa: fixed + d - d2 / 2n + d3 / 3n, exponent: -BITS };
}

/**
 * |y − reference| in units in the last place of the double format at the reference: 2^(e − 52) for
 * 2^e ≤ |reference| < 2^(e + 1), and never less than 2⁻¹⁰⁷⁴. The difference is exact.
 *
 * Infinity when y is NaN or infinite, so that `ulpError(…) <= bound` is false.
 */
export function ulpError(y: number, reference: Big): number {
  if (!Number.isFinite(y)) return Infinity;
  if (reference.mantissa === 0n) return y === 0 ? 0 : Infinity;
  const value = exactly(y);
  const exponent = Math.min(value.exponent, reference.exponent);
  const difference =
    shift(value.mantissa, value.exponent - exponent) -
    shift(reference.mantissa, reference.exponent - exponent);
  const size = reference.mantissa < 0n ? -reference.mantissa : reference.mantissa;
  const ulp = Math.max(size.toString(2).length + reference.exponent - 53, -1074);
  return Math.abs(Number(difference)) * 2 ** (exponent - ulp);
}

/** The largest `ulpError` of f over `points`, and the point where it is. */
export function worstUlpError(
  f: (x: number) => number,
  reference: (x: number) => Big,
  points: Iterable<number>,
): { error: number; x: number } {
  let worst = { error: 0, x: Number.NaN };
  for (const x of points) {
    const error = ulpError(f(x), reference(x));
    if (!(error <= worst.error)) worst = { error, x };
  }
  return worst;
}

/** value·2^bits, rounded towards −∞. */
function shift(value: bigint, bits: number): bigint {
  return bits >= 0 ? value << BigInt(bits) : value >> BigInt(-bits);
}

function lnTwo(): bigint {
  const guard = 20n;
  let power = (2n << (BigInt(BITS) + guard)) / 3n;
  let sum = 0n;
  for (let n = 1n; power !== 0n; n += 2n) {
    sum += power / n;
    power /= 9n;
  }
  return sum >> guard;
}
