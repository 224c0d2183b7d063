/**
 * Values by hand, and identities between operations. Gradients are checked with random cotangents in
 * `gradients.test.ts`; here is what that cannot see.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { ACTIVATION_OPS, type ActivationOpName } from '../../../src/autograd/activations.ts';
import { eager } from '../../../src/autograd/evaluator.ts';
import * as ops from '../../../src/autograd/ops/index.ts';
import { routing } from '../../../src/autograd/routing.ts';
import { Tape } from '../../../src/autograd/tape.ts';
import {
  type Matrix,
  matrix,
  matrixFromRows,
  NonFiniteError,
  Random,
  ShapeError,
} from '../../../src/linalg/index.ts';
import * as special from '../../../src/linalg/special/index.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import { expectSameMatrix, normalMatrix, rowsOf } from '../support.ts';

const x = matrixFromRows([
  [1, 2, 3],
  [4, 5, 6],
]);
const on = eager;

/** Each activation as a function of one double. */
const OF_ONE: Readonly<Record<ActivationOpName, (t: number) => number>> = {
  relu: (t) => Math.max(t, 0),
  gelu: (t) => special.gelu(t),
  geluTanh: (t) => special.geluTanh(t),
  silu: (t) => special.silu(t),
  tanh: (t) => special.tanh(t),
  sigmoid: (t) => special.sigmoid(t),
  softplus: (t) => special.softplus(t),
};

test('products, sums and differences of small integers are exact', () => {
  const row = matrixFromRows([[10, 0, -1]]);
  const scaled = matrixFromRows([
    [10, 0, -3],
    [40, 0, -6],
  ]);
  expectSameMatrix(on.apply(ops.scaleRows, x, row), scaled, 'scaleRows');
  const weighted = matrixFromRows([
    [2, 4, 6],
    [-4, -5, -6],
  ]);
  expectSameMatrix(
    on.apply(ops.weightRows, x, matrixFromRows([[2], [-1]])),
    weighted,
    'weightRows',
  );
  const squares = matrixFromRows([
    [1, 4, 9],
    [16, 25, 36],
  ]);
  expectSameMatrix(on.apply(ops.multiply, x, x), squares, 'multiply');
  expectSameMatrix(on.apply(ops.subtract, x, x), matrix(2, 3), 'subtract');
  expectSameMatrix(on.apply(ops.sum, x), matrixFromRows([[21]]), 'sum');
  expectSameMatrix(on.apply(ops.mean, x), matrixFromRows([[3.5]]), 'mean');
  expectSameMatrix(on.apply(ops.sum, matrix(0, 3)), matrix(1, 1), 'sum of nothing');
});

describe('parts', () => {
  test('columns cut apart and put together are what they were', () => {
    const parts = [0, 1, 3].map((from, i) => on.apply(ops.sliceColumns(from, [1, 3, 3][i]), x));
    expect(parts.map(({ cols }) => cols)).toEqual([1, 2, 0]);
    expectSameMatrix(on.apply(ops.concatColumns, ...parts), x, 'columns');
    const rows = [rowsOf(x, 0, 1), matrix(0, 3), rowsOf(x, 1, 2)];
    expectSameMatrix(on.apply(ops.concatRows, ...rows), x, 'rows');
    expectSameMatrix(on.apply(ops.concatRows, x), x, 'one');
  });

  test('rows are taken by number, and a row taken twice gets both gradients', () => {
    const value = on.apply(ops.embedding([1, 0, 1]), x);
    expect(Array.from(value.data)).toEqual([4, 5, 6, 1, 2, 3, 4, 5, 6]);
    expectSameMatrix(on.apply(ops.takeRows([1, 0, 1]), x), value, 'takeRows');
    const { saved } = ops.takeRows([1, 0, 1]).forward([matrix(3, 1)]);
    const dy = matrixFromRows([[10], [200], [3000]]);
    const [dx] = ops.takeRows([1, 0, 1]).backward(dy, saved, [true]);
    expect(dx).toEqual(matrixFromRows([[200], [3010], [0]]));
  });

  test('an index that changes later is not seen: the factory keeps its own', () => {
    const ids = [1];
    const op = ops.embedding(ids);
    ids[0] = 0;
    expect(Array.from(on.apply(op, x).data)).toEqual([4, 5, 6]);
  });
});

describe('norms', () => {
  test('without gain have the values and the gradient of gain 1 and shift 0', () => {
    const y = normalMatrix(3, 5, new Random(41));
    const ones = matrix(1, 5, new Float64Array(5).fill(1));
    const options = { epsilon: 0.1 };
    const pairs = [
      [ops.layerNorm({ ...options, affine: false }), ops.layerNorm(options), [ones, matrix(1, 5)]],
      [ops.rmsNorm({ ...options, affine: false }), ops.rmsNorm(options), [ones]],
      [ops.rmsNorm(options), ops.rmsNorm({ ...options, offset: 1 }), [matrix(1, 5)]],
    ] as const;
    for (const [plain, full, rest] of pairs) {
      const args = plain === pairs[2][0] ? [y, ones] : [y];
      const a = plain.forward(args);
      const b = full.forward([y, ...rest]);
      expectSameMatrix(a.value, b.value, plain.name);
      const dy = normalMatrix(3, 5, new Random(43));
      const [da] = plain.backward(dy, a.saved, [true, true]);
      const [db] = full.backward(dy, b.saved, [true, true, true]);
      if (!da || !db) expect.fail('no gradient');
      expectSameMatrix(da, db, `${plain.name}, gradient`);
    }
  });
});

describe('crossEntropy', () => {
  const logits = normalMatrix(5, 4, new Random(47));

  test('counts only the rows that are not ignored, as if the others were not there', () => {
    const all = ops.crossEntropy([2, -1, 0, -1, 3], { ignore: -1 });
    const few = ops.crossEntropy([2, 0, 3]);
    const taken = on.apply(ops.takeRows([0, 2, 4]), logits);
    const [a, b] = [all.forward([logits]), few.forward([taken])];
    expectSameMatrix(a.value, b.value, 'loss');
    const one = matrixFromRows([[1]]);
    const [da] = all.backward(one, a.saved, [true]);
    const [db] = few.backward(one, b.saved, [true]);
    if (!da || !db) expect.fail('no gradient');
    expectSameMatrix(on.apply(ops.takeRows([0, 2, 4]), da), db, 'gradient');
    expectSameMatrix(on.apply(ops.takeRows([1, 3]), da), matrix(2, 4), 'ignored rows');
  });

  test('is log-sum-exp minus the target’s logit, on average', () => {
    const targets = [2, 1, 0, 1, 3];
    const each = on
      .apply(ops.logSumExpRows, logits)
      .data.map((l, i) => l - logits.data[4 * i + targets[i]]);
    const mean = each.reduce((sum, loss) => sum + loss, 0) / 5;
    const loss = on.apply(ops.crossEntropy(targets), logits).data[0];
    // Measured 2e-16; log-sum-exp rounds at the size of the logits, about 2.
    expect(Math.abs(loss - mean)).toBeLessThan(4e-15);
  });
});

describe('topKRouting', () => {
  const logits = matrixFromRows([
    [0, 3, 1, 3],
    [5, 5, 5, 5],
  ]);

  test('shares among the k largest, ties to the smaller index; k = 1 is all or nothing', () => {
    const value = on.apply(ops.topKRouting(2), logits);
    expect(Array.from(value.data)).toEqual([0, 0.5, 0, 0.5, 0.5, 0.5, 0, 0]);
    const first = on.apply(ops.topKRouting(1), logits);
    expect(Array.from(first.data)).toEqual([0, 1, 0, 0, 1, 0, 0, 0]);
    expectSameMatrix(
      on.apply(ops.topKRouting(4), logits),
      on.apply(ops.softmaxRows, logits),
      'all',
    );
  });

  test('routing names the selection, largest first, and the margin', () => {
    const row = matrixFromRows([[0, 3, 1, 4.5]]);
    expect(routing(row, 2)).toEqual([{ selected: [3, 1], margin: 2 }]);
    expect(routing(row, 4)).toEqual([{ selected: [3, 1, 2, 0], margin: Infinity }]);
    expect(routing(logits, 1)).toEqual([
      { selected: [1], margin: 0 },
      { selected: [0], margin: 0 },
    ]);
    expect(() => routing(row, 5)).toThrow(ShapeError);
    expect(() => routing(row, 0)).toThrow('routing: k must be an integer from 1 to 4, got 0');
    expect(() => routing(matrixFromRows([[NaN]]), 1)).toThrow(NonFiniteError);
  });
});

test('the last state alone has the bits it has among all states', () => {
  for (const cell of [ops.elman, ops.gru, ops.lstm]) {
    const all = cell({ batch: 3 });
    const args = all.probe(new Random(53));
    const last = on.apply(ops.lastRows(4), on.apply(all, ...args));
    expectSameMatrix(on.apply(cell({ batch: 3, queryRow: true }), ...args), last, all.name);
  }
});

test('a recurrence goes on from an initial state as if never interrupted', () => {
  for (const cell of [ops.elman, ops.gru]) {
    const op = cell({ batch: 1 });
    const [z, ...rest] = op.probe(new Random(59));
    const whole = on.apply(op, z, ...rest);
    const state = rowsOf(whole, 1, 2);
    const later = on.apply(op, rowsOf(z, 2, 4), ...rest.slice(0, -1), state);
    expectSameMatrix(later, rowsOf(whole, 2, 4), op.name);
  }
});

test('only the last L − 1 tokens before it reach a token through a convolution of length L', () => {
  const op = ops.causalConvolution({ batch: 1 });
  const [tokens, w] = op.probe(new Random(61)); // 5 tokens, L = 3
  const whole = on.apply(op, tokens, w);
  const tail = on.apply(op, rowsOf(tokens, 2, 5), w);
  expectSameMatrix(rowsOf(whole, 4, 5), rowsOf(tail, 2, 3), 'the last token');
  expect(whole.data[6]).not.toBe(tail.data[2]); // token 3 lost the one before
});

describe('attention', () => {
  const draw = (rows: number): Matrix => normalMatrix(rows, 4, new Random(67, rows));
  const [q, k, v] = [draw(6), draw(6), draw(6)];

  test('a scale of its own replaces 1/√e', () => {
    const base = { batch: 1, heads: 2 };
    const usual = on.apply(ops.attention(base), q, k, v);
    expectSameMatrix(
      on.apply(ops.attention({ ...base, scale: 1 / Math.sqrt(2) }), q, k, v),
      usual,
      'same',
    );
    expect(on.apply(ops.attention({ ...base, scale: 0.5 }), q, k, v).data).not.toEqual(usual.data);
  });

  test('removed tokens beyond the window change no bit, at the positions they had', () => {
    const rules = { batch: 1, heads: 2, causal: true, window: 3, alibi: [0.5, 0.25] };
    const full = on.apply(ops.attention(rules), q, k, v);
    const keep = on.apply.bind(on, ops.takeRows([0, 3, 4, 5])) as (m: Matrix) => Matrix;
    const op = ops.attention({ ...rules, positions: [0, 3, 4, 5] });
    const less = on.apply(op, keep(q), keep(k), keep(v));
    expectSameMatrix(rowsOf(less, 3, 4), rowsOf(full, 5, 6), 'the last token');
    expect(less.data[4]).not.toBe(full.data[12]); // token 3 saw 1 and 2
  });

  test('a window of one token is the value of that token', () => {
    const op = ops.attention({ batch: 2, heads: 2, window: 1 });
    expectSameMatrix(on.apply(op, q, k, v), v, 'self only');
  });
});

test('rope turns pairs (0, 2), (1, 3) or (0, 1), (2, 3), pair 0 by the position itself', () => {
  const unit = matrixFromRows([[1, 0, 0, 0]]);
  const options = { heads: 1, width: 4, positions: [3], base: 100 };
  const [c, s] = [special.cos(3), special.sin(3)];
  const half = on.apply(ops.rope({ ...options, style: 'half' }), unit);
  assertSameBits(half.data, [c, 0, s, 0], 'half');
  const interleaved = on.apply(ops.rope({ ...options, style: 'interleaved' }), unit);
  assertSameBits(interleaved.data, [c, s, 0, 0], 'interleaved');
  const second = on.apply(ops.rope({ ...options, style: 'half' }), matrixFromRows([[0, 1, 0, 0]]));
  expect(Math.abs(second.data[1] - special.cos(0.3))).toBeLessThan(1e-15); // 3·100^(−1/2)
});

test('linear attention of a query over others is Σ v·(k·q)', () => {
  const rows = matrixFromRows([
    [1, 0],
    [2, 3],
    [5, 7],
  ]);
  const query = matrixFromRows([[2, 1]]);
  const options = { batch: 1, heads: 1, queryRow: true };
  const all = on.apply(ops.linearAttention(options), query, rows, rows);
  expect(Array.from(all.data)).toEqual([2 + 14 + 85, 0 + 21 + 119]); // weights 2, 7, 17
  const others = on.apply(
    ops.linearAttention({ ...options, excludeSelf: true }),
    query,
    rows,
    rows,
  );
  expect(Array.from(others.data)).toEqual([16, 21]);
});

test('every activation has its name, and a gradient through a tape', () => {
  for (const [name, op] of Object.entries(ACTIVATION_OPS)) {
    expect(op.name).toBe(name);
    expectSameMatrix(
      on.apply(op, x),
      matrix(2, 3, x.data.map(OF_ONE[name as keyof typeof OF_ONE])),
      name,
    );
    const tape = new Tape();
    const leaf = tape.parameter(matrixFromRows([[0.5, 2]]));
    const [dx] = tape.gradients(tape.apply(ops.sum, tape.apply(op, leaf)), [leaf]);
    expect(dx.data.every((slope) => slope > 0)).toBe(true);
  }
});

test('a table used twice, for tokens and for logits, gets the sum of both gradients', () => {
  const E = normalMatrix(4, 3, new Random(71));
  const ids = [2, 0, 2];
  const run = (tied: boolean): Matrix[] => {
    const tape = new Tape();
    const [table, head] = [tape.parameter(E), tape.parameter(E)];
    const hidden = tape.apply(ops.embedding(ids), table);
    const logits = tape.apply(ops.linear, hidden, tied ? table : head);
    const loss = tape.apply(ops.crossEntropy([1, 3, 0]), logits);
    return tape.gradients(loss, [table, head]);
  };
  const [apart, whole] = [run(false), run(true)];
  assertSameBits(whole[0].data, on.apply(ops.add, apart[1], apart[0]).data, 'tied');
  assertSameBits(whole[1].data, new Float64Array(12), 'the other is not used');
});
