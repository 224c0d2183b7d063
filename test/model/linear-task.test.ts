/**
 * Prompts of linear functions: what is in them, and in which order it is drawn.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { DomainError, dot, matrix, Random, rowOf, ShapeError } from '../../src/linalg/index.ts';
import { foldPrompts, type LinearPrompt, linearPrompt } from '../../src/model/linear-task.ts';
import { assertSameBits } from '../support/same-bits.ts';

const SIZES = { dimension: 5, pairs: 7 };

/** The draws as the doc comment states them: w, each x_i, x_query. */
function restated(random: Random): { w: Float64Array; xs: Float64Array[] } {
  const draw = (): Float64Array => Float64Array.from({ length: 5 }, () => random.normal());
  const w = draw();
  return { w, xs: Array.from({ length: 8 }, draw) };
}

test('a prompt is w, the inputs in order and the query last; labels are w·x to the bit', () => {
  const prompt = linearPrompt(SIZES, new Random(59));
  const { w, xs } = restated(new Random(59));
  expect([prompt.context.rows, prompt.context.cols]).toEqual([7, 6]);
  xs.slice(0, 7).forEach((x, i) => {
    assertSameBits(rowOf(prompt.context, i), [...x, dot(w, x)], `pair ${i}`);
  });
  assertSameBits(prompt.query, [...xs[7], 0], 'query');
  expect(prompt.target).toBe(dot(w, xs[7]));
});

test('labels have the two-lane order: even terms, odd terms, and the last by itself', () => {
  const { context } = linearPrompt(SIZES, new Random(61));
  const { w, xs } = restated(new Random(61));
  xs.slice(0, 7).forEach((x, i) => {
    const lanes = [0 + w[0] * x[0] + w[2] * x[2], 0 + w[1] * x[1] + w[3] * x[3]];
    expect(context.data[6 * i + 5]).toBe(lanes[0] + lanes[1] + w[4] * x[4]);
  });
});

test('the label of the query is hidden: its slot is +0, whatever the target', () => {
  const random = new Random(67);
  for (let round = 0; round < 100; round++) {
    const { query, target } = linearPrompt(SIZES, random);
    expect(Object.is(query[5], 0)).toBe(true);
    expect(target !== 0 && Number.isFinite(target)).toBe(true);
  }
});

test('prompts follow one another in a stream, and streams of a seed differ', () => {
  const [one, two] = [new Random(71, 1), new Random(71, 1)];
  const first = linearPrompt(SIZES, one);
  expect(linearPrompt(SIZES, two)).toEqual(first);
  const second = linearPrompt(SIZES, one);
  expect(linearPrompt(SIZES, two)).toEqual(second);
  expect(second.query).not.toEqual(first.query);
  expect(linearPrompt(SIZES, new Random(71, 2)).query).not.toEqual(first.query);
  expect(one.state()).toEqual(two.state());
});

test('inputs are standard normal, and a target has mean 0 and variance d', () => {
  const random = new Random(73);
  const [n, d] = [4000, 5];
  const inputs: number[] = [];
  const targets: number[] = [];
  for (let i = 0; i < n; i++) {
    const { query, target } = linearPrompt({ dimension: d, pairs: 0 }, random);
    inputs.push(...query.slice(0, d));
    targets.push(target);
  }
  const mean = (x: number[]): number => x.reduce((a, b) => a + b, 0) / x.length;
  const squares = (x: number[]): number => mean(x.map((entry) => entry * entry));
  // Five standard deviations. Var x² = 2; Var(w·x)² = E(w·x)⁴ − d² = 3·d·(d + 2) − d² = 80.
  expect(Math.abs(mean(inputs))).toBeLessThan(5 / Math.sqrt(n * d));
  expect(Math.abs(squares(inputs) - 1)).toBeLessThan(5 * Math.sqrt(2 / (n * d)));
  expect(Math.abs(mean(targets))).toBeLessThan(5 * Math.sqrt(d / n));
  expect(Math.abs(squares(targets) - d)).toBeLessThan(5 * Math.sqrt(80 / n));
});

test('counts that are none are refused; no pairs at all are allowed', () => {
  const [context, ...refused] = [
    [1, 0],
    [0, 3],
    [-1, 3],
    [1.5, 3],
    [NaN, 3],
    [Infinity, 3],
    [2, -1],
    [2, 0.5],
    [2, NaN],
  ];
  expect(linearPrompt({ dimension: context[0], pairs: context[1] }, new Random(1)).context).toEqual(
    matrix(0, 2),
  );
  for (const [dimension, pairs] of refused) {
    const run = (): unknown => linearPrompt({ dimension, pairs }, new Random(1));
    expect(run).toThrow(`are required, got d = ${dimension}, N = ${pairs}`);
    expect(run).toThrow(DomainError);
  }
});

test('folding puts each query after its context, prompt after prompt', () => {
  const random = new Random(79);
  const prompts = Array.from({ length: 3 }, () => linearPrompt(SIZES, random));
  const { sequences, targets } = foldPrompts(prompts);
  expect([sequences.rows, sequences.cols, targets.rows, targets.cols]).toEqual([24, 6, 3, 1]);
  const expected = prompts.flatMap(({ context, query }) => [...context.data, ...query]);
  assertSameBits(sequences.data, expected, 'sequences');
  assertSameBits(
    targets.data,
    prompts.map(({ target }) => target),
    'targets',
  );
  const before = prompts[0].context.data[0];
  sequences.data.fill(NaN); // a copy
  expect(prompts[0].context.data[0]).toBe(before);
});

test('prompts of different lengths or widths, and no prompts, do not fold', () => {
  const of = (dimension: number, pairs: number): LinearPrompt =>
    linearPrompt({ dimension, pairs }, new Random(83));
  expect(() => foldPrompts([])).toThrow('foldPrompts: a prompt is required, got none');
  for (const other of [of(5, 6), of(5, 8), of(4, 7), of(6, 7)]) {
    expect(() => foldPrompts([of(5, 7), other])).toThrow(ShapeError);
    expect(() => foldPrompts([of(5, 7), of(5, 7), other])).toThrow(/7x6 .* in prompt 2$/);
  }
  const short = { ...of(5, 7), query: new Float64Array(5) };
  expect(() => foldPrompts([short])).toThrow('got 7x6 with 5 in prompt 0');
});
