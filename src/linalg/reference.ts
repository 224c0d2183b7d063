/**
 * Plain twins of every kernel.
 *
 * These loops are the specification: they fix what is computed and in which order it is rounded.
 * They are never optimised. A fast kernel must return the same bits.
 *
 * @module
 */
export {
  eluPlusOne,
  gelu,
  geluTanh,
  sigmoid,
  silu,
  softplus,
  tanh,
} from './reference/activations.ts';
export { type AdamStep, adam } from './reference/adam.ts';
export {
  type AttentionRules,
  type AttentionSizes,
  attention,
  attentionBackward,
} from './reference/attention.ts';
export { crossEntropy, crossEntropyBackward, logSumExp } from './reference/cross-entropy.ts';
export {
  type ComplexArray,
  diagonalStateSpace,
  diagonalStateSpaceBackward,
  type StateSpaceGradients,
  type StateSpaceInputs,
  type StateSpaceSizes,
} from './reference/diagonal-state-space.ts';
export {
  add,
  addToRows,
  exponential,
  multiply,
  relu,
  reluBackward,
  scale,
  subtract,
  sumOfRows,
} from './reference/elementwise.ts';
export { elman, elmanBackward, type RecurrentSizes } from './reference/elman.ts';
export { addToTakenRows, type ColumnRun, copyColumns, takeRows } from './reference/gather.ts';
export { gru, gruBackward } from './reference/gru.ts';
export {
  type LinearAttentionGradients,
  type LinearAttentionInputs,
  type LinearAttentionSizes,
  linearAttention,
  linearAttentionBackward,
} from './reference/linear-attention.ts';
export { lstm, lstmBackward } from './reference/lstm.ts';
export { matmul, matmulNT, matmulTN } from './reference/matmul.ts';
export { matrixVector, rankOneUpdate } from './reference/matrix-vector.ts';
export { layerNorm, layerNormBackward, rmsNorm, rmsNormBackward } from './reference/norms.ts';
export { dot, maximum, sum } from './reference/reductions.ts';
export { type RopeSizes, ropeFrequencies, ropeTables, rotate } from './reference/rope.ts';
export { dotsOfRows, scaleRows, sumOfRowProducts, weightRows } from './reference/row-products.ts';
export {
  causalConvolution,
  causalConvolutionBackward,
  diagonalScan,
  diagonalScanBackward,
  runningMean,
  runningMeanBackward,
  type ScanSizes,
} from './reference/scans.ts';
export {
  type SelectiveGradients,
  type SelectiveInputs,
  type SelectiveSizes,
  selectiveScan,
  selectiveScanBackward,
} from './reference/selective-scan.ts';
export {
  softmax,
  softmaxBackward,
  softmaxRows,
  softmaxRowsBackward,
} from './reference/softmax.ts';
export { keepLargest } from './reference/top-k.ts';
