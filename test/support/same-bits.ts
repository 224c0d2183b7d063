/**
 * Equality of doubles to the bit.
 *
 * @module
 */

/**
 * Asserts equal length and, entry by entry, the same double: NaN equals NaN, and 0 is not −0.
 *
 * @throws Error naming `label`, the first entry that differs, and both values.
 */
export function assertSameBits(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  label: string,
): void {
  if (actual.length !== expected.length) {
    throw new Error(`${label}: length is ${actual.length}, expected ${expected.length}`);
  }
  for (let i = 0; i < expected.length; i++) {
    if (!Object.is(actual[i], expected[i])) {
      throw new Error(`${label}: entry ${i} is ${text(actual[i])}, expected ${text(expected[i])}`);
    }
  }
}

/** The shortest digits that name the double, with the sign of a zero. */
const text = (x: number): string => (Object.is(x, -0) ? '-0' : `${x}`);
