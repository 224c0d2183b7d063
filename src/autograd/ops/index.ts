/**
 * Every operation, one file each.
 *
 * @module
 */
import type { Op } from '../op.ts';
import { add, addBias, scale } from './arithmetic.ts';
import { attention } from './attention.ts';
import { linear, matmul } from './matmul.ts';
import { relu } from './relu.ts';
import { column, lastRows } from './select.ts';
import { softmaxRows } from './softmax.ts';
import { squaredError } from './squared-error.ts';

export type { AttentionOptions } from './attention.ts';
export {
  add,
  addBias,
  attention,
  column,
  lastRows,
  linear,
  matmul,
  relu,
  scale,
  softmaxRows,
  squaredError,
};

/** Every operation, and several instances of each factory. Tests for all of them loop over this. */
export const ALL_OPS: readonly Op[] = [
  add,
  addBias,
  attention({ batch: 1, heads: 1 }),
  attention({ batch: 2, heads: 3, causal: true }),
  attention({ batch: 2, heads: 4, kvHeads: 2, causal: true }),
  attention({ batch: 3, heads: 2, queryRow: true }),
  attention({ batch: 2, heads: 6, kvHeads: 3, queryRow: true, causal: true }),
  column(1),
  lastRows(1),
  lastRows(4),
  linear,
  matmul,
  relu,
  scale(-0.75),
  softmaxRows,
  squaredError,
];
