/**
 * Multi-head attention one head at a time, after the formulas in the doc comment of the kernel.
 *
 * Everything is an array of arrays: `rows[r][h]` is head h of row r. Sums are lists of terms, in the
 * documented order. The derivative along a direction is there too, for the adjoint identity.
 *
 * @module
 */
import type { AttentionSizes } from '../../../src/linalg/reference/attention.ts';
import { softmax } from '../../../src/linalg/reference/softmax.ts';
import { ascending, twoLanes } from '../cases.ts';
import type { Operands } from './attention-cases.ts';

type Rows = number[][][];

/** Rows of `heads` heads of `width` numbers. */
function cut(x: Float64Array, heads: number, width: number): Rows {
  const rows = heads * width === 0 ? 0 : x.length / (heads * width);
  return Array.from({ length: rows }, (_, r) =>
    Array.from({ length: heads }, (_, h) =>
      Array.from({ length: width }, (_, c) => x[r * heads * width + h * width + c]),
    ),
  );
}

const dotOf = (x: number[], y: number[]): number => ascending(x.map((xc, c) => xc * y[c]));

/** A query row of one head, with the tokens it sees; `group` lists the key-value head of each head. */
interface Place {
  readonly row: number;
  readonly head: number;
  readonly group: number;
  readonly seen: readonly number[];
}

/** All places, sequences outermost, then heads, then query rows: the order of the rows of p. */
function places(s: AttentionSizes, groups: readonly number[]): Place[] {
  const all: Place[] = [];
  for (let b = 0; b < s.batch; b++) {
    groups.forEach((group, head) => {
      for (let i = 0; i < s.queries; i++) {
        const own = s.tokens - s.queries + i; // the token at which a causal query stands
        const seen = Array.from({ length: s.tokens }, (_, j) => j)
          .filter((j) => !s.causal || j <= own)
          .map((j) => b * s.tokens + j);
        all.push({ row: b * s.queries + i, head, group, seen });
      }
    });
  }
  return all;
}

/** p and o. */
export function plain(
  s: AttentionSizes,
  groups: readonly number[],
  scale: number,
  x: Operands,
): { p: number[]; o: number[] } {
  const [q, k, v] = [
    cut(x.q, s.heads, s.width),
    cut(x.k, s.kvHeads, s.width),
    cut(x.v, s.kvHeads, s.width),
  ];
  const p: number[] = [];
  const o = q.map((row) => row.map((head): number[] => head.slice()));
  for (const { row, head, group, seen } of places(s, groups)) {
    const weights = Float64Array.from(seen, (j) => dotOf(q[row][head], k[j][group]) * scale);
    softmax(weights, weights, 0, weights.length);
    p.push(...weights, ...new Array(s.tokens - seen.length).fill(0));
    o[row][head] = o[row][head].map((_, c) =>
      ascending(seen.map((j, at) => weights[at] * v[j][group][c])),
    );
  }
  return { p, o: o.flat(2) };
}

/** dq, dk and dv from dO and the weights p. */
export function plainBackward(
  s: AttentionSizes,
  groups: readonly number[],
  scale: number,
  x: Operands & { readonly p: Float64Array; readonly dO: Float64Array },
): { dq: number[]; dk: number[]; dv: number[] } {
  const [q, dO] = [cut(x.q, s.heads, s.width), cut(x.dO, s.heads, s.width)];
  const [k, v] = [cut(x.k, s.kvHeads, s.width), cut(x.v, s.kvHeads, s.width)];
  /** For each number of `like`, the terms of its gradient. */
  const termsFor = (like: Rows): number[][][][] =>
    like.map((row) => row.map((head) => head.map((): number[] => [])));
  const [dq, dk, dv] = [termsFor(q), termsFor(k), termsFor(v)];
  places(s, groups).forEach(({ row, head, group, seen }, place) => {
    const p = seen.map((_, at) => x.p[place * s.tokens + at]);
    const dp = seen.map((j) => dotOf(dO[row][head], v[j][group]));
    const mean = twoLanes(dp.map((entry, at) => entry * p[at]));
    seen.forEach((j, at) => {
      const ds = p[at] * (dp[at] - mean) * scale;
      for (let c = 0; c < s.width; c++) {
        dq[row][head][c].push(ds * k[j][group][c]);
        dk[j][group][c].push(ds * q[row][head][c]);
        dv[j][group][c].push(p[at] * dO[row][head][c]);
      }
    });
  });
  const sums = (terms: number[][][][]): number[] => terms.flat(2).map(ascending);
  return { dq: sums(dq), dk: sums(dk), dv: sums(dv) };
}

/** The derivative of o along the direction (q̇, k̇, v̇), by the product rule. */
export function derivative(
  s: AttentionSizes,
  groups: readonly number[],
  scale: number,
  x: Operands,
  along: Operands,
): number[] {
  const [q, k, v] = [
    cut(x.q, s.heads, s.width),
    cut(x.k, s.kvHeads, s.width),
    cut(x.v, s.kvHeads, s.width),
  ];
  const [qDot, kDot, vDot] = [
    cut(along.q, s.heads, s.width),
    cut(along.k, s.kvHeads, s.width),
    cut(along.v, s.kvHeads, s.width),
  ];
  const oDot = q.map((row) => row.map((head): number[] => head.slice()));
  for (const { row, head, group, seen } of places(s, groups)) {
    const p = Float64Array.from(seen, (j) => dotOf(q[row][head], k[j][group]) * scale);
    softmax(p, p, 0, p.length);
    const sDot = seen.map(
      (j) => (dotOf(qDot[row][head], k[j][group]) + dotOf(q[row][head], kDot[j][group])) * scale,
    );
    const mean = ascending(sDot.map((entry, at) => entry * p[at]));
    oDot[row][head] = oDot[row][head].map((_, c) =>
      ascending(
        seen.map((j, at) => p[at] * (sDot[at] - mean) * v[j][group][c] + p[at] * vDot[j][group][c]),
      ),
    );
  }
  return oDot.flat(2);
}
