/**
 * Every operation, one idea a file.
 *
 * @module
 */
export { gelu, geluTanh, sigmoid, silu, softplus, tanh } from './activations.ts';
export { add, addBias, scale, subtract } from './arithmetic.ts';
export type { AttentionOptions } from './attention.ts';
export { attention } from './attention.ts';
export { concatColumns, concatRows, sliceColumns } from './concat.ts';
export { crossEntropy, logSumExpRows } from './cross-entropy.ts';
export { embedding, takeRows } from './gather.ts';
export type { LinearAttentionOptions } from './linear-attention.ts';
export { linearAttention } from './linear-attention.ts';
export { linear, matmul } from './matmul.ts';
export type { NormOptions, RmsNormOptions } from './norms.ts';
export { layerNorm, rmsNorm } from './norms.ts';
export { multiply, scaleRows, weightRows } from './products.ts';
export { elman, gru, lstm } from './recurrent.ts';
export { relu } from './relu.ts';
export type { RopeOptions } from './rope.ts';
export { rope } from './rope.ts';
export { causalConvolution, diagonalScan, runningMean } from './scans.ts';
export { column, lastRows } from './select.ts';
export { softmaxRows } from './softmax.ts';
export { squaredError } from './squared-error.ts';
export { diagonalStateSpace, selectiveScan } from './state-space.ts';
export { mean, sum } from './sums.ts';
export { topKRouting } from './top-k-routing.ts';
