import { expect, test } from 'vitest';
import { Random } from '../../../src/linalg/random.ts';
import {
  type LinearAttentionInputs,
  type LinearAttentionSizes,
  linearAttention,
  linearAttentionBackward,
} from '../../../src/linalg/reference/linear-attention.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import { ascending, blank, leavesAlone, normals } from '../cases.ts';

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const fold = (from: number, terms: number[]): number => terms.reduce((sum, t) => sum + t, from);

const form = (
  [batch, tokens, queries, heads, width]: readonly number[],
  flags: Partial<LinearAttentionSizes> = {},
): LinearAttentionSizes => ({
  ...{ batch, tokens, queries, heads, width },
  ...{ causal: false, excludeSelf: false, normalised: false },
  ...flags,
});

const CASES: readonly LinearAttentionSizes[] = [
  form([2, 5, 5, 3, 2]),
  form([2, 5, 5, 2, 3], { causal: true }),
  form([1, 7, 7, 1, 2], { causal: true, excludeSelf: true }),
  form([3, 4, 1, 2, 2], { excludeSelf: true }),
  form([2, 5, 5, 2, 3], { causal: true, normalised: true }),
  form([2, 4, 4, 1, 3], { normalised: true }),
  form([2, 5, 1, 2, 2], { causal: true, normalised: true, excludeSelf: true }),
];

/** Draws; positive q, k and n0 where a divisor must be. */
function operands(random: Random, s: LinearAttentionSizes): LinearAttentionInputs {
  const [Q, K] = [s.queries, s.tokens].map((rows) => s.batch * rows * s.heads * s.width);
  const feature = (n: number): Float64Array =>
    normals(random, n).map((t) => (s.normalised ? Math.abs(t) + 0.1 : t));
  return {
    q: feature(Q),
    k: feature(K),
    v: normals(random, K),
    S0: normals(random, s.heads * s.width * s.width),
    n0: feature(s.heads * s.width),
  };
}

/** The tokens query row i sees. */
const seen = (s: LinearAttentionSizes, i: number): number[] => {
  const own = s.tokens - s.queries + i;
  return upTo(s.tokens).filter((j) => (!s.causal || j <= own) && !(s.excludeSelf && j === own));
};

test.each(CASES)('forwards and backwards, every sum in the stated order: %j', (s) => {
  const { batch, tokens: T, queries: Q, heads: H, width: e, normalised } = s;
  const random = new Random(291);
  const x = operands(random, s);
  const dO = normals(random, x.q.length);
  const [o, divisors] = [blank(x.q.length), blank(batch * Q * H)];
  const fine = leavesAlone(Object.values(x), () => linearAttention(s, x, divisors, o));
  expect(fine).toBe(true);
  const g = {
    dq: blank(x.q.length),
    dk: blank(x.k.length),
    dv: blank(x.v.length),
    dS0: blank(x.S0.length),
    dn0: blank(x.n0.length),
  };
  leavesAlone([...Object.values(x), o, divisors, dO], () =>
    linearAttentionBackward(s, x, { divisors, o }, dO, g),
  );

  const lastR: number[][] = [];
  const lastRho: number[][] = [];
  for (const b of upTo(batch)) {
    for (const h of upTo(H)) {
      const Qa = (i: number, a: number): number => x.q[((b * Q + i) * H + h) * e + a];
      const at = (j: number, c: number): number => ((b * T + j) * H + h) * e + c;
      const S = (i: number, a: number, c: number): number =>
        fold(
          x.S0[(h * e + a) * e + c],
          seen(s, i).map((j) => x.k[at(j, a)] * x.v[at(j, c)]),
        );
      const n = (i: number, a: number): number =>
        fold(
          x.n0[h * e + a],
          seen(s, i).map((j) => x.k[at(j, a)]),
        );
      const t: number[][] = [];
      const w: number[] = [];
      for (const i of upTo(Q)) {
        const divisor = normalised ? ascending(upTo(e).map((a) => Qa(i, a) * n(i, a))) : 1;
        const row = ((b * Q + i) * H + h) * e;
        const sums = upTo(e).map((c) => ascending(upTo(e).map((a) => Qa(i, a) * S(i, a, c))));
        const value = sums.map((sum) => sum / divisor);
        assertSameBits(o.subarray(row, row + e), value, 'o');
        const d = upTo(e).map((c) => dO[row + c]);
        t.push(d.map((dc) => dc / divisor));
        w.push(normalised ? -(ascending(d.map((dc, c) => dc * value[c])) / divisor) : 0);
        const dq = upTo(e).map((a) => {
          const sum = ascending(upTo(e).map((c) => t[i][c] * S(i, a, c)));
          return normalised ? sum + w[i] * n(i, a) : sum;
        });
        assertSameBits(g.dq.subarray(row, row + e), dq, 'dq');
      }
      const users = (j: number): number[] =>
        upTo(Q)
          .filter((i) => j < 0 || seen(s, i).includes(j))
          .reverse();
      const R = (j: number, a: number, c: number): number =>
        ascending(users(j).map((i) => Qa(i, a) * t[i][c]));
      const rho = (j: number, a: number): number => ascending(users(j).map((i) => Qa(i, a) * w[i]));
      for (const j of upTo(T)) {
        const dk = upTo(e).map(
          (a) => ascending(upTo(e).map((c) => R(j, a, c) * x.v[at(j, c)])) + rho(j, a),
        );
        assertSameBits(g.dk.subarray(at(j, 0), at(j, e)), dk, 'dk');
        const dv = upTo(e).map((c) => ascending(upTo(e).map((a) => x.k[at(j, a)] * R(j, a, c))));
        assertSameBits(g.dv.subarray(at(j, 0), at(j, e)), dv, 'dv');
      }
      lastR.push(upTo(e * e).map((ac) => R(-1, Math.floor(ac / e), ac % e)));
      lastRho.push(upTo(e).map((a) => rho(-1, a)));
    }
  }
  const overBatch = (parts: number[][]): number[] =>
    upTo(H).flatMap((h) =>
      parts[0].map((_, i) => ascending(upTo(batch).map((b) => parts[b * H + h][i]))),
    );
  assertSameBits(g.dS0, overBatch(lastR), 'dS0');
  assertSameBits(g.dn0, overBatch(lastRho), 'dn0');
});

test('a prefix and the state it leaves give later rows the same bits', () => {
  const [T, prefix, e] = [7, 4, 3];
  const whole = form([1, T, T, 1, e], { causal: true, normalised: true });
  const x = operands(new Random(292), whole);
  const o = blank(T * e);
  linearAttention(whole, x, blank(T), o);
  const sum = (start: number, term: (j: number) => number): number =>
    fold(start, upTo(prefix).map(term));
  const rest = {
    q: x.q.slice(prefix * e),
    k: x.k.slice(prefix * e),
    v: x.v.slice(prefix * e),
    S0: x.S0.map((t, ac) => sum(t, (j) => x.k[j * e + Math.floor(ac / e)] * x.v[j * e + (ac % e)])),
    n0: x.n0.map((t, a) => sum(t, (j) => x.k[j * e + a])),
  };
  const tail = blank((T - prefix) * e);
  const short = { ...whole, tokens: T - prefix, queries: T - prefix };
  expect(linearAttention(short, rest, blank(T - prefix), tail)).toBe(true);
  assertSameBits(tail, o.slice(prefix * e), 'later rows');
});

test('a divisor that is not positive and finite is reported', () => {
  const s = form([1, 1, 1, 1, 1], { normalised: true });
  for (const [q, fine] of [
    [2, true],
    [0, false],
    [-1, false],
    [NaN, false],
    [Infinity, false],
  ] as const) {
    const x = { q: [q], k: [1], v: [5], S0: [0], n0: [0] };
    const flat = Object.fromEntries(Object.entries(x).map(([k, v]) => [k, Float64Array.from(v)]));
    const inputs = { ...operands(new Random(1), s), ...flat };
    expect(linearAttention(s, inputs, blank(1), blank(1)), `${q}`).toBe(fine);
  }
});
