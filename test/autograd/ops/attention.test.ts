/**
 * The fused attention operation against the same thing in small operations, and its edges.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { type AttentionOptions, attention } from '../../../src/autograd/ops/attention.ts';
import {
  DomainError,
  type Matrix,
  matrix,
  matrixFromRows,
  NonFiniteError,
  Random,
  ShapeError,
} from '../../../src/linalg/index.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import { columnsOf, expectSameMatrix, normalMatrix, rowsOf } from '../support.ts';
import { attentionInSmallSteps } from './attention-in-small-steps.ts';

const ALL = [true, true, true];

/** Normal q, k and v. */
function draw(
  { batch, heads, kvHeads = heads, queryRow = false }: AttentionOptions,
  tokens: number,
  width: number,
): Matrix[] {
  const random = new Random(19, batch, heads, kvHeads);
  return [
    normalMatrix(queryRow ? batch : batch * tokens, heads * width, random),
    normalMatrix(batch * tokens, kvHeads * width, random),
    normalMatrix(batch * tokens, kvHeads * width, random),
  ];
}

/** Value and gradients for one fixed cotangent. */
function run(options: AttentionOptions, args: readonly Matrix[], dO: Matrix): Matrix[] {
  const op = attention(options);
  const { value, saved } = op.forward(args);
  const gradients = op.backward(dO, saved, ALL).filter((dx) => dx !== null);
  expect(gradients.length).toBe(3);
  return [value, ...gradients];
}

const NAMES = ['o', 'dq', 'dk', 'dv'];

test('by hand: equal scores average the values, and scores of one head leave the others alone', () => {
  // Two heads of width 1. Head 0 asks with 0, so all three tokens weigh 1/3; head 1 asks with 2000
  // for the token whose key is 1, and the others weigh exp(−2000) = 0.
  const q = matrixFromRows([[0, 2000]]);
  const k = matrixFromRows([
    [5, 0],
    [-7, 1],
    [9, 0],
  ]);
  const v = matrixFromRows([
    [3, 11],
    [6, 13],
    [9, 17],
  ]);
  const { value } = attention({ batch: 1, heads: 2, queryRow: true }).forward([q, k, v]);
  assertSameBits(value.data, [3 * (1 / 3) + 6 * (1 / 3) + 9 * (1 / 3), 13], 'o');
});

test('by hand: scores are divided by the root of the width', () => {
  // Width 4, so q·k = 2 gives the score 1 against 0: weights e/(1 + e) and 1/(1 + e).
  const q = matrixFromRows([[1, 1, 0, 0]]);
  const k = matrixFromRows([
    [1, 1, 7, 7],
    [0, 0, 5, 5],
  ]);
  const v = matrixFromRows([
    [1, 0, 0, 0],
    [0, 1, 0, 0],
  ]);
  const { data } = attention({ batch: 1, heads: 1, queryRow: true }).forward([q, k, v]).value;
  expect(Math.abs(data[0] / data[1] - Math.E)).toBeLessThan(1e-15 * 4); // a few roundings of e
  assertSameBits(data.slice(2), [0, 0], 'the other columns');
});

describe.each<[AttentionOptions]>([
  [{ batch: 1, heads: 1 }],
  [{ batch: 2, heads: 3 }],
  [{ batch: 2, heads: 5, kvHeads: 2 }],
  [{ batch: 2, heads: 3, causal: true }],
  [{ batch: 3, heads: 7, kvHeads: 3, queryRow: true }],
])('%j', (options) => {
  const args = draw(options, 11, 5);
  const dO = normalMatrix(args[0].rows, args[0].cols, new Random(23));

  test('has the bits of softmax(q·kᵀ/√e)·v in small steps, gradients included', () => {
    const expected = attentionInSmallSteps(options, args, dO);
    run(options, args, dO).forEach((got, i) => {
      expectSameMatrix(got, expected[i], NAMES[i]);
    });
  });

  test('a batch gives each sequence the bits it has alone', () => {
    const whole = run(options, args, dO);
    const inputs = [...args, dO];
    for (let b = 0; b < options.batch; b++) {
      const [q, k, v, d] = inputs.map((x) => {
        const rows = x.rows / options.batch;
        return rowsOf(x, b * rows, (b + 1) * rows);
      });
      run({ ...options, batch: 1 }, [q, k, v], d).forEach((got, i) => {
        const rows = whole[i].rows / options.batch;
        expectSameMatrix(got, rowsOf(whole[i], b * rows, (b + 1) * rows), `${NAMES[i]} of ${b}`);
      });
    }
  });
});

describe('one query row', () => {
  const options = { batch: 3, heads: 2, kvHeads: 1 };
  const [T, e] = [7, 5];
  const [q, k, v] = draw(options, T, e);
  const lastOf = (x: Matrix): Matrix =>
    matrixFromRows([1, 2, 3].map((b) => rowsOf(x, b * T - 1, b * T).data));

  test('sees all tokens: it is the last row of the causal and of the full layer', () => {
    const expected = attention({ ...options, queryRow: true }).forward([lastOf(q), k, v]).value;
    for (const rest of [{}, { causal: true }]) {
      const whole = attention({ ...options, ...rest }).forward([q, k, v]).value;
      expectSameMatrix(lastOf(whole), expected, JSON.stringify(rest));
      const row = attention({ ...options, ...rest, queryRow: true }).forward([
        lastOf(q),
        k,
        v,
      ]).value;
      expectSameMatrix(row, expected, `${JSON.stringify(rest)}, query row`);
    }
  });

  test('of a sequence of one token is the value of that token, bit for bit', () => {
    const [q1, k1, v1] = draw({ batch: 3, heads: 2 }, 1, e);
    for (const queryRow of [false, true]) {
      const { value } = attention({ batch: 3, heads: 2, queryRow }).forward([q1, k1, v1]);
      expectSameMatrix(value, v1, `queryRow ${queryRow}`);
    }
  });
});

test('a causal row i has the bits of the last row of the first i + 1 tokens', () => {
  const options = { batch: 1, heads: 3, causal: true };
  const args = draw(options, 7, 2);
  const whole = attention(options).forward(args).value;
  for (let i = 0; i < 7; i++) {
    const prefix = args.map((x) => rowsOf(x, 0, i + 1));
    const { value } = attention({ ...options, causal: false }).forward(prefix);
    expectSameMatrix(rowsOf(whole, i, i + 1), rowsOf(value, i, i + 1), `row ${i}`);
  }
});

test('later tokens get no gradient from earlier rows of a causal layer', () => {
  const options = { batch: 1, heads: 1, causal: true };
  const args = draw(options, 5, 3);
  const dO = matrix(5, 3);
  dO.data.fill(1, 0, 6); // rows 0 and 1 only
  const [, dq, dk, dv] = run(options, args, dO);
  for (const d of [dq, dk, dv]) expectSameMatrix(rowsOf(d, 2, 5), matrix(3, 3), 'rows 2 to 4');
  expect(dv.data[0] > 0 && dv.data[3] > 0).toBe(true);
});

test('query head h reads key-value head ⌊h·G/H⌋, also where G does not divide H', () => {
  const options = { batch: 2, heads: 5, kvHeads: 2 };
  const [q, k, v] = draw(options, 3, 2);
  const wide = (x: Matrix): Matrix => {
    const parts = [0, 0, 0, 1, 1].map((g) => columnsOf(x, 2 * g, 2 * g + 2));
    const rows = Array.from({ length: x.rows }, (_, i) =>
      parts.flatMap((part) => Array.from(part.data.subarray(2 * i, 2 * i + 2))),
    );
    return matrixFromRows(rows);
  };
  const expected = attention({ batch: 2, heads: 5 }).forward([q, wide(k), wide(v)]).value;
  expectSameMatrix(attention(options).forward([q, k, v]).value, expected, 'o');
});

test('options that are no counts are refused by name', () => {
  for (const count of [0, -1, 1.5, NaN, Infinity]) {
    expect(() => attention({ batch: count, heads: 2 })).toThrow(
      `batch must be a positive integer, got ${count}`,
    );
    expect(() => attention({ batch: 2, heads: count })).toThrow('attention: heads must be');
    expect(() => attention({ batch: 2, heads: 2, kvHeads: count })).toThrow(
      'attention: kvHeads must be',
    );
    expect(() => attention({ batch: count, heads: 2 })).toThrow(DomainError);
  }
  const few = (): unknown => attention({ batch: 1, heads: 2, kvHeads: 3 });
  expect(few).toThrow('attention: kvHeads must be at most 2, got 3');
  expect(few).toThrow(DomainError);
});

test('shapes that do not fit are refused with what is needed and all that came', () => {
  const op = attention({ batch: 2, heads: 4, kvHeads: 2 });
  const [q, k] = [matrix(6, 12), matrix(6, 6)]; // 3 tokens, width 3
  expect(() => op.forward([q, k, k])).not.toThrow();
  const wrong: Matrix[][] = [
    [matrix(6, 11), k, k], // 4 heads do not divide 11
    [matrix(6, 16), k, k],
    [matrix(6, 0), matrix(6, 0), matrix(6, 0)],
    [matrix(5, 12), matrix(5, 6), matrix(5, 6)], // 2 sequences do not divide 5
    [matrix(0, 12), matrix(0, 6), matrix(0, 6)],
    [matrix(2, 12), k, k], // one query row a sequence, not asked for
    [q, k, matrix(8, 6)],
    [q, k, matrix(6, 12)],
    [q, matrix(6, 12), matrix(6, 12)],
    [q, k],
  ];
  for (const args of wrong) {
    const shapes = args.map(({ rows, cols }) => `${rows}x${cols}`).join(', ');
    expect(() => op.forward(args), shapes).toThrow(ShapeError);
    expect(() => op.forward(args)).toThrow(
      `attention: q, k and v for 2 sequences, 4 heads and 2 key-value heads are required, got ${shapes}`,
    );
  }
  const last = attention({ batch: 2, heads: 4, kvHeads: 2, queryRow: true });
  expect(() => last.forward([matrix(2, 12), k, k])).not.toThrow();
  expect(() => last.forward([q, k, k])).toThrow('one query row a sequence are required, got 6x12');
});

test('scores without a finite maximum are refused, wherever they stand', () => {
  const options = { batch: 2, heads: 3 };
  for (const entry of [NaN, Infinity, -Infinity]) {
    for (const which of [0, 1]) {
      for (const at of [0, 17, 35]) {
        const args = draw(options, 2, 3);
        args[which].data[at] = entry;
        if (which === 1) args[0].data.fill(entry === Infinity ? 1 : -1); // +∞ somewhere, or NaN
        expect(() => attention(options).forward(args)).toThrow(NonFiniteError);
        expect(() => attention(options).forward(args)).toThrow('attention: scores must be finite');
      }
    }
  }
  const overflow = [matrixFromRows([[1e200]]), matrixFromRows([[1e200]]), matrixFromRows([[1]])];
  expect(() => attention({ batch: 1, heads: 1 }).forward(overflow)).toThrow(NonFiniteError);
});
