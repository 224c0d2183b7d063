/**
 * Exact rational numbers.
 *
 * @module
 */
import { DomainError } from './errors.ts';
import { type Dyadic, exact, ratioToNumber } from './exact.ts';

/** A reduced fraction: the denominator is positive, the greatest common divisor is 1. */
export class Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;

  /** @throws DomainError if the denominator is 0. */
  constructor(numerator: bigint, denominator: bigint = 1n) {
    if (denominator === 0n) throw new DomainError('Rational: the denominator must not be 0, got 0');
    const divisor = gcd(numerator, denominator) * (denominator < 0n ? -1n : 1n);
    this.numerator = numerator / divisor;
    this.denominator = denominator / divisor;
  }

  /** The double x, exactly. @throws NonFiniteError if it is NaN or infinite. */
  static of(x: number): Rational {
    return Rational.ofDyadic(exact(x));
  }

  static ofDyadic({ numerator, exponent }: Dyadic): Rational {
    return exponent >= 0
      ? new Rational(numerator << BigInt(exponent))
      : new Rational(numerator, 1n << BigInt(-exponent));
  }

  plus(y: Rational): Rational {
    return new Rational(
      this.numerator * y.denominator + y.numerator * this.denominator,
      this.denominator * y.denominator,
    );
  }

  minus(y: Rational): Rational {
    return this.plus(new Rational(-y.numerator, y.denominator));
  }

  times(y: Rational): Rational {
    return new Rational(this.numerator * y.numerator, this.denominator * y.denominator);
  }

  /** @throws DomainError if y is 0. */
  over(y: Rational): Rational {
    return new Rational(this.numerator * y.denominator, this.denominator * y.numerator);
  }

  /** −1, 0 or 1. */
  sign(): number {
    return this.numerator === 0n ? 0 : this.numerator < 0n ? -1 : 1;
  }

  equals(y: Rational): boolean {
    return this.numerator === y.numerator && this.denominator === y.denominator;
  }

  /** The nearest double. */
  toNumber(): number {
    return ratioToNumber(this.numerator, this.denominator);
  }

  /** 'numerator/denominator', or the numerator alone where the value is an integer. */
  toString(): string {
    return this.denominator === 1n ? `${this.numerator}` : `${this.numerator}/${this.denominator}`;
  }
}

export const RATIONAL_ZERO: Rational = new Rational(0n);

/** Σ x_i·y_i. @throws DomainError if the lengths differ. */
export function rationalDot(x: readonly Rational[], y: readonly Rational[]): Rational {
  if (x.length !== y.length) {
    throw new DomainError(
      `rationalDot: both vectors need as many entries, got ${x.length} and ${y.length}`,
    );
  }
  return x.reduce((sum, xi, i) => sum.plus(xi.times(y[i])), RATIONAL_ZERO);
}

/**
 * The greatest common divisor of |a| and |b|, by Euclid's algorithm on b's odd part and a. Doubles have
 * powers of two for denominators, and are done without it.
 */
function gcd(a: bigint, b: bigint): bigint {
  if (a === 0n || b === 0n) return a + b === 0n ? 1n : a + b < 0n ? -(a + b) : a + b;
  const [lowOfA, lowOfB] = [a & -a, b & -b]; // the largest powers of two in them
  const powerOfTwo = lowOfA < lowOfB ? lowOfA : lowOfB;
  let [x, y] = [a < 0n ? -a : a, (b < 0n ? -b : b) / lowOfB];
  if (y === 1n) return powerOfTwo;
  while (y !== 0n) [x, y] = [y, x % y];
  return x * powerOfTwo;
}
