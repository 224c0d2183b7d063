/**
 * linalg: float64 matrices, the kernels under them, and exact arithmetic on doubles.
 *
 *   matrix.ts, products.ts         dense matrices, products, norms
 *   rank-one.ts                    p·vᵀ kept as its factors
 *   vector-pseudoinverse.ts        a/‖a‖² without overflow or underflow
 *   exact.ts, rational.ts          doubles without rounding (BigInt), fractions
 *   random.ts                      seeded generator with independent streams
 *   special/                       exp and log with the same bits on every engine
 *   reference.ts, kernels.ts       plain twins, and what is called in their place
 *   powers-of-two.ts, errors.ts    exponents as bits; the errors thrown on purpose
 *
 * @module
 */

export { cholesky, choleskySolve } from './cholesky.ts';
export {
  DegenerateBase,
  DomainError,
  NonFiniteError,
  ShapeError,
  StateError,
} from './errors.ts';
export {
  absExact,
  addExact,
  compareExact,
  type Dyadic,
  dotExact,
  dyadicToNumber,
  exact,
  exactVector,
  multiplyExact,
  quotientOfExact,
  subtractExact,
  sumExact,
} from './exact.ts';
export {
  type Matrix,
  matrix,
  matrixFromRows,
  requireFinite,
  requireMatrix,
  requireVector,
  rowMatrix,
  rowOf,
} from './matrix.ts';
export { exponentOf, powerOfTwo, scaleToUnit, timesPowerOfTwo } from './powers-of-two.ts';
export {
  dot,
  matrixVector,
  maxAbs,
  multiply,
  multiplyNT,
  multiplyTN,
  norm,
  subtract,
  subtractMatrices,
} from './products.ts';
export { Random } from './random.ts';
export {
  addRankOne,
  applyRankOne,
  innerWithMatrix,
  type RankOne,
  rankOne,
  rankOneNorm,
  rankOneToMatrix,
} from './rank-one.ts';
export { Rational, rationalDot } from './rational.ts';
export { exp } from './special/exp.ts';
export { log } from './special/log.ts';
export { vectorPseudoinverse } from './vector-pseudoinverse.ts';
