/**
 * The states before each token, from those after it.
 *
 * @module
 */

/** Row t of each sequence is row t − 1 of `s`, row 0 is s0. Shapes: s0 h numbers, s (B·T)×h. */
export function previousStates(
  batch: number,
  tokens: number,
  s0: Float64Array,
  s: Float64Array,
): Float64Array {
  const width = s0.length;
  const before = new Float64Array(s.length);
  for (let b = 0; b < batch; b++) {
    for (let t = 0; t < tokens; t++) {
      const at = (b * tokens + t) * width;
      before.set(t === 0 ? s0 : s.subarray(at - width, at), at);
    }
  }
  return before;
}
