/**
 * The list of all operations, apart from the operations themselves: a program that uses three of them
 * is bundled with three.
 *
 * @module
 */
import type { Op } from './op.ts';
import { gelu, geluTanh, sigmoid, silu, softplus, tanh } from './ops/activations.ts';
import { add, addBias, scale, subtract } from './ops/arithmetic.ts';
import { attention } from './ops/attention.ts';
import { concatColumns, concatRows, sliceColumns } from './ops/concat.ts';
import { crossEntropy, logSumExpRows } from './ops/cross-entropy.ts';
import { embedding, takeRows } from './ops/gather.ts';
import { linearAttention } from './ops/linear-attention.ts';
import { linear, matmul } from './ops/matmul.ts';
import { layerNorm, rmsNorm } from './ops/norms.ts';
import { multiply, scaleRows, weightRows } from './ops/products.ts';
import { elman, gru, lstm } from './ops/recurrent.ts';
import { relu } from './ops/relu.ts';
import { rope } from './ops/rope.ts';
import { causalConvolution, diagonalScan, runningMean } from './ops/scans.ts';
import { column, lastRows } from './ops/select.ts';
import { softmaxRows } from './ops/softmax.ts';
import { squaredError } from './ops/squared-error.ts';
import { diagonalStateSpace, selectiveScan } from './ops/state-space.ts';
import { mean, sum } from './ops/sums.ts';
import { topKRouting } from './ops/top-k-routing.ts';

const GAP = [0, 1, 3.5, 4, 9]; // positions of what is left of a longer sequence

/** Every operation, and several instances of each factory. Tests for all of them loop over this. */
export const ALL_OPS: readonly Op[] = [
  add,
  addBias,
  attention({ batch: 1, heads: 1 }),
  attention({ batch: 2, heads: 3, causal: true }),
  attention({ batch: 2, heads: 4, kvHeads: 2, causal: true }),
  attention({ batch: 3, heads: 2, queryRow: true }),
  attention({ batch: 2, heads: 6, kvHeads: 3, queryRow: true, causal: true }),
  attention({ batch: 2, heads: 2, causal: true, window: 3 }),
  attention({ batch: 1, heads: 2, window: 2, scale: 0.4 }),
  attention({ batch: 2, heads: 2, kvHeads: 1, causal: true, softCap: 1.5 }),
  attention({ batch: 1, heads: 3, causal: true, alibi: [0.5, 0.25, 0.125] }),
  attention({ batch: 2, heads: 2, alibi: [0.3, 0.1], softCap: 2, positions: GAP, window: 5 }),
  attention({ batch: 3, heads: 2, queryRow: true, alibi: [0.2, 0.1], positions: GAP, window: 6 }),
  causalConvolution({ batch: 1 }),
  causalConvolution({ batch: 2 }),
  column(1),
  concatColumns,
  concatRows,
  crossEntropy([2, 0, 3, 2]),
  crossEntropy([1, -100, 4, -100, 0], { ignore: -100 }),
  diagonalScan({ batch: 1 }),
  diagonalScan({ batch: 2 }),
  diagonalStateSpace({ batch: 1 }),
  diagonalStateSpace({ batch: 2 }),
  elman({ batch: 2 }),
  elman({ batch: 3, queryRow: true }),
  embedding([2, 0, 2, 1]),
  embedding([4]),
  gelu,
  geluTanh,
  gru({ batch: 2 }),
  gru({ batch: 3, queryRow: true }),
  lastRows(1),
  lastRows(4),
  layerNorm({ epsilon: 1e-5 }),
  layerNorm({ epsilon: 0 }),
  layerNorm({ epsilon: 0.25, affine: false }),
  linear,
  linearAttention({ batch: 1, heads: 1 }),
  linearAttention({ batch: 2, heads: 2, causal: true }),
  linearAttention({ batch: 2, heads: 2, causal: true, excludeSelf: true, initialState: true }),
  linearAttention({ batch: 3, heads: 1, queryRow: true, excludeSelf: true }),
  linearAttention({ batch: 2, heads: 1, queryRow: true, normalised: true }),
  linearAttention({ batch: 2, heads: 2, causal: true, feature: 'elu+1', normalised: true }),
  linearAttention({ batch: 2, heads: 2, feature: 'elu+1' }),
  linearAttention({
    batch: 2,
    heads: 1,
    causal: true,
    feature: 'elu+1',
    normalised: true,
    excludeSelf: true,
    initialState: true,
  }),
  logSumExpRows,
  lstm({ batch: 2 }),
  lstm({ batch: 3, queryRow: true }),
  matmul,
  mean,
  multiply,
  relu,
  rmsNorm({ epsilon: 1e-6 }),
  rmsNorm({ epsilon: 0.01, offset: 1 }),
  rmsNorm({ epsilon: 0, affine: false }),
  rmsNorm({ epsilon: 0.01, groups: 2 }),
  rope({ heads: 2, width: 4, positions: [0, 1, 5], style: 'half' }),
  rope({ heads: 1, width: 6, positions: [3, 0.5, -2], base: 100, style: 'interleaved' }),
  rope({ heads: 2, width: 5, rotated: 2, positions: [1, 2, 7], style: 'half' }),
  rope({
    heads: 1,
    width: 4,
    positions: [1, 2, 7],
    style: 'half',
    scaling: { kind: 'linear', factor: 4 },
  }),
  runningMean({ batch: 1 }),
  runningMean({ batch: 2 }),
  scale(-0.75),
  scaleRows,
  selectiveScan({ batch: 1 }),
  selectiveScan({ batch: 2 }),
  sigmoid,
  silu,
  sliceColumns(0, 2),
  sliceColumns(1, 4),
  softmaxRows,
  softplus,
  squaredError,
  subtract,
  sum,
  takeRows([1, 3, 1]),
  takeRows([0, 1, 2]),
  tanh,
  topKRouting(2),
  topKRouting(3),
  weightRows,
];
