/**
 * What the tests of the kernels share: sizes, seeded and hostile entries, the two-lane order of
 * summation in plain words, and the derived error bound, evaluated without rounding.
 *
 * @module
 */
import { expect } from 'vitest';
import {
  absExact,
  compareExact,
  type Dyadic,
  exact,
  multiplyExact,
  subtractExact,
  sumExact,
} from '../../src/linalg/exact.ts';
import type { Random } from '../../src/linalg/random.ts';
import { assertSameBits } from '../support/same-bits.ts';

/** Nothing, one, two, and distinct primes: a swapped axis is a wrong size, not a lucky pass. */
export const SIZES = [0, 1, 2, 3, 5, 7, 11, 13] as const;

/** Finite doubles that betray another order of rounding or a skipped case. */
const HOSTILE = [0, -0, 5e-324, -5e-324, 2 ** -1022, 1e-300, -1e-300, 1e300, -1e300, 1 / 3];
const NOT_FINITE = [Infinity, -Infinity, Number.NaN];

/** n normal draws, whose sums in another order have other bits. */
export const normals = (random: Random, n: number): Float64Array =>
  Float64Array.from({ length: n }, () => random.normal());

/** n draws, a third of them hostile, and one in twenty not finite. */
export function hostile(random: Random, n: number): Float64Array {
  return Float64Array.from({ length: n }, () => {
    const kind = random.uniform();
    if (kind < 0.05) return NOT_FINITE[random.integer(NOT_FINITE.length)];
    return kind < 0.33 ? HOSTILE[random.integer(HOSTILE.length)] : random.normal();
  });
}

type Draw = (random: Random, n: number) => Float64Array;

/** The two kinds of entries; every comparison of bits is made with both. */
export const DRAWS: readonly (readonly [string, Draw])[] = [
  ['normal', normals],
  ['hostile', hostile],
];

/** Memory for n results, full of NaN: an entry that is read, or not written, shows. */
export const blank = (n: number): Float64Array => new Float64Array(n).fill(Number.NaN);

/** Runs `call` and asserts that it changed no bit of `args`. */
export function leavesAlone<T>(args: readonly Float64Array[], call: () => T): T {
  const before = args.map((arg) => arg.slice());
  const result = call();
  args.forEach((arg, i) => {
    assertSameBits(arg, before[i], `argument ${i}, which must not change`);
  });
  return result;
}

/** ((0 + t₀) + t₁) + …, the order of every product that has many outputs. */
export const ascending = (terms: readonly number[]): number =>
  terms.reduce((sum, term) => sum + term, 0);

/** The two-lane order: even terms, odd terms, their sum, and then the last of an odd number. */
export function twoLanes(terms: readonly number[]): number {
  const last = terms.length % 2 === 1 ? terms.slice(-1) : [];
  const paired = terms.slice(0, terms.length - last.length);
  const evens = ascending(paired.filter((_, i) => i % 2 === 0));
  const odds = ascending(paired.filter((_, i) => i % 2 === 1));
  return last.reduce((sum, term) => sum + term, evens + odds);
}

/** The exact products x_i·y_i. */
export const productsOf = (x: ArrayLike<number>, y: ArrayLike<number>): Dyadic[] =>
  Array.from(x, (xi, i) => multiplyExact(exact(xi), exact(y[i])));

/**
 * Asserts |computed − Σ terms| ≤ γ_k·Σ|terms|, γ_k = k·u/(1 − k·u), u = 2⁻⁵³, without rounding:
 * (2⁵³ − k)·|computed − Σ| ≤ k·Σ|terms|. A `computed` that is not finite is refused by `exact`.
 */
export function expectWithinGamma(
  k: number,
  computed: number | Dyadic,
  terms: readonly Dyadic[],
  label: string,
): void {
  const value = typeof computed === 'number' ? exact(computed) : computed;
  const error = absExact(subtractExact(value, sumExact(terms)));
  const left = multiplyExact(exact(2 ** 53 - k), error);
  const right = multiplyExact(exact(k), sumExact(terms.map(absExact)));
  expect(compareExact(left, right) <= 0, `${label}: error above gamma_${k}`).toBe(true);
}
