import { expect, test } from 'vitest';
import { Random } from '../../../src/linalg/random.ts';
import {
  type AttentionRules,
  type AttentionSizes,
  attention,
  attentionBackward,
} from '../../../src/linalg/reference/attention.ts';
import { softmax, softmaxBackward } from '../../../src/linalg/reference/softmax.ts';
import { tanh, tanhDerivative } from '../../../src/linalg/special/tanh.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import { ascending, blank, leavesAlone, normals } from '../cases.ts';

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const SLOPES = Float64Array.of(0.5, 0.125);
const GAPS = Float64Array.of(0, 1, 3.5, 4, 9, 10, 30);
const [B, T, H, G, e, SCALE] = [2, 7, 2, 1, 3, 0.4];

const CASES: readonly [AttentionRules, Partial<AttentionSizes>][] = [
  [{}, {}],
  [{ window: 3 }, { causal: true }],
  [{ window: 2 }, {}],
  [{ window: 1 }, { causal: true }],
  [{ window: 5, positions: GAPS }, { causal: true }],
  [{ window: 5, positions: GAPS }, {}],
  [{ softCap: 1.5 }, { causal: true }],
  [{ slopes: SLOPES }, {}],
  [{ slopes: SLOPES, positions: GAPS, softCap: 2, window: 9 }, { causal: true }],
  [{ slopes: SLOPES, positions: GAPS, window: 25 }, { queries: 1 }],
  [
    { window: 4, positions: GAPS },
    { queries: 2, causal: true },
  ],
];

const sizesOf = (part: Partial<AttentionSizes>): AttentionSizes => ({
  ...{ batch: B, tokens: T, queries: T, heads: H, kvHeads: G, width: e, causal: false },
  ...part,
});

test.each(CASES)(
  'rules %j on %j bend scores and visibility as stated, both ways',
  (rules, part) => {
    const sizes = sizesOf(part);
    const Q = sizes.queries;
    const random = new Random(311);
    const [q, k, v, dO] = [B * Q * H * e, B * T * e, B * T * e, B * Q * H * e].map((n) =>
      normals(random, n),
    );
    const [p, o] = [blank(B * H * Q * T), blank(q.length)];
    const own = Object.values(rules).filter((rule) => rule instanceof Float64Array);
    const fine = leavesAlone([q, k, v, ...own], () =>
      attention(sizes, SCALE, q, k, v, p, o, rules),
    );
    expect(fine).toBe(true);
    const [dq, dk, dv] = [blank(q.length), blank(k.length), blank(v.length)];
    leavesAlone([q, k, v, p, dO, ...own], () =>
      attentionBackward(sizes, SCALE, { q, k, v, p, dO }, { dq, dk, dv }, rules),
    );
    const terms = { dk: Array.from(k, (): number[] => []), dv: Array.from(v, (): number[] => []) };
    for (const b of upTo(B)) {
      for (const h of upTo(H)) {
        for (const i of upTo(Q)) {
          const stands = T - Q + i;
          const distance = (j: number): number =>
            Math.abs(rules.positions ? rules.positions[stands] - rules.positions[j] : stands - j);
          const seen = upTo(T).filter(
            (j) => (!sizes.causal || j <= stands) && distance(j) < (rules.window ?? Infinity),
          );
          const row = ((b * Q + i) * H + h) * e;
          const at = (j: number, c = 0): number => (b * T + j) * e + c;
          const product = (j: number): number =>
            ascending(upTo(e).map((c) => q[row + c] * k[at(j, c)])) * SCALE;
          const weights = Float64Array.from(seen, (j) => {
            const s = rules.softCap ? rules.softCap * tanh(product(j) / rules.softCap) : product(j);
            return rules.slopes ? s - rules.slopes[h] * distance(j) : s;
          });
          softmax(weights, weights, 0, weights.length);
          const all = new Float64Array(T);
          seen.forEach((j, n) => {
            all[j] = weights[n];
          });
          const place = ((b * H + h) * Q + i) * T;
          assertSameBits(p.subarray(place, place + T), all, `p, row ${i}`);
          const value = upTo(e).map((c) => ascending(seen.map((j, n) => weights[n] * v[at(j, c)])));
          assertSameBits(o.subarray(row, row + e), value, `o, row ${i}`);
          const ds = Float64Array.from(seen, (j) =>
            ascending(upTo(e).map((c) => dO[row + c] * v[at(j, c)])),
          );
          softmaxBackward(weights, 0, ds, ds, 0, seen.length);
          seen.forEach((j, n) => {
            if (rules.softCap) ds[n] *= tanhDerivative(product(j) / rules.softCap);
            ds[n] *= SCALE;
            for (const c of upTo(e)) {
              terms.dk[at(j, c)].push(ds[n] * q[row + c]);
              terms.dv[at(j, c)].push(weights[n] * dO[row + c]);
            }
          });
          const gradient = upTo(e).map((c) => ascending(seen.map((j, n) => ds[n] * k[at(j, c)])));
          assertSameBits(dq.subarray(row, row + e), gradient, `dq, row ${i}`);
        }
      }
    }
    assertSameBits(dk, terms.dk.map(ascending), 'dk');
    assertSameBits(dv, terms.dv.map(ascending), 'dv');
  },
);

test('rules that change nothing change no bit', () => {
  const sizes = sizesOf({ causal: true });
  const [q, k, v] = [B * T * H * e, B * T * e, B * T * e].map((n) =>
    normals(new Random(312, n), n),
  );
  const run = (rules?: AttentionRules): Float64Array => {
    const o = blank(q.length);
    attention(sizes, SCALE, q, k, v, blank(B * H * T * T), o, rules);
    return o;
  };
  const positions = Float64Array.from(upTo(T), (t) => 5 + t);
  for (const rules of [{ window: T }, { slopes: new Float64Array(H) }, { positions }, {}]) {
    assertSameBits(run(rules), run(), JSON.stringify(rules));
  }
  assertSameBits(
    run({ window: 3, positions, slopes: SLOPES }),
    run({ window: 3, slopes: SLOPES }),
    'moved',
  );
});

test('by hand: a slope of log 2 halves a weight with each step away', () => {
  const sizes = {
    ...sizesOf({ causal: true }),
    batch: 1,
    tokens: 3,
    queries: 3,
    heads: 1,
    width: 1,
  };
  const p = blank(9);
  const [zero, slopes] = [new Float64Array(3), Float64Array.of(Math.LN2)];
  attention(sizes, 1, zero, zero, zero, p, blank(3), { slopes });
  const expected = [1, 0, 0, 1 / 3, 2 / 3, 0, 1 / 7, 2 / 7, 4 / 7];
  // Measured 1e-16: exp and two divisions.
  p.forEach((weight, at) => {
    expect(Math.abs(weight - expected[at])).toBeLessThan(4e-16);
  });
});
