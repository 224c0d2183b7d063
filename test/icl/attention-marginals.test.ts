import { expect, test } from 'vitest';
import { type AttentionMarginal, attentionMarginals, residual } from '../../src/icl/index.ts';
import { matrix, matrixFromRows, norm, Random, ShapeError } from '../../src/linalg/index.ts';
import { initialise, mapParameters, softmaxAttention } from '../../src/model/index.ts';
import { normalMatrix } from '../support/cases.ts';

const of = (...x: number[]): Float64Array => Float64Array.from(x);
const one = matrixFromRows([[1]]);

/** Attention with grouped heads, biases and a scale of its own, by turns. */
function randomMarginals(seed: number, factor = 3): AttentionMarginal[] {
  const random = new Random(seed, 333);
  const kvHeads = 1 + random.integer(2);
  const options = {
    tokenWidth: 1 + random.integer(4),
    width: 1 + random.integer(5),
    heads: kvHeads * (1 + random.integer(2)),
    kvHeads,
    headWidth: 1 + random.integer(3),
    biases: seed % 2 === 0 ? true : ('qkv' as const),
    ...(seed % 3 === 0 && { scale: 0.7 }),
  };
  const layer = softmaxAttention(options);
  const parameters = mapParameters(initialise(layer.shapes, random), (m) =>
    matrix(
      m.rows,
      m.cols,
      m.data.map((entry) => factor * entry),
    ),
  );
  const context = normalMatrix(1 + random.integer(8), options.tokenWidth, random);
  const query = normalMatrix(1, options.tokenWidth, random).data;
  return attentionMarginals(options, parameters, context, query);
}

test('by hand: equal scores, values 1, 2, 6 and the query 3', () => {
  // Keys 0: every weight is 1/(i + 2). A_0 = 3, A_1 = 2, A_2 = 2, A_3 = 3.
  const weights = { Wq: one, Wk: matrixFromRows([[0]]), Wv: one, Wo: one };
  const context = matrixFromRows([[1], [2], [6]]);
  const marginals = attentionMarginals(
    { tokenWidth: 1, width: 1, heads: 1 },
    weights,
    context,
    of(3),
  );
  expect(marginals.map(({ observed }) => observed[0])).toEqual([-1, 0, 1]);
  expect(marginals.map(({ predicted }) => predicted[0])).toEqual([-1, 0, 1]);
  expect(marginals.map(({ weights: [alpha] }) => alpha)).toEqual([1 / 2, 1 / 3, 1 / 4]);
  // ‖Wo‖·2V·e⁰/(i + 2), V = 6; within the relative 1e-10 that it is enlarged by.
  marginals.forEach(({ limit }, i) => {
    expect(limit).toBeGreaterThanOrEqual(12 / (i + 2));
    expect(limit).toBeLessThanOrEqual((12 / (i + 2)) * (1 + 1.1e-10));
  });
});

test('both sides agree within the bound, and stay below the limit, over grouped heads and biases', () => {
  let nearest = 0;
  for (let seed = 0; seed < 60; seed++) {
    randomMarginals(seed).forEach(({ observed, predicted, bound, limit }) => {
      expect(residual(observed, predicted, bound).overBound).toBeLessThanOrEqual(1);
      expect(norm(observed)).toBeLessThanOrEqual(limit);
      nearest = Math.max(nearest, norm(observed) / limit);
      // Not vacuous: the bound is far below what is compared.
      expect(Math.max(...bound)).toBeLessThan(1e-10);
    });
  }
  expect(nearest).toBeGreaterThan(0.05);
});

test('scores in the hundreds stay within the bound too', () => {
  let largest = 0;
  for (let seed = 0; seed < 60; seed++) {
    for (const { observed, predicted, bound } of randomMarginals(seed, 20)) {
      const { overBound } = residual(observed, predicted, bound);
      expect(overBound).toBeLessThanOrEqual(1);
      largest = Math.max(largest, overBound);
    }
  }
  expect(largest).toBeGreaterThan(1e-3);
});

test('with the weight among C_i instead of C_{i+1}, or another sign, the two sides differ', () => {
  for (let seed = 0; seed < 30; seed++) {
    for (const { observed, predicted, bound, weights } of randomMarginals(seed)) {
      if (weights.length > 1 || weights[0] < 1e-3 || norm(predicted) < 1e-3) continue;
      // One head: α/(1 − α) = e^{s_c}/(Σ_{j≤i} e^{s_j} + e^{s_x}) scales the whole right side.
      for (const factor of [1 / (1 - weights[0]), -1]) {
        const wrong = predicted.map((entry) => factor * entry);
        expect(residual(observed, wrong, bound).overBound).toBeGreaterThan(1);
      }
    }
  }
});

test('the limit is reached: equal scores, a context of −1 and a new token of 1', () => {
  const weights = { Wq: one, Wk: matrixFromRows([[0]]), Wv: one, Wo: matrixFromRows([[3]]) };
  for (const n of [1, 2, 7, 20]) {
    const context = matrix(n, 1, new Float64Array(n).fill(-1));
    context.data[n - 1] = 1;
    const marginals = attentionMarginals(
      { tokenWidth: 1, width: 1, heads: 1 },
      weights,
      context,
      of(-1),
    );
    const { observed, limit } = marginals[n - 1];
    // 3·2/(n + 1); so a rate with i + 3 in place of i + 2 would be wrong.
    expect(Math.abs(norm(observed) / limit - 1)).toBeLessThan(1.1e-10 + 1e-14);
    expect(norm(observed)).toBeGreaterThan((limit * (n + 1)) / (n + 2));
  }
});

test('marginals of i.i.d. tokens fade like 1/i', () => {
  const random = new Random(8, 333);
  const options = { tokenWidth: 3, width: 3, heads: 1 };
  const parameters = initialise(softmaxAttention(options).shapes, random);
  const context = normalMatrix(200, 3, random);
  const marginals = attentionMarginals(
    options,
    parameters,
    context,
    normalMatrix(1, 3, random).data,
  );
  const mean = (from: number, to: number): number =>
    marginals.slice(from, to).reduce((sum, { observed }) => sum + norm(observed), 0) / (to - from);
  // i around 15 against i around 150: a slope of −1 gives 10; noise of some 25% at 20 and 100 tokens.
  expect(mean(5, 25) / mean(100, 200)).toBeGreaterThan(5);
  expect(mean(5, 25) / mean(100, 200)).toBeLessThan(20);
});

test('huge scores: no bound is claimed, and no number is NaN', () => {
  for (const { predicted, limit, bound } of randomMarginals(3, 1e8)) {
    expect(predicted.every(Number.isFinite)).toBe(true);
    expect(limit).toBe(Infinity);
    expect(bound.every((entry) => entry === Infinity)).toBe(true);
  }
});

test('no context has no marginals; tokens of another width are refused', () => {
  const weights = { Wq: one, Wk: one, Wv: one, Wo: one };
  const options = { tokenWidth: 1, width: 1, heads: 1 };
  expect(attentionMarginals(options, weights, matrix(0, 1), of(1))).toEqual([]);
  expect(() => attentionMarginals(options, weights, matrix(1, 2), of(1))).toThrow(ShapeError);
});
