import { expect, test } from 'vitest';
import { exact, multiplyExact, sumExact } from '../../../src/linalg/exact.ts';
import { Random } from '../../../src/linalg/random.ts';
import type { AttentionSizes } from '../../../src/linalg/reference/attention.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import {
  ascending,
  expectWithinGamma,
  hostile,
  leavesAlone,
  normals,
  productsOf,
} from '../cases.ts';
import {
  derivative,
  lengths,
  type Operands,
  plain,
  plainBackward,
  run,
  runBackward,
} from './attention-plain.ts';

const sizesOf = (
  [batch, tokens, queries, heads, kvHeads, width]: readonly number[],
  causal: boolean,
): AttentionSizes => ({ batch, tokens, queries, heads, kvHeads, width, causal });

/** Sizes, and which key-value head each head reads. */
const CASES: readonly { sizes: AttentionSizes; groups: readonly number[] }[] = [
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
function operands(random: Random, sizes: AttentionSizes, wild = false): Operands {
  const { q, k } = lengths(sizes);
  const score = (n: number): Float64Array =>
    normals(random, n).map((x) => (wild && random.integer(4) === 0 ? TAME[random.integer(8)] : x));
  return { q: score(q), k: score(k), v: wild ? hostile(random, k) : normals(random, k) };
}

test.each(CASES)('each head is scores, softmax, mixture in the stated order: $sizes', (one) => {
  const random = new Random(71);
  for (let round = 0; round < 20; round++) {
    const x = operands(random, one.sizes, round % 2 === 1);
    const result = leavesAlone([x.q, x.k, x.v], () => run(one.sizes, 0.3, x));
    const expected = plain(one.sizes, one.groups, 0.3, x);
    expect(result.fine).toBe(true);
    assertSameBits(result.p, expected.p, `p, seed 71, round ${round}`);
    assertSameBits(result.o, expected.o, `o, seed 71, round ${round}`);
  }
});

test.each(CASES)('backward sums in the stated order, over heads, then rows: $sizes', (one) => {
  const random = new Random(72);
  for (let round = 0; round < 20; round++) {
    const x = operands(random, one.sizes, round % 2 === 1);
    const { p } = run(one.sizes, 0.3, x);
    const dO = (round % 2 === 1 ? hostile : normals)(random, lengths(one.sizes).q);
    const inputs = { ...x, p, dO };
    const result = leavesAlone([x.q, x.k, x.v, p, dO], () => runBackward(one.sizes, 0.3, inputs));
    const expected = plainBackward(one.sizes, one.groups, 0.3, inputs);
    for (const name of ['dq', 'dk', 'dv'] as const) {
      assertSameBits(result[name], expected[name], `${name}, seed 72, round ${round}`);
    }
  }
});

test('a head reads the keys and values of its own group only', () => {
  const { sizes, groups } = CASES[1];
  const x = operands(new Random(73), sizes);
  const inGroup = (at: number) => Math.floor(at / sizes.width) % sizes.kvHeads;
  const spoil = (y: Float64Array) => y.map((t, at) => (inGroup(at) === 1 ? 1.5 * t : t));
  const before = run(sizes, 1, x).o;
  for (const changed of [
    { ...x, k: spoil(x.k) },
    { ...x, v: spoil(x.v) },
  ]) {
    const after = run(sizes, 1, changed).o;
    before.forEach((entry, at) => {
      const head = Math.floor(at / sizes.width) % sizes.heads;
      expect(Object.is(entry, after[at]), `head ${head}`).toBe(groups[head] === 0);
    });
  }
});

test('a token that is not visible weighs +0, and its key and value change nothing', () => {
  const sizes = sizesOf([1, 7, 7, 2, 2, 3], true);
  const x = operands(new Random(74), sizes);
  const clean = run(sizes, 1, x);
  const perToken = sizes.kvHeads * sizes.width;
  for (const [key, value] of [
    [1e200, Number.NaN],
    [-1e200, Infinity],
    [0, -1e308],
  ]) {
    // Only the last query row sees the last token.
    const last = { k: x.k.slice().fill(key, -perToken), v: x.v.slice().fill(value, -perToken) };
    const dirty = run(sizes, 1, { q: x.q, ...last });
    const own = sizes.heads * sizes.width;
    assertSameBits(dirty.o.slice(0, -own), clean.o.slice(0, -own), `key ${key}, value ${value}`);
    expect(Object.is(dirty.o.at(-1), clean.o.at(-1))).toBe(false);
  }
  clean.p.forEach((weight, at) => {
    const [i, j] = [Math.floor(at / 7) % 7, at % 7];
    if (j > i) expect(weight).toBe(0);
    else expect(weight).toBeGreaterThan(0);
  });
});

test('the last query rows alone have the bits that they have among all rows', () => {
  for (const { sizes } of CASES.slice(0, 3)) {
    const { tokens, batch, heads } = sizes;
    const all = { ...sizes, queries: tokens };
    const x = operands(new Random(75), all);
    const full = run(all, 0.7, x);
    for (const queries of [1, 2]) {
      const some = { ...sizes, queries };
      const own = heads * sizes.width;
      const lastRows = (of: Float64Array, groups: number, length: number): number[] =>
        Array.from({ length: groups }, (_, b) => [
          ...of.subarray(((b + 1) * tokens - queries) * length, (b + 1) * tokens * length),
        ]).flat();
      const q = Float64Array.from(lastRows(x.q, batch, own));
      const result = run(some, 0.7, { ...x, q });
      assertSameBits(result.o, lastRows(full.o, batch, own), `o of ${queries} rows`);
      assertSameBits(result.p, lastRows(full.p, batch * heads, tokens), `p of ${queries} rows`);
    }
  }
});

test('a row of scores without a finite maximum is reported, and one −Infinity is not', () => {
  const sizes = sizesOf([1, 2, 1, 1, 1, 1], false);
  const report = (...k: number[]) =>
    run(sizes, 1, { q: Float64Array.of(1), k: Float64Array.from(k), v: Float64Array.of(3, 5) });
  expect(report(-Infinity, -Infinity).fine).toBe(false);
  expect(report(0, Infinity).fine).toBe(false);
  expect(report(Number.NaN, 0).fine).toBe(false);
  const masked = report(-Infinity, 0);
  expect(masked.fine).toBe(true);
  assertSameBits([...masked.p, ...masked.o], [0, 1, 5], 'one masked token');
});

test.each(CASES.slice(0, 6))('backward is the adjoint of the derivative: $sizes', (one) => {
  const random = new Random(76);
  const x = operands(random, one.sizes);
  const dO = normals(random, lengths(one.sizes).q);
  const { p } = run(one.sizes, 0.5, x);
  const { dq, dk, dv } = runBackward(one.sizes, 0.5, { ...x, p, dO });
  const inner = (a: ArrayLike<number>, b: ArrayLike<number>) =>
    ascending(Array.from(a, (entry, i) => entry * b[i]));
  const direction = operands(random, one.sizes);
  const [zeroQ, zeroK] = [x.q.map(() => 0), x.k.map(() => 0)];
  const zero = { q: zeroQ, k: zeroK, v: zeroK };
  for (const [name, gradient] of [
    ['q', dq],
    ['k', dk],
    ['v', dv],
  ] as const) {
    const along = { ...zero, [name]: direction[name] };
    const forward = inner(dO, derivative(one.sizes, one.groups, 0.5, x, along));
    const backward = inner(gradient, direction[name]);
    // With one token the weight is 1 whatever q and k are, and both sides vanish.
    if (one.sizes.tokens > 1 || name === 'v') expect(Math.abs(forward)).toBeGreaterThan(0.01);
    // Measured 7e-15 at most over these sizes.
    expect(Math.abs(forward - backward), `seed 76, ${name}`).toBeLessThan(1e-13);
  }
});

test('the derivative that the adjoint is held against is that of the forward kernel', () => {
  const { sizes, groups } = CASES[0];
  const random = new Random(77);
  const [x, along] = [operands(random, sizes), operands(random, sizes)];
  const h = 2 ** -17;
  const at = (step: number) => {
    const moved = (name: 'q' | 'k' | 'v') => x[name].map((t, i) => t + step * along[name][i]);
    return run(sizes, 0.5, { q: moved('q'), k: moved('k'), v: moved('v') }).o;
  };
  const [after, before] = [at(h), at(-h)];
  derivative(sizes, groups, 0.5, x, along).forEach((slope, i) => {
    // Measured 3e-10 at most: h²/6 = 1e-11 times third derivatives of some tens.
    const error = Math.abs((after[i] - before[i]) / (2 * h) - slope);
    expect(error, `seed 77, entry ${i}`).toBeLessThan(3e-9);
  });
});

test('⟨dO, o⟩ and ⟨dv, v⟩ are both Σ dO·p·v, each within gamma_5, without rounding', () => {
  // Derived: an entry of o sums the 5 tokens, one of dv the 5 query rows of its only head.
  const { sizes } = CASES[0];
  const { batch, tokens: T, heads: H, width: e } = sizes;
  const random = new Random(78);
  const x = operands(random, sizes);
  const dO = normals(random, lengths(sizes).q);
  const { p, o } = run(sizes, 1, x);
  const { dv } = runBackward(sizes, 1, { ...x, p, dO });
  const at = (b: number, row: number, h: number, c: number) => ((b * T + row) * H + h) * e + c;
  const terms = Array.from(p, (weight, place) => {
    const [j, i] = [place % T, Math.floor(place / T) % T];
    const [h, b] = [Math.floor(place / T / T) % H, Math.floor(place / T / T / H)];
    return Array.from({ length: e }, (_, c) =>
      multiplyExact(
        multiplyExact(exact(dO[at(b, i, h, c)]), exact(weight)),
        exact(x.v[at(b, j, h, c)]),
      ),
    );
  }).flat();
  expect(terms.length).toBe(batch * H * T * T * e);
  expectWithinGamma(5, sumExact(productsOf(dO, o)), terms, 'seed 78, ⟨dO, o⟩');
  expectWithinGamma(5, sumExact(productsOf(dv, x.v)), terms, 'seed 78, ⟨dv, v⟩');
});

test('one head of width 1, forward and backward by hand', () => {
  const values = { k: Float64Array.of(1, 3), v: Float64Array.of(2, 4) };
  const causal = run(sizesOf([1, 2, 2, 1, 1, 1], true), 1, { q: Float64Array.of(0, 0), ...values });
  assertSameBits(causal.p, [1, 0, 0.5, 0.5], 'causal p');
  assertSameBits(causal.o, [2, 3], 'causal o');
  const one = sizesOf([1, 2, 1, 1, 1, 1], false);
  const x = { q: Float64Array.of(0), ...values, p: Float64Array.of(0.5, 0.5) };
  // dp = 2·(2, 4), mean 6, ds = ½·(−2, 2)·10; dq = −10·1 + 10·3; dv = ½·2.
  const { dq, dk, dv } = runBackward(one, 10, { ...x, dO: Float64Array.of(2) });
  assertSameBits([...dq, ...dk, ...dv], [20, 0, 0, 1, 1], 'dq, dk, dv');
});
