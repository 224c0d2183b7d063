import { describe, expect, test } from 'vitest';
import { Random } from '../../../src/linalg/random.ts';
import * as twins from '../../../src/linalg/reference/attention.ts';
import * as kernels from '../../../src/linalg/wasm/attention.ts';
import { inWorkspace, resultArray } from '../../../src/linalg/wasm/workspace.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import { blank, hostile, leavesAlone, normals } from '../cases.ts';

/** Finite, but of all sizes: scores are finite now and then, and products underflow. */
const wild = (random: Random, n: number): Float64Array =>
  hostile(random, n).map((entry) =>
    Number.isFinite(entry) && Math.abs(entry) < 1e9 ? entry : Math.sign(entry) * 1e-160 || -0,
  );

// Either side of a tile (4) and of a run (8), two runs, the 41 tokens of a training step.
const TOKENS = [1, 2, 3, 4, 5, 7, 8, 9, 11, 15, 16, 17, 41];
const HEADS = [
  { heads: 1, kvHeads: 1, width: 1 },
  { heads: 2, kvHeads: 2, width: 3 },
  { heads: 4, kvHeads: 2, width: 4 },
  { heads: 3, kvHeads: 1, width: 5 },
  { heads: 3, kvHeads: 2, width: 8 },
];

type Draw = (random: Random, n: number) => Float64Array;

/** Everything that the two passes write, by name, and what the forward pass returned. */
function bothPasses(
  module: typeof twins,
  sizes: twins.AttentionSizes,
  draw: Draw,
  seed: number,
  array: (n: number) => Float64Array,
  rules?: twins.AttentionRules,
): { fine: boolean; results: Record<string, Float64Array> } {
  const { batch, tokens, queries, heads, kvHeads, width } = sizes;
  const random = new Random(seed);
  const place = (x: Float64Array): Float64Array => {
    const placed = array(x.length);
    placed.set(x);
    return placed;
  };
  const [nq, nk] = [batch * queries * heads * width, batch * tokens * kvHeads * width];
  const [q, k, v, dO] = [nq, nk, nk, nq].map((n) => place(draw(random, n)));
  const p = array(batch * heads * queries * tokens).fill(Number.NaN);
  const [o, dq, dk, dv] = [nq, nq, nk, nk].map((n) => array(n).fill(Number.NaN));
  const fine = leavesAlone([q, k, v], () => module.attention(sizes, 0.7, q, k, v, p, o, rules));
  if (!fine) return { fine, results: {} };
  leavesAlone([q, k, v, p, dO], () => {
    module.attentionBackward(sizes, 0.7, { q, k, v, p, dO }, { dq, dk, dv }, rules);
  });
  const results = Object.entries({ p, o, dq, dk, dv }).map(([name, x]) => [name, x.slice()]);
  return { fine, results: Object.fromEntries(results) };
}

function assertAgreement(sizes: twins.AttentionSizes, draw: Draw, seed: number, rules?: object) {
  const expected = bothPasses(twins, sizes, draw, seed, blank, rules);
  const apart = bothPasses(kernels, sizes, draw, seed, blank, rules);
  const resident = inWorkspace(() => bothPasses(kernels, sizes, draw, seed, resultArray, rules));
  for (const actual of [apart, resident]) {
    expect(actual.fine).toBe(expected.fine);
    for (const [name, values] of Object.entries(expected.results)) {
      assertSameBits(
        actual.results[name],
        values,
        `seed ${seed}, ${JSON.stringify(sizes)}, ${name}`,
      );
    }
  }
  return expected.fine;
}

describe.each([
  ['all queries, causal', false, true],
  ['all queries, all tokens', false, false],
  ['the last query, causal', true, true],
  ['the last query, all tokens', true, false],
] as const)('%s: the bits of the twin', (_, queryRow, causal) => {
  test.each(HEADS)('$heads heads on $kvHeads of width $width', (shape) => {
    for (const tokens of TOKENS) {
      const queries = queryRow ? 1 : tokens;
      const sizes = { batch: 2, tokens, queries, causal, ...shape };
      expect(assertAgreement(sizes, normals, 61)).toBe(true);
      assertAgreement(sizes, wild, 62);
      assertAgreement(sizes, hostile, 63);
    }
  });

  test('queries that stand at the last few tokens', () => {
    const sizes = { batch: 2, tokens: 13, queries: 6, heads: 2, kvHeads: 1, width: 4, causal };
    expect(assertAgreement(sizes, normals, 64)).toBe(true);
  });
});

test('numbers that are not finite where nothing is visible do not reach the result', () => {
  const sizes = { batch: 1, tokens: 9, queries: 9, heads: 1, kvHeads: 1, width: 2, causal: true };
  const poisoned: Draw = (random, n) => {
    const x = normals(random, n);
    if (n > 1) x[n - 1] = Number.NaN; // of q, of k, of v, and of do
    return x;
  };
  // The last query sees its own key: no softmax. With the values only, there is one.
  expect(assertAgreement(sizes, poisoned, 65)).toBe(false);
  let call = 0;
  const inValues: Draw = (random, n) => {
    const x = normals(random, n);
    if (call++ % 4 >= 2) x[n - 2] = Infinity; // v and do
    return x;
  };
  expect(assertAgreement(sizes, inValues, 66)).toBe(true);
});

const positions = Float64Array.of(0, 1, 4, 5, 9, 11, 20);

test.each([
  { window: 3 },
  { softCap: 2 },
  { slopes: Float64Array.of(0.5, 0.25) },
  { positions },
  { positions, window: 5 },
])('with the rule %o', (rules) => {
  const sizes = { batch: 2, tokens: 7, queries: 7, heads: 2, kvHeads: 1, width: 4, causal: true };
  expect(assertAgreement(sizes, normals, 67, rules)).toBe(true);
});
