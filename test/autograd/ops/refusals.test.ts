/**
 * Arguments that do not fit, and options out of their range, are refused by name, with what is needed
 * and all that came.
 *
 * @module
 */
import { expect, test } from 'vitest';
import type { Op } from '../../../src/autograd/op.ts';
import * as ops from '../../../src/autograd/ops/index.ts';
import {
  DomainError,
  matrix,
  matrixFromRows,
  NonFiniteError,
  ShapeError,
} from '../../../src/linalg/index.ts';

type Shape = readonly [number, number];

const two = { batch: 2 };
const affine = { epsilon: 1e-5 };

/** An operation, shapes that it refuses, and what it asks for. */
const SHAPES: readonly [Op, readonly Shape[], string][] = [
  [
    ops.layerNorm(affine),
    [
      [3, 5],
      [1, 4],
      [1, 5],
    ],
    'layerNorm: x r×c, g 1×c and b 1×c are required',
  ],
  [
    ops.layerNorm(affine),
    [
      [3, 5],
      [1, 5],
      [2, 5],
    ],
    'layerNorm: x r×c, g 1×c and b 1×c are required',
  ],
  [
    ops.layerNorm(affine),
    [
      [3, 0],
      [1, 0],
      [1, 0],
    ],
    'layerNorm: x r×c, g 1×c and b 1×c are required',
  ],
  [ops.layerNorm({ ...affine, affine: false }), [[3, 0]], 'layerNorm: one matrix with columns'],
  [
    ops.rmsNorm(affine),
    [
      [3, 5],
      [1, 4],
    ],
    'rmsNorm: x r×c and g 1×c are required',
  ],
  [
    ops.rmsNorm(affine),
    [
      [3, 5],
      [3, 5],
    ],
    'rmsNorm: x r×c and g 1×c are required',
  ],
  [ops.rmsNorm(affine), [[3, 5]], 'rmsNorm: x r×c and g 1×c are required'],
  [
    ops.gelu,
    [
      [3, 5],
      [3, 5],
    ],
    'gelu: one matrix is required',
  ],
  [
    ops.multiply,
    [
      [3, 5],
      [5, 3],
    ],
    'multiply: two matrices of one shape are required',
  ],
  [
    ops.subtract,
    [
      [3, 5],
      [3, 4],
    ],
    'subtract: two matrices of one shape are required',
  ],
  [
    ops.scaleRows,
    [
      [3, 5],
      [1, 3],
    ],
    'scaleRows: x r×c and s 1×c are required',
  ],
  [
    ops.scaleRows,
    [
      [3, 5],
      [3, 5],
    ],
    'scaleRows: x r×c and s 1×c are required',
  ],
  [
    ops.weightRows,
    [
      [3, 5],
      [5, 1],
    ],
    'weightRows: x r×c and w r×1 are required',
  ],
  [
    ops.weightRows,
    [
      [3, 5],
      [3, 5],
    ],
    'weightRows: x r×c and w r×1 are required',
  ],
  [ops.mean, [[0, 5]], 'mean: one matrix with entries is required'],
  [ops.embedding([0, 4]), [[4, 3]], 'embedding: a matrix with a row 4 is required'],
  [ops.takeRows([2]), [[2, 3]], 'takeRows: a matrix with a row 2 is required'],
  [
    ops.sliceColumns(1, 4),
    [[2, 3]],
    'sliceColumns(1, 4): a matrix with columns 1 to 4 is required',
  ],
  [
    ops.sliceColumns(2, 1),
    [[2, 3]],
    'sliceColumns(2, 1): a matrix with columns 2 to 1 is required',
  ],
  [ops.sliceColumns(-1, 1), [[2, 3]], 'sliceColumns(-1, 1): a matrix with columns -1 to 1'],
  [ops.sliceColumns(0.5, 1), [[2, 3]], 'sliceColumns(0.5, 1): a matrix with columns 0.5 to 1'],
  [
    ops.concatColumns,
    [
      [2, 3],
      [3, 3],
    ],
    'concatColumns: matrices of as many rows are required',
  ],
  [
    ops.concatRows,
    [
      [2, 3],
      [2, 2],
    ],
    'concatRows: matrices of as many columns are required',
  ],
  [ops.crossEntropy([0, 1]), [[3, 2]], 'crossEntropy: logits with 2 rows are required'],
  [ops.logSumExpRows, [[3, 0]], 'logSumExpRows: one matrix with columns is required'],
  [
    ops.rope({ heads: 2, width: 4, positions: [0, 1], style: 'half' }),
    [[2, 4]],
    'rope: one matrix of 2x8 is required',
  ],
  [ops.topKRouting(3), [[5, 2]], 'topKRouting: logits with at least 3 columns are required'],
  [
    ops.attention({ batch: 2, heads: 1, positions: [0, 5, 6] }),
    [
      [4, 3],
      [4, 3],
      [4, 3],
    ],
    'attention: q, k and v for 2 sequences of 3 tokens, 1 heads and 1 key-value heads are required',
  ],
  [
    ops.linearAttention({ batch: 2, heads: 2 }),
    [
      [6, 5],
      [6, 5],
      [6, 5],
    ],
    'linearAttention: q, k, v for 2 sequences and 2 heads are required',
  ],
  [
    ops.linearAttention({ batch: 2, heads: 2, queryRow: true, initialState: true }),
    [
      [2, 4],
      [6, 4],
      [6, 4],
      [4, 4],
    ],
    'linearAttention: q, k, v, S0 for 2 sequences and 2 heads and one query row a sequence are required',
  ],
  [
    ops.linearAttention({ batch: 1, heads: 2, initialState: true, normalised: true }),
    [
      [3, 4],
      [3, 4],
      [3, 4],
      [4, 2],
      [1, 4],
    ],
    'linearAttention: q, k, v, S0, n0 for 1 sequences and 2 heads are required',
  ],
  [
    ops.elman(two),
    [
      [5, 3],
      [3, 3],
      [1, 3],
    ],
    'elman: z (B·T)×h, U h×h and s0 1×h for 2 sequences',
  ],
  [
    ops.elman(two),
    [
      [4, 3],
      [3, 2],
      [1, 3],
    ],
    'elman: z (B·T)×h, U h×h and s0 1×h for 2 sequences',
  ],
  [
    ops.elman(two),
    [
      [4, 3],
      [3, 3],
      [2, 3],
    ],
    'elman: z (B·T)×h, U h×h and s0 1×h for 2 sequences',
  ],
  [
    ops.gru(two),
    [
      [4, 6],
      [6, 2],
      [1, 2],
      [1, 2],
    ],
    'gru: z (B·T)×3h, W 3h×h, b 1×3h and s0 1×h',
  ],
  [
    ops.gru(two),
    [
      [4, 4],
      [6, 2],
      [1, 6],
      [1, 2],
    ],
    'gru: z (B·T)×3h, W 3h×h, b 1×3h and s0 1×h',
  ],
  [
    ops.lstm(two),
    [
      [4, 8],
      [8, 2],
      [1, 8],
      [1, 2],
    ],
    'lstm: z (B·T)×4h, W 4h×h, b 1×4h, s0 1×h and c0 1×h for 2 sequences are required',
  ],
  [
    ops.diagonalScan(two),
    [
      [4, 3],
      [4, 2],
    ],
    'diagonalScan: a and b of one shape for 2 sequences',
  ],
  [
    ops.diagonalScan(two),
    [
      [3, 3],
      [3, 3],
    ],
    'diagonalScan: a and b of one shape for 2 sequences',
  ],
  [ops.runningMean(two), [[3, 3]], 'runningMean: rows for 2 sequences are required'],
  [ops.runningMean(two), [[0, 3]], 'runningMean: rows for 2 sequences are required'],
  [
    ops.causalConvolution(two),
    [
      [4, 3],
      [2, 3],
    ],
    'causalConvolution: x (B·T)×n and w n×L for 2',
  ],
  [
    ops.causalConvolution(two),
    [
      [4, 3],
      [3, 0],
    ],
    'causalConvolution: x (B·T)×n and w n×L for 2',
  ],
  [
    ops.selectiveScan(two),
    [
      [4, 3],
      [4, 3],
      [4, 2],
      [4, 2],
      [4, 2],
      [1, 3],
    ],
    'selectiveScan: x and delta (B·T)×c, beta and gamma (B·T)×N, lambda c×N and D 1×c',
  ],
  [
    ops.selectiveScan(two),
    [
      [4, 3],
      [4, 3],
      [4, 2],
      [4, 2],
      [2, 3],
      [1, 3],
    ],
    'selectiveScan: x and delta (B·T)×c, beta and gamma (B·T)×N, lambda c×N and D 1×c',
  ],
  [
    ops.selectiveScan(two),
    [
      [4, 3],
      [4, 3],
      [4, 2],
      [2, 2],
      [3, 2],
      [1, 3],
    ],
    'selectiveScan: x and delta (B·T)×c, beta and gamma (B·T)×N, lambda c×N and D 1×c',
  ],
  [
    ops.diagonalStateSpace(two),
    [
      [4, 3],
      [3, 2],
      [3, 2],
      [3, 2],
      [3, 2],
      [3, 2],
      [2, 3],
      [1, 3],
      [1, 3],
    ],
    'diagonalStateSpace: x (B·T)×c, Re A, Im A, Re B, Im B, Re C, Im C c×N, D and delta 1×c',
  ],
];

test.each(SHAPES)('$name: %#', (op, shapes, message) => {
  const run = (): unknown => op.forward(shapes.map(([rows, cols]) => matrix(rows, cols)));
  expect(run).toThrow(ShapeError);
  expect(run).toThrow(message);
  expect(run).toThrow(`required, got ${shapes.map((shape) => shape.join('x')).join(', ')}`);
});

const half = { heads: 1, width: 4, positions: [0], style: 'half' } as const;
const head = { batch: 1, heads: 2 };

/** Options out of their range, and the message. */
const OPTIONS: readonly [() => unknown, string][] = [
  [
    () => ops.layerNorm({ epsilon: -1 }),
    'layerNorm: epsilon must be finite and not negative, got -1',
  ],
  [
    () => ops.rmsNorm({ epsilon: NaN }),
    'rmsNorm: epsilon must be finite and not negative, got NaN',
  ],
  [() => ops.rmsNorm({ epsilon: 0, offset: 2 as 1 }), 'rmsNorm: offset must be 0 or 1, got 2'],
  [() => ops.rmsNorm({ epsilon: 0, offset: 1, affine: false }), 'rmsNorm: an offset needs a gain'],
  [() => ops.embedding([0, -1]), 'embedding: ids must be integers from 0 on, got -1 at entry 1'],
  [() => ops.takeRows([0.5]), 'takeRows: rows must be integers from 0 on, got 0.5 at entry 0'],
  [() => ops.crossEntropy([]), 'crossEntropy: a target that counts is required, got none'],
  [() => ops.crossEntropy([3, 3], { ignore: 3 }), 'crossEntropy: a target that counts is required'],
  [() => ops.topKRouting(0), 'topKRouting: k must be a positive integer, got 0'],
  [
    () => ops.rope({ ...half, width: 5 }),
    'rope: rotated must be even and at most the width 5, got 5',
  ],
  [
    () => ops.rope({ ...half, rotated: 6 }),
    'rope: rotated must be even and at most the width 4, got 6',
  ],
  [() => ops.rope({ ...half, base: 0 }), 'rope: base must be positive and finite, got 0'],
  [() => ops.rope({ ...half, heads: 0 }), 'rope: heads must be a positive integer, got 0'],
  [
    () => ops.rope({ ...half, positions: [1, NaN] }),
    'rope: positions must be finite, got NaN at entry 1',
  ],
  [
    () => ops.rope({ ...half, style: 'full' as 'half' }),
    'rope: style must be half or interleaved, got full',
  ],
  [
    () => ops.attention({ ...head, window: 0 }),
    'attention: window must be positive and finite, got 0',
  ],
  [() => ops.attention({ ...head, softCap: -1 }), 'attention: softCap must be positive and finite'],
  [
    () => ops.attention({ ...head, scale: Infinity }),
    'attention: scale must be positive and finite',
  ],
  [() => ops.attention({ ...head, alibi: [1] }), 'attention: alibi must be 2 finite slopes, got 1'],
  [() => ops.attention({ ...head, alibi: [1, NaN] }), 'attention: alibi must be 2 finite slopes'],
  [
    () => ops.attention({ ...head, positions: [0, 2, 2] }),
    'attention: positions must be finite and ascend',
  ],
  [
    () => ops.attention({ ...head, positions: [] }),
    'attention: positions must be finite and ascend',
  ],
  [
    () => ops.attention({ ...head, positions: [0, NaN] }),
    'attention: positions must be finite and ascend',
  ],
  [
    () => ops.linearAttention({ ...head, excludeSelf: true }),
    'excludeSelf needs causal or queryRow',
  ],
  [
    () => ops.linearAttention({ ...head, feature: 'relu' as 'elu+1' }),
    'linearAttention: feature must be identity or elu+1, got relu',
  ],
  [() => ops.gru({ batch: 1.5 }), 'gru: batch must be a positive integer, got 1.5'],
  [() => ops.diagonalScan({ batch: 0 }), 'diagonalScan: batch must be a positive integer, got 0'],
];

test.each(OPTIONS)('an option out of its range: %#', (make, message) => {
  expect(make).toThrow(DomainError);
  expect(make).toThrow(message);
});

test('values without a result are refused, with the row', () => {
  const rows = matrixFromRows([
    [1, 2],
    [3, 3],
  ]);
  const wild = matrixFromRows([
    [1, 2],
    [NaN, 3],
  ]);
  const unit = [matrixFromRows([[1, 1]]), matrixFromRows([[0, 0]])];
  for (const [run, message] of [
    [
      () => ops.layerNorm({ epsilon: 0 }).forward([rows, ...unit]),
      'layerNorm: the divisor of a row must',
    ],
    [() => ops.layerNorm({ epsilon: 0 }).forward([rows, ...unit]), 'got another in row 1'],
    [
      () => ops.rmsNorm({ epsilon: 0, affine: false }).forward([wild]),
      'rmsNorm: the divisor of a row',
    ],
    [
      () => ops.logSumExpRows.forward([wild]),
      'logSumExpRows: the largest entry of a row must be finite',
    ],
    [
      () => ops.crossEntropy([0, 1]).forward([wild]),
      'crossEntropy: the loss of a row must be finite, got NaN in row 1',
    ],
    [
      () => ops.topKRouting(1).forward([wild]),
      'topKRouting: logits must be finite, got NaN at entry 2',
    ],
    [
      () =>
        ops
          .linearAttention({ batch: 1, heads: 1, normalised: true })
          .forward([matrix(1, 1), rows, rows].map(() => matrix(1, 1))),
      'linearAttention: divisors must be positive and finite',
    ],
  ] as const) {
    expect(run).toThrow(NonFiniteError);
    expect(run).toThrow(message);
  }
  expect(() => ops.crossEntropy([0, 2]).forward([rows])).toThrow(DomainError);
  expect(() => ops.crossEntropy([0, 2]).forward([rows])).toThrow(
    'crossEntropy: targets must be integers from 0 to 1, got 2 in row 1',
  );
  const zeroA = [
    [2, 1],
    [1, 1],
    [1, 1],
    [1, 1],
    [1, 1],
    [1, 1],
    [1, 1],
    [1, 1],
    [1, 1],
  ];
  expect(() =>
    ops.diagonalStateSpace({ batch: 1 }).forward(zeroA.map(([r, c]) => matrix(r, c))),
  ).toThrow('diagonalStateSpace: A must not be 0, got 0 at entry 0');
});
