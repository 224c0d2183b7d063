/**
 * deltaw: a prompt is a weight update, computed exactly and proved on every run.
 *
 * The layers can also be imported one by one: deltaw/linalg, deltaw/autograd, deltaw/model and
 * deltaw/icl. Names of theirs that mean two things (`add` of matrices and of a tape) stay there.
 *
 * @module
 */
export { eager, gradcheck, type Op, Tape, type Variable } from './autograd/index.ts';
export * from './icl/index.ts';
export {
  addRankOne,
  DegenerateBase,
  DomainError,
  type Matrix,
  matrix,
  matrixFromRows,
  NonFiniteError,
  Random,
  type RankOne,
  Rational,
  rankOneNorm,
  rankOneToMatrix,
  ShapeError,
  StateError,
  vectorPseudoinverse,
} from './linalg/index.ts';
export {
  type BlockRun,
  type ContextualLayer,
  evaluateLayer,
  initialise,
  linearPrompt,
  mlp,
  type Parameters,
  type PlainBlock,
  plainBlock,
  runBlock,
  softmaxAttention,
  Training,
  train,
} from './model/index.ts';
