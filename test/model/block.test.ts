/**
 * The block: its intermediate values restated, and a rank-one update applied factored.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { eager } from '../../src/autograd/index.ts';
import {
  addRankOne,
  DomainError,
  matrix,
  matrixFromRows,
  NonFiniteError,
  Random,
  type RankOne,
  rankOne,
  rowOf,
  ShapeError,
} from '../../src/linalg/index.ts';
import { contextualBlock } from '../../src/model/block.ts';
import { evaluateLayer, sequenceOf } from '../../src/model/contextual-layer.ts';
import { softmaxAttention } from '../../src/model/layers/softmax-attention.ts';
import { initialise, part } from '../../src/model/parameters.ts';
import { runBlock } from '../../src/model/run-block.ts';
import type { BlockPatch } from '../../src/model/sites.ts';
import { expectWithin, gamma, normalMatrix } from '../autograd/support.ts';
import { assertSameBits } from '../support/same-bits.ts';

const layer = softmaxAttention({ tokenWidth: 3, width: 7, heads: 2, headWidth: 5 });
const block = contextualBlock({ layer, hidden: 11, outputWidth: 2 });
const random = new Random(53);
const parameters = initialise(block.shapes, random);
const { 'mlp.W1': W1, 'mlp.b1': b1, 'mlp.W2': W2, 'mlp.b2': b2 } = parameters;
const context = normalMatrix(13, 3, random);
const query = rowOf(normalMatrix(1, 3, random), 0);
const draw = (n: number): Float64Array => rowOf(normalMatrix(1, n, random), 0);
const update = rankOne(draw(11), draw(7));
const onW1 = (W1: RankOne): BlockPatch => ({ weights: { W1 }, biases: {} });

/** Σ_j row_j·x_j from +0, j ascending. */
const sum = (row: ArrayLike<number>, x: ArrayLike<number>): number =>
  Array.from(row).reduce((total, entry, j) => total + entry * x[j], 0);

test('parameters are named by where they stand', () => {
  const names = ['Wq', 'Wk', 'Wv', 'Wo'].map((name) => `layer.${name}`);
  expect(Object.keys(block.shapes)).toEqual([...names, 'mlp.W1', 'mlp.b1', 'mlp.W2', 'mlp.b2']);
  const { 'mlp.W1': W1, 'mlp.b1': b1, 'mlp.W2': W2, 'mlp.b2': b2 } = block.shapes;
  expect([W1, b1, W2, b2].map(({ rows, cols, fanIn }) => [rows, cols, fanIn])).toEqual([
    [11, 7, 7],
    [1, 11, 7],
    [2, 11, 11],
    [1, 2, 11],
  ]);
});

describe.each([0, 1, 13])('runBlock with %i context tokens', (n) => {
  const tokens = matrix(n, 3, context.data.slice(0, 3 * n));
  const run = runBlock(block, parameters, tokens, query);

  test('attention is the layer', () => {
    assertSameBits(
      run.attention,
      evaluateLayer(layer, part(parameters, 'layer'), tokens, query),
      'a',
    );
  });

  test('each value follows from the one before, bit for bit: sums ascend, biases come last', () => {
    const z = Float64Array.from(b1.data, (b, i) => sum(rowOf(W1, i), run.attention) + b);
    assertSameBits(run.preActivation, z, 'z = W1·a + b1');
    assertSameBits(
      run.hidden,
      z.map((entry) => Math.max(entry, 0)),
      'h = max(z, 0)',
    );
    const y = Float64Array.from(b2.data, (b, i) => sum(rowOf(W2, i), run.hidden) + b);
    assertSameBits(run.output, y, 'y = W2·h + b2');
    expect(run.hidden.some((h) => h > 0) && run.hidden.some((h) => h === 0)).toBe(true);
  });

  test('an update is applied factored: (W1·a + p·(v·a)) + b1, bit for bit', () => {
    const patched = runBlock(block, parameters, tokens, query, onW1(update));
    assertSameBits(patched.attention, run.attention, 'a');
    const onto = sum(update.v, run.attention);
    const z = Float64Array.from(
      b1.data,
      (b, i) => sum(rowOf(W1, i), run.attention) + update.p[i] * onto + b,
    );
    assertSameBits(patched.preActivation, z, 'z');
  });

  test('an update is the dense W1 + p·vᵀ within rounding', () => {
    const dense = { ...parameters, 'mlp.W1': addRankOne(W1, update) };
    const factored = runBlock(block, parameters, tokens, query, onW1(update)).preActivation;
    const a = run.attention.map(Math.abs);
    // Derived, width d = 7: no term passes more than d + 3 roundings in either form (dense: p·v, the
    // sum with W1, d of the product, the bias), so both are within γ_{d+3} of the exact value.
    const bound = Float64Array.from(b1.data, (b, i) => {
      const size = sum(rowOf(W1, i).map(Math.abs), a) + Math.abs(b);
      return 2 * gamma(7 + 3) * (size + Math.abs(update.p[i]) * sum(update.v.map(Math.abs), a));
    });
    expectWithin(factored, runBlock(block, dense, tokens, query).preActivation, bound, 'z');
    expect(Math.max(...factored.map((z, i) => Math.abs(z - run.preActivation[i])))).toBeGreaterThan(
      0.01,
    );
  });
});

test('an update of zeros keeps the output’s bits', () => {
  const before = runBlock(block, parameters, context, query);
  for (const zero of [
    rankOne(new Float64Array(11), draw(7)),
    rankOne(draw(11), new Float64Array(7)),
  ]) {
    assertSameBits(
      runBlock(block, parameters, context, query, onW1(zero)).output,
      before.output,
      'y',
    );
  }
});

test('by hand: one token, integers throughout', () => {
  const tiny = contextualBlock({
    layer: softmaxAttention({ tokenWidth: 2, width: 2, heads: 1 }),
    hidden: 2,
    outputWidth: 1,
  });
  const I = matrixFromRows([
    [1, 0],
    [0, 1],
  ]);
  const p = {
    'layer.Wq': I,
    'layer.Wk': I,
    'layer.Wv': I,
    'layer.Wo': matrixFromRows([
      [2, 0],
      [0, 3],
    ]),
    'mlp.W1': matrixFromRows([
      [1, 1],
      [1, -1],
    ]),
    'mlp.b1': matrixFromRows([[-1, 1]]),
    'mlp.W2': matrixFromRows([[4, 5]]),
    'mlp.b2': matrixFromRows([[6]]),
  };
  const plain = (vector?: RankOne): number[][] => {
    const patch = vector && onW1(vector);
    const run = runBlock(tiny, p, matrix(0, 2), Float64Array.of(1, 2), patch);
    return [run.attention, run.preActivation, run.hidden, run.output].map((x) => Array.from(x));
  };
  // a = (2, 6); z = (8 − 1, −4 + 1); h = (7, 0); y = 28 + 6
  expect(plain()).toEqual([[2, 6], [7, -3], [7, 0], [34]]);
  // v·a = 2 + 6 = 8: z grows by (8, 16)
  const ones = { p: Float64Array.of(1, 2), v: Float64Array.of(1, 1) };
  expect(plain(ones)).toEqual([[2, 6], [15, 13], [15, 13], [131]]);
});

test('a batch gives each sequence the bits it has alone, update included', () => {
  const queries = [draw(3), draw(3), draw(3)];
  const sequences = queries.map((x) => sequenceOf(context, x));
  const folded = matrix(
    42,
    3,
    Float64Array.from(sequences.flatMap(({ data }) => Array.from(data))),
  );
  const values = block.forward(eager, parameters, folded, 3, onW1(update));
  queries.forEach((x, b) => {
    const alone = runBlock(block, parameters, context, x, onW1(update));
    assertSameBits(rowOf(values.preActivation, b), alone.preActivation, `z of ${b}`);
    assertSameBits(rowOf(values.output, b), alone.output, `y of ${b}`);
  });
});

test('what does not fit is refused, and arguments keep their bits', () => {
  const { 'mlp.b2': _b2, ...rest } = parameters;
  expect(() => runBlock(block, rest, context, query)).toThrow(
    'runBlock: parameter mlp.b2 (1x2) is',
  );
  expect(() => runBlock(block, rest, context, query)).toThrow(DomainError);
  expect(() => runBlock(block, parameters, context, draw(4))).toThrow(
    'runBlock: tokens must have 3',
  );
  expect(() => runBlock(block, parameters, matrix(1, 4), query)).toThrow(ShapeError);
  expect(() => runBlock(block, parameters, context, query.with(0, NaN))).toThrow(NonFiniteError);
  const short = { p: update.p, v: update.v.slice(1) };
  expect(() => runBlock(block, parameters, context, query, onW1(short))).toThrow(ShapeError);
  const flat = { p: update.p.slice(1), v: update.v };
  expect(() => runBlock(block, parameters, context, query, onW1(flat))).toThrow(ShapeError);
  const before = [...Object.values(parameters), context].map(({ data }) => data.slice());
  runBlock(block, parameters, context, query, onW1(update));
  [...Object.values(parameters), context].forEach(({ data }, i) => {
    assertSameBits(data, before[i], `argument ${i}`);
  });
});
