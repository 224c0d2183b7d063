/**
 * autograd: reverse-mode differentiation of float64 matrices.
 *
 *   op.ts          what an operation is: forward, backward, probe
 *   ops/           the operations, one idea a file
 *   all-ops.ts     all of them in one list, ALL_OPS
 *   evaluator.ts   running operations eagerly, or on a tape
 *   rounding.ts    … or as a shorter number format would compute them
 *   tape.ts        recording them, and the reverse pass
 *   gradcheck.ts   the adjoint test, for these operations and for yours
 *   activations.ts, routing.ts    activations by name; which experts a router selects
 *
 * @module
 */

export { ACTIVATION_OPS, type ActivationOpName } from './activations.ts';
export { ALL_OPS } from './all-ops.ts';
export { type Evaluator, eager } from './evaluator.ts';
export { type GradcheckResult, gradcheck, gradientError } from './gradcheck.ts';
export { type Op, probeMatrix, requireShapes } from './op.ts';
export {
  type AttentionOptions,
  add,
  addBias,
  attention,
  causalConvolution,
  column,
  concatColumns,
  concatRows,
  crossEntropy,
  diagonalScan,
  diagonalStateSpace,
  elman,
  embedding,
  gelu,
  geluTanh,
  gru,
  type LinearAttentionOptions,
  lastRows,
  layerNorm,
  linear,
  linearAttention,
  logSumExpRows,
  lstm,
  matmul,
  mean,
  multiply,
  type NormOptions,
  type RmsNormOptions,
  type RopeOptions,
  relu,
  rmsNorm,
  rope,
  runningMean,
  scale,
  scaleRows,
  selectiveScan,
  sigmoid,
  silu,
  sliceColumns,
  softmaxRows,
  softplus,
  squaredError,
  subtract,
  sum,
  takeRows,
  tanh,
  topKRouting,
  weightRows,
} from './ops/index.ts';
export type { RecurrentOptions } from './recurrent-op.ts';
export { type RopeScaling, scaledFrequencies } from './rope-scaling.ts';
export { float32, roundingTo } from './rounding.ts';
export { type Route, routing } from './routing.ts';
export { Tape, type Variable } from './tape.ts';
