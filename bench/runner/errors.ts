/**
 * Relative errors: how far a result is from the exact one.
 *
 * @module
 */

/** max |got − want|/max |want|; NaN if an entry of either is NaN, infinite if the lengths differ. */
export function relativeError(got: ArrayLike<number>, want: ArrayLike<number>): number {
  if (got.length !== want.length) return Infinity;
  let [off, largest] = [0, 0];
  for (let i = 0; i < want.length; i++) {
    off = Math.max(off, Math.abs(got[i] - want[i])); // Math.max returns NaN if it is given one
    largest = Math.max(largest, Math.abs(want[i]));
  }
  return off === 0 ? 0 : off / largest;
}

/** The largest relative error of the arrays that stand one behind the other in `got`. */
export function worstPart(got: Float64Array, parts: readonly ArrayLike<number>[]): number {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (got.length !== length) return Infinity;
  let from = 0;
  let worst = 0;
  for (const part of parts) {
    worst = Math.max(worst, relativeError(got.subarray(from, from + part.length), part));
    from += part.length;
  }
  return worst;
}

/** Arrays one behind the other. */
export function joined(parts: readonly ArrayLike<number>[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let from = 0;
  for (const part of parts) {
    all.set(part, from);
    from += part.length;
  }
  return all;
}
