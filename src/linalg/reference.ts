/**
 * Plain twins of every kernel.
 *
 * These loops are the specification: they fix what is computed and in which order it is rounded.
 * They are never optimised. A fast kernel must return the same bits.
 *
 * @module
 */
export { type AdamStep, adam } from './reference/adam.ts';
export { type AttentionSizes, attention, attentionBackward } from './reference/attention.ts';
export {
  add,
  addToRows,
  multiply,
  relu,
  reluBackward,
  scale,
  subtract,
  sumOfRows,
} from './reference/elementwise.ts';
export { matmul, matmulNT, matmulTN } from './reference/matmul.ts';
export { matrixVector, rankOneUpdate } from './reference/matrix-vector.ts';
export { dot, maximum, sum } from './reference/reductions.ts';
export { softmax, softmaxBackward } from './reference/softmax.ts';
