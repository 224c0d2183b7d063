/**
 * Floating-point numbers of 320 bits on BigInt, as far as the references of the special functions
 * need them, and π, √2 and ln 2 to that precision.
 *
 * @module
 */
import { type Big, exactly } from './big-functions.ts';

/** Bits kept after each operation; every operation is off by less than 2⁻³¹⁰ of its result. */
const PRECISION = 320;

export const ZERO: Big = { mantissa: 0n, exponent: 0 };
export const ONE: Big = { mantissa: 1n, exponent: 0 };

/** value·2^bits, rounded towards −∞. */
export const shift = (value: bigint, bits: number): bigint =>
  bits >= 0 ? value << BigInt(bits) : value >> BigInt(-bits);

/** Bits of |value|, to within three too many. */
const bitsOf = (value: bigint): number => 4 * (value < 0n ? -value : value).toString(16).length;

/** floor(log2 |x|) + 1 to within three too many; −Infinity for 0. */
export const magnitude = (x: Big): number =>
  x.mantissa === 0n ? -Infinity : bitsOf(x.mantissa) + x.exponent;

function rounded(mantissa: bigint, exponent: number): Big {
  const excess = bitsOf(mantissa) - PRECISION;
  if (excess <= 0) return { mantissa, exponent };
  return { mantissa: shift(mantissa, -excess), exponent: exponent + excess };
}

export function add(x: Big, y: Big): Big {
  const [high, low] = x.exponent >= y.exponent ? [x, y] : [y, x];
  if (high.mantissa === 0n) return low;
  const apart = high.exponent - low.exponent;
  // A term that cannot reach the last bit is dropped, or aligning would take memory without end.
  if (magnitude(high) - magnitude(low) > 2 * PRECISION) return high;
  return rounded(shift(high.mantissa, apart) + low.mantissa, low.exponent);
}

export const negative = (x: Big): Big => ({ mantissa: -x.mantissa, exponent: x.exponent });
export const subtract = (x: Big, y: Big): Big => add(x, negative(y));
export const absolute = (x: Big): Big => (x.mantissa < 0n ? negative(x) : x);

export const multiply = (x: Big, y: Big): Big =>
  rounded(x.mantissa * y.mantissa, x.exponent + y.exponent);

export function divide(x: Big, y: Big): Big {
  const bits = PRECISION + bitsOf(y.mantissa);
  return rounded(shift(x.mantissa, bits) / y.mantissa, x.exponent - y.exponent - bits);
}

/** x·2ᵏ. */
export const timesPower = (x: Big, k: number): Big => ({
  mantissa: x.mantissa,
  exponent: x.exponent + k,
});

export const integer = (n: number): Big => ({ mantissa: BigInt(n), exponent: 0 });

/** The fixed-point number ⌊x·2^bits⌋. */
export const fixed = (x: Big, bits: number): bigint => shift(x.mantissa, x.exponent + bits);

/** ⌊√value⌋ by Newton's iteration from above. */
function integerRoot(value: bigint): bigint {
  let root = 1n << BigInt(Math.ceil((bitsOf(value) + 1) / 2));
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** √x for x > 0. */
export function root(x: Big): Big {
  const even = x.exponent - (x.exponent % 2 === 0 ? 0 : 1);
  const mantissa = shift(x.mantissa, x.exponent - even + 2 * PRECISION);
  return rounded(integerRoot(mantissa), even / 2 - PRECISION);
}

/** The sum of terms that a rule makes one from the other, until one no longer counts. */
export function series(first: Big, next: (term: Big, n: number) => Big, scale: Big = first): Big {
  let sum = ZERO;
  let term = first;
  for (let n = 1; magnitude(term) > magnitude(scale) - PRECISION; n++) {
    sum = add(sum, term);
    term = next(term, n);
  }
  return sum;
}

/** π/2 as ⌊π/2·2^HALF_PI_BITS⌋: enough to reduce any double and keep 470 bits. */
export const HALF_PI_BITS = 1560;
export const HALF_PI_FIXED: bigint = halfPi();

export const HALF_PI: Big = rounded(HALF_PI_FIXED, -HALF_PI_BITS);
export const ROOT_HALF: Big = root(exactly(0.5));
/** 2/√π. */
export const TWO_OVER_ROOT_PI: Big = divide(integer(2), root(timesPower(HALF_PI, 1)));
/** 1/√(2π). */
export const DENSITY: Big = divide(ONE, root(timesPower(HALF_PI, 2)));

/** Machin: π/4 = 4·arctan(1/5) − arctan(1/239). */
function halfPi(): bigint {
  const guard = 20n;
  const one = 1n << (BigInt(HALF_PI_BITS) + guard);
  const arctan = (inverse: bigint): bigint => {
    let power = one / inverse;
    let sum = 0n;
    for (let n = 1n; power !== 0n; n += 2n) {
      sum += n % 4n === 1n ? power / n : -(power / n);
      power /= inverse * inverse;
    }
    return sum;
  };
  return (2n * (4n * arctan(5n) - arctan(239n))) >> guard;
}
