import { expect, test } from 'vitest';
import { exact, multiplyExact, sumExact } from '../../../src/linalg/exact.ts';
import { Random } from '../../../src/linalg/random.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import {
  ascending,
  expectWithinGamma,
  hostile,
  leavesAlone,
  normals,
  productsOf,
} from '../cases.ts';
import { CASES, lengths, operands, run, runBackward, sizesOf } from './attention-cases.ts';
import { derivative, plainBackward } from './attention-plain.ts';

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

test('one head of width 1 by hand', () => {
  const p = Float64Array.of(0.5, 0.5);
  const x = { q: Float64Array.of(0), k: Float64Array.of(1, 3), v: Float64Array.of(2, 4), p };
  // dp = 2·(2, 4), mean 6, ds = ½·(−2, 2)·10; dq = −10·1 + 10·3; dv = ½·2.
  const sizes = sizesOf([1, 2, 1, 1, 1, 1], false);
  const { dq, dk, dv } = runBackward(sizes, 10, { ...x, dO: Float64Array.of(2) });
  assertSameBits([...dq, ...dk, ...dv], [20, 0, 0, 1, 1], 'dq, dk, dv');
});
