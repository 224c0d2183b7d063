import { expect, test } from 'vitest';
import { Random } from '../../../src/linalg/random.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import { leavesAlone } from '../cases.ts';
import { CASES, operands, run, sizesOf } from './attention-cases.ts';
import { plain } from './attention-plain.ts';

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

test('a visible score that is not finite is reported, −Infinity too: an overflow is no mask', () => {
  const sizes = sizesOf([1, 2, 1, 1, 1, 1], false);
  const report = (...k: number[]) =>
    run(sizes, 1, { q: Float64Array.of(1), k: Float64Array.from(k), v: Float64Array.of(3, 5) });
  expect(report(-Infinity, -Infinity).fine).toBe(false);
  expect(report(0, Infinity).fine).toBe(false);
  expect(report(Number.NaN, 0).fine).toBe(false);
  expect(report(-Infinity, 0).fine).toBe(false);
  expect(report(-1e308, 0).fine).toBe(true);
});

test('one head of width 1 by hand', () => {
  const x = { q: Float64Array.of(0, 0), k: Float64Array.of(1, 3), v: Float64Array.of(2, 4) };
  const { p, o } = run(sizesOf([1, 2, 2, 1, 1, 1], true), 1, x);
  assertSameBits(p, [1, 0, 0.5, 0.5], 'p');
  assertSameBits(o, [2, 3], 'o');
});
