import { expect, test } from 'vitest';
import {
  applyMemory,
  attentionMemory,
  linearAttentionPatch,
  type MemoryFactors,
  patchWeight,
  proveMemoryPatch,
  rationalMemory,
  withoutPositions,
} from '../../src/icl/index.ts';
import {
  addRankOne,
  DegenerateBase,
  gamma,
  type Matrix,
  matrix,
  matrixFromRows,
  matrixVector,
  NonFiniteError,
  norm,
  Random,
  Rational,
  rankOneToMatrix,
  ShapeError,
} from '../../src/linalg/index.ts';
import { evaluateLayer, linearAttentionLayer } from '../../src/model/index.ts';
import { normalMatrix } from '../support/cases.ts';

const of = (...x: number[]): Float64Array => Float64Array.from(x);
const identity = matrixFromRows([
  [1, 0],
  [0, 1],
]);
const plain = { Wq: identity, Wk: identity, Wv: identity };

function randomCase(seed: number, heads = 1, projection = false) {
  const random = new Random(seed, 41);
  const [w, e, m, n] = [4, 3, 3, 5].map((most) => 1 + random.integer(most));
  const d = heads * e;
  const draw = (rows: number, cols: number): Matrix => normalMatrix(rows, cols, random);
  const weights = {
    Wq: draw(d, w),
    Wk: draw(d, w),
    Wv: draw(d, w),
    ...(projection && { Wo: draw(d, d) }),
  };
  const [W, context, query] = [draw(m, d), draw(n, w), draw(1, w).data];
  const removed = Array.from({ length: n }, (_, i) => i).filter(() => random.integer(2) === 1);
  return { weights, W, context, query, removed, w, d, n };
}

test('by hand: tokens (1, 0), (0, 2), query (1, 1), all maps the identity', () => {
  const context = matrixFromRows([
    [1, 0],
    [0, 2],
  ]);
  expect(attentionMemory(plain, context)).toEqual(
    matrixFromRows([
      [1, 0],
      [0, 4],
    ]),
  );
  // A(x) = 2·(1, 1); A(C, x) = (1, 0)·1 + (0, 2)·2 + 2·(1, 1) = (3, 6), so δ = (1, 4) = Δ·(1, 1).
  const { base, patch, reading } = linearAttentionPatch(plain, identity, context, of(1, 1));
  expect(base).toEqual(of(2, 2));
  expect(reading).toEqual({ p: of(1, 1), v: of(0.25, 0.25) });
  expect(patch).toEqual({ p: of(1, 4), v: of(0.25, 0.25) });
  expect(matrixVector(addRankOne(identity, patch), base)).toEqual(of(3, 6));
});

test('in fractions the factorised patch is Theorem 1’s, exact, and additive in Y', () => {
  for (let seed = 0; seed < 8; seed++) {
    const { weights, W, context, query, removed } = randomCase(seed);
    const proof = proveMemoryPatch(weights, W, context, query, removed);
    expect([proof.residual, proof.againstTheorem1]).toEqual(['0', '0']);
    const all = Array.from({ length: context.rows }, (_, i) => i);
    const memory = (kept: number[]): Rational[] =>
      rationalMemory(weights, withoutPositions(context, kept)).flat();
    const own = memory(all.filter((i) => !removed.includes(i)));
    const other = memory(removed);
    const sums = own.map((entry, i) => entry.plus(other[i]).toString());
    expect(memory([]).map(String)).toEqual(sums);
    if (removed.length === 0) continue;
    // Wrong factors leave a residual: a transposed or negated memory, another direction.
    const [minus, twice] = [new Rational(-1n), new Rational(2n)];
    const spoil: ((factors: MemoryFactors) => MemoryFactors)[] = [
      (factors) => ({
        ...factors,
        memory: factors.memory.map((row) => row.map((entry) => entry.times(minus))),
      }),
      ({ memory: right, along }) => ({
        memory: right,
        along: along.map((entry) => entry.times(twice)),
      }),
    ];
    for (const change of spoil) {
      const wrong = proveMemoryPatch(weights, W, context, query, removed, change);
      expect(wrong.residual).not.toBe('0');
      expect(wrong.againstTheorem1).not.toBe('0');
    }
  }
});

test('in doubles: Δ(Y)·q_x is the change of A, with heads and projection, within the bound', () => {
  for (let seed = 0; seed < 60; seed++) {
    const heads = 1 + (seed % 3);
    const projection = seed % 2 === 1;
    const { weights, W, context, query, removed, w, d, n } = randomCase(seed, heads, projection);
    const layer = linearAttentionLayer({
      tokenWidth: w,
      width: d,
      heads,
      outputProjection: projection,
    });
    const contextual = evaluateLayer(layer, weights, context, query);
    const found = linearAttentionPatch(weights, W, context, query, { removed, heads });
    const delta = matrixVector(found.memory, found.query);
    // Σ_y (|Wv||y|)((|Wk||y|)·(|Wq||x|)) ≤ this; with Wo a factor and d + 1 roundings more.
    const tokens = [
      ...Array.from({ length: n }, (_, j) => context.data.slice(j * w, (j + 1) * w)),
      query,
    ];
    const size =
      norm(weights.Wq.data) *
      norm(weights.Wk.data) *
      norm(weights.Wv.data) *
      norm(query) *
      tokens.reduce((sum, y) => sum + norm(y) ** 2, 0) *
      (projection ? norm(weights.Wo?.data ?? of()) : 1);
    const factor = gamma(3 * w + n + 1 + 6 * d + 9 + d + 1);
    contextual.forEach((entry, c) => {
      expect(Math.abs(entry - found.base[c] - delta[c])).toBeLessThanOrEqual(factor * size * 2);
    });
    const target = matrixVector(W, contextual);
    const patched = matrixVector(W, found.base);
    const moved = applyMemory(W, found, found.base);
    target.forEach((entry, r) => {
      const z = patched[r] + moved[r];
      expect(Math.abs(z - entry)).toBeLessThanOrEqual(2 * factor * norm(W.data) * size);
    });
    // Theorem 1's patch from the two runs of the layer: the same up to what their difference has lost.
    const generic = patchWeight(W, found.base, contextual);
    expect(found.patch.v).toEqual(generic.v);
    found.patch.p.forEach((entry, r) => {
      expect(Math.abs(entry - generic.p[r])).toBeLessThanOrEqual(2 * factor * norm(W.data) * size);
    });
  }
});

test('the memory does not depend on who asks, and a head reads its own keys alone', () => {
  const { weights, context } = randomCase(3, 2);
  const memory = attentionMemory(weights, context, { heads: 2 });
  const e = memory.rows / 2;
  memory.data.forEach((entry, i) => {
    const [c, a] = [Math.floor(i / memory.cols), i % memory.cols];
    if (Math.floor(c / e) !== Math.floor(a / e)) expect(entry).toBe(0);
    else expect(entry).not.toBe(0);
  });
});

test('nothing removed is no patch, in every bit', () => {
  const { weights, W, context, query } = randomCase(5);
  const { memory, patch } = linearAttentionPatch(weights, W, context, query, { removed: [] });
  expect(memory.data.every((entry) => Object.is(entry, 0))).toBe(true);
  expect(rankOneToMatrix(patch).data.every((entry) => entry === 0)).toBe(true);
});

test('a base of 0, heads that do not divide, NaN and unknown positions are refused', () => {
  const { weights, W, context, query, d, w } = randomCase(6);
  const silent = { ...weights, Wv: matrix(d, w) };
  expect(() => linearAttentionPatch(silent, W, context, query)).toThrow(DegenerateBase);
  expect(() => proveMemoryPatch(silent, W, context, query)).toThrow(DegenerateBase);
  expect(() => attentionMemory(plain, matrix(1, 2), { heads: 3 })).toThrow(ShapeError);
  expect(() => attentionMemory(plain, matrixFromRows([[NaN, 1]]))).toThrow(NonFiniteError);
  expect(() => linearAttentionPatch(weights, W, context, query, { removed: [99] })).toThrow(
    /positions are integers from 0 to below/,
  );
});
