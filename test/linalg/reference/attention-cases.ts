/**
 * What the tests of attention share: sizes, operands, and the kernels on outputs full of NaN.
 *
 * @module
 */
import type { Random } from '../../../src/linalg/random.ts';
import {
  type AttentionSizes,
  attention,
  attentionBackward,
} from '../../../src/linalg/reference/attention.ts';
import { blank, hostile, normals } from '../cases.ts';

/** The operands of a layer, flat. */
export interface Operands {
  readonly q: Float64Array;
  readonly k: Float64Array;
  readonly v: Float64Array;
}

/** How many numbers q and o, k and v, and p have. */
export const lengths = (s: AttentionSizes): { q: number; k: number; p: number } => ({
  q: s.batch * s.queries * s.heads * s.width,
  k: s.batch * s.tokens * s.kvHeads * s.width,
  p: s.batch * s.heads * s.queries * s.tokens,
});

/** The kernel on outputs full of NaN. */
export function run(
  sizes: AttentionSizes,
  scale: number,
  { q, k, v }: Operands,
): { p: Float64Array; o: Float64Array; fine: boolean } {
  const [p, o] = [blank(lengths(sizes).p), blank(lengths(sizes).q)];
  return { p, o, fine: attention(sizes, scale, q, k, v, p, o) };
}

/** The transposed kernel on outputs full of NaN. */
export function runBackward(
  sizes: AttentionSizes,
  scale: number,
  inputs: Operands & { readonly p: Float64Array; readonly dO: Float64Array },
): { dq: Float64Array; dk: Float64Array; dv: Float64Array } {
  const { q, k } = lengths(sizes);
  const outputs = { dq: blank(q), dk: blank(k), dv: blank(k) };
  attentionBackward(sizes, scale, inputs, outputs);
  return outputs;
}

/** Batch, tokens, queries, heads, key-value heads and width, and whether the layer is causal. */
export const sizesOf = (
  [batch, tokens, queries, heads, kvHeads, width]: readonly number[],
  causal: boolean,
): AttentionSizes => ({ batch, tokens, queries, heads, kvHeads, width, causal });

/** Sizes, and which key-value head each head reads. */
export const CASES: readonly { sizes: AttentionSizes; groups: readonly number[] }[] = [
  { sizes: sizesOf([2, 5, 5, 3, 3, 7], true), groups: [0, 1, 2] },
  { sizes: sizesOf([3, 7, 1, 6, 2, 5], true), groups: [0, 0, 0, 1, 1, 1] },
  { sizes: sizesOf([1, 11, 3, 4, 1, 2], true), groups: [0, 0, 0, 0] },
  { sizes: sizesOf([2, 3, 13, 6, 3, 1], false), groups: [0, 0, 1, 1, 2, 2] },
  { sizes: sizesOf([2, 13, 11, 5, 2, 3], false), groups: [0, 0, 0, 1, 1] },
  { sizes: sizesOf([1, 1, 1, 1, 1, 1], true), groups: [0] },
  { sizes: sizesOf([0, 5, 5, 3, 3, 7], true), groups: [0, 1, 2] },
  { sizes: sizesOf([2, 5, 0, 3, 3, 7], false), groups: [0, 1, 2] },
];
const TAME = [0, -0, 5e-324, -1e-300, 1e150, -1e150, 30, -30];

/** Normal q, k and v, or (`wild`) q and k with extremes whose scores are finite and any v at all. */
export function operands(random: Random, sizes: AttentionSizes, wild = false): Operands {
  const { q, k } = lengths(sizes);
  const score = (n: number): Float64Array =>
    normals(random, n).map((x) => (wild && random.integer(4) === 0 ? TAME[random.integer(8)] : x));
  return { q: score(q), k: score(k), v: wild ? hostile(random, k) : normals(random, k) };
}
