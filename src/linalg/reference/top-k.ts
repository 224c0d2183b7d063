/**
 * Plain twin of the selection of the k largest entries of a row.
 *
 * @module
 */

/**
 * Copies the k largest of n entries and writes −∞ for the others, so that a softmax after it is one
 * over the selection. Of equal entries the one of smaller index is the larger.
 *
 * Returns the margin: the smallest entry kept minus the largest one dropped (rounded once); ∞ if
 * none is dropped. x is read and `out` written from `from` on; they must not overlap. Entries are
 * finite and 1 ≤ k ≤ n: trusted.
 */
export function keepLargest(
  x: Float64Array,
  out: Float64Array,
  from: number,
  n: number,
  k: number,
): number {
  let smallestKept = Infinity;
  let largestDropped = -Infinity;
  for (let j = 0; j < n; j++) {
    const own = x[from + j];
    let larger = 0; // entries that go before j
    for (let i = 0; i < n; i++) {
      if (x[from + i] > own || (x[from + i] === own && i < j)) larger++;
    }
    const kept = larger < k;
    out[from + j] = kept ? own : -Infinity;
    if (kept) smallestKept = Math.min(smallestKept, own);
    else largestDropped = Math.max(largestDropped, own);
  }
  return smallestKept - largestDropped;
}
