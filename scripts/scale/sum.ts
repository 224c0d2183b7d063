/**
 * A walk through memory: the sum of all numbers, with eight running sums so that no addition waits for another.
 *
 * @module
 */

export function sum(x: Float64Array): number {
  const eights = x.length - (x.length % 8);
  let [s0, s1, s2, s3, s4, s5, s6, s7] = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < eights; i += 8) {
    s0 += x[i];
    s1 += x[i + 1];
    s2 += x[i + 2];
    s3 += x[i + 3];
    s4 += x[i + 4];
    s5 += x[i + 5];
    s6 += x[i + 6];
    s7 += x[i + 7];
  }
  let rest = 0;
  for (let i = eights; i < x.length; i++) rest += x[i];
  return s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + rest;
}
