/**
 * linalg: float64 matrices, the kernels under them, and exact arithmetic on doubles.
 *
 *   matrix.ts, products.ts         dense matrices, products, norms
 *   rank-one.ts                    p·vᵀ kept as its factors
 *   vector-pseudoinverse.ts        a/‖a‖² without overflow or underflow
 *   exact.ts, rational.ts          doubles without rounding (BigInt), fractions
 *   cholesky.ts, qr.ts, pivoted-qr.ts, svd.ts, symmetric-eigen.ts   factorisations
 *   triangular.ts, least-squares.ts, norms-condition.ts             what is solved with them
 *   compensated.ts, double-double.ts   more than double precision
 *   interval.ts, interval-division.ts  enclosures of exact numbers
 *   random.ts                      seeded generator with independent streams
 *   special/                       exp, erf, gelu, sin … with the same bits on every engine
 *   reference.ts, kernels.ts       plain twins, and what is called in their place
 *   formats.ts, float32-product.ts float32, bfloat16 … simulated in doubles
 *   powers-of-two.ts, errors.ts    exponents as bits; the errors thrown on purpose
 *
 * @module
 */

export { cholesky, choleskyReconstruct, choleskySolve } from './cholesky.ts';
export { transpose } from './columns.ts';
export {
  compensatedDot,
  compensatedSum,
  twoProduct,
  twoSum,
  type WithError,
} from './compensated.ts';
export {
  addDoubleDouble,
  type DoubleDouble,
  type DoubleDoubleMatrix,
  type DoubleDoubleVector,
  divideDoubleDouble,
  dotDoubleDouble,
  fromDoubleDouble,
  matrixVectorDoubleDouble,
  multiplyDoubleDouble,
  sqrtDoubleDouble,
  subtractDoubleDouble,
  toDoubleDouble,
} from './double-double.ts';
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
export { ConvergenceError, NotPositiveDefinite, SingularMatrix } from './factorisation-errors.ts';
export { multiplyNTFloat32 } from './float32-product.ts';
export {
  BFLOAT16,
  FLOAT16,
  FLOAT32,
  type NumberFormat,
  roundAll,
  roundTo,
  withSignificand,
} from './formats.ts';
export type { Reflections } from './householder.ts';
export {
  addIntervals,
  contains,
  dotInterval,
  expInterval,
  type Interval,
  type IntervalMatrix,
  type IntervalVector,
  intersects,
  interval,
  matrixVectorInterval,
  multiplyIntervals,
  pointMatrix,
  pointVector,
  softmaxInterval,
  subtractIntervals,
} from './interval.ts';
export { divideIntervals, sqrtInterval } from './interval-division.ts';
export { type LeastSquares, type LeastSquaresOptions, leastSquares } from './least-squares.ts';
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
export {
  conditionNumber,
  frobeniusNorm,
  infinityNorm,
  oneNorm,
  spectralNorm,
} from './norms-condition.ts';
export { type PivotedQR, pivotedQR } from './pivoted-qr.ts';
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
export {
  applyQ,
  applyQTransposed,
  identity,
  type QR,
  qr,
  reconstructFromQR,
  thinQ,
} from './qr.ts';
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
export {
  cos,
  erf,
  erfc,
  exp,
  expm1,
  gelu,
  geluDerivative,
  geluTanh,
  geluTanhDerivative,
  log,
  log1p,
  logSumExp,
  sigmoid,
  sigmoidDerivative,
  silu,
  siluDerivative,
  sin,
  softplus,
  tanh,
  tanhDerivative,
} from './special/index.ts';
export { type SVD, svd } from './svd.ts';
export { type SymmetricEigen, symmetricEigen } from './symmetric-eigen.ts';
export {
  solveLower,
  solveLowerTransposed,
  solveUpper,
  solveUpperTransposed,
} from './triangular.ts';
export { gamma, UNIT_ROUNDOFF } from './unit-roundoff.ts';
export { vectorPseudoinverse } from './vector-pseudoinverse.ts';
