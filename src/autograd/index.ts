/**
 * autograd: reverse-mode differentiation of float64 matrices.
 *
 *   op.ts          what an operation is: forward, backward, probe
 *   ops/           the operations, one idea a file, all listed in ALL_OPS
 *   evaluator.ts   running operations eagerly, or on a tape
 *   tape.ts        recording them, and the reverse pass
 *   gradcheck.ts   the adjoint test, for these operations and for yours
 *
 * @module
 */
export { type Evaluator, eager } from './evaluator.ts';
export { type GradcheckResult, gradcheck, gradientError } from './gradcheck.ts';
export { type Op, probeMatrix, requireShapes } from './op.ts';
export {
  ALL_OPS,
  type AttentionOptions,
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
} from './ops/index.ts';
export { Tape, type Variable } from './tape.ts';
