/**
 * The linear map nearest to given pairs, by least squares with a ridge.
 *
 *   M = argmin Σ_i ‖M·x_i − t_i‖² + ρ·‖M‖_F²
 *
 * Sizes: d entries of an input, m of a target, K pairs; A is the K×d matrix of the inputs as rows, T the K×m
 * matrix of the targets, Z = AᵀA = Σ x_i·x_iᵀ.
 *
 * Source: section 7.4 of README.md beside this file; the dual form solved as a least-norm problem is our own.
 *
 * @module
 */
import {
  cholesky,
  choleskySolve,
  conditionNumber,
  DomainError,
  leastSquares,
  type Matrix,
  matrix,
  maxAbs,
  multiplyTN,
  NotPositiveDefinite,
  norm,
  requireFinite,
  requireMatrix,
  ShapeError,
  transpose,
  UNIT_ROUNDOFF,
} from '../linalg/index.ts';

/**
 * What is solved.
 *
 *   qr         [A; √ρ·I]·Mᵀ ≈ [T; 0] by QR with column pivoting: (K + d)×d, K×d at ρ = 0
 *   dual       the least-norm solution of [A, √ρ·I]·[Mᵀ; Y] = T: K×(d + K); ρ > 0
 *   cholesky   (Z + ρ·I)·Mᵀ = Aᵀ·T: d×d
 */
export type RidgeRoute = 'qr' | 'dual' | 'cholesky';

export interface RidgeOptions {
  /** ρ ≥ 0. Default: 0, where of all minimisers the one with the least norm is taken. */
  readonly ridge?: number;
  /** ρ_0 ≥ 0 in place of ρ: ρ = `scaleFreeRidge(ρ_0, Z)`. */
  readonly relativeRidge?: number;
  /** Default: dual where K < d and ρ > 0, else qr. */
  readonly route?: RidgeRoute;
  /** Of the rank decision of qr and dual, as for `leastSquares`, whose default it has. */
  readonly relativeTolerance?: number;
}

export interface RidgeMap {
  /** M, m×d. */
  readonly map: Matrix;
  /** The ρ that was used. */
  readonly ridge: number;
  /** The route that was taken. */
  readonly route: RidgeRoute;
  /** Why it was not Cholesky's although that was asked for: a pivot that is not positive, or the condition. */
  readonly fallback: 'pivot' | 'condition' | null;
  /** The numerical rank of the matrix of the route: of A at ρ = 0. */
  readonly rank: number;
}

/**
 * The map M of least Σ‖M·x_i − t_i‖² + ρ·‖M‖_F².
 *
 * Shapes: inputs K×d, targets K×m, K ≥ 1; M is m×d. No precondition: where Z + ρ·I is singular, M is the
 * minimiser of least norm.
 *
 * Error. qr and dual are backward stable: each row of M belongs to a matrix and a target that differ from
 * the given ones by a small multiple of u (`leastSquares`). With κ the condition number of [A; √ρ·I], at full
 * rank, that moves a row x by a relative error of the order of
 *
 *   u·(κ + κ²·‖r‖/(‖[A; √ρ·I]‖·‖x‖)),   r = [A·x − t; √ρ·x]
 *
 * of which the second part is nothing where the pairs are met, and all of it where they are far from it. Cholesky:
 * of the order of d·u·κ² always. It is taken only if d·u·κ² < 1e-3, so that at least three digits are
 * left; else, and at a pivot that is not positive, qr is taken and `fallback` says so. What each route leaves
 * of the normal equations is bounded by `normalEquations`.
 *
 * @throws ShapeError, NonFiniteError (also where M overflows); DomainError for a ridge that is not finite
 * and at least 0, for both kinds of ridge, for another route, and for dual without a ridge.
 *
 * Source: Golub and Van Loan, Matrix Computations, 4th ed., sections 5.3, 5.5 and 6.1.4; Wedin's bound as in
 * Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., Theorem 20.1.
 */
export function ridgeMap(inputs: Matrix, targets: Matrix, options: RidgeOptions = {}): RidgeMap {
  requirePairs('ridgeMap', inputs, targets);
  const { relativeTolerance } = options;
  const ridge = ridgeOf('ridgeMap', options, () => gram(inputs));
  const small = inputs.rows < inputs.cols && ridge > 0;
  const { route = small ? 'dual' : 'qr' } = options;
  const tolerance = relativeTolerance === undefined ? {} : { relativeTolerance };
  if (route === 'dual') {
    if (!(ridge > 0)) {
      throw new DomainError(`ridgeMap: the dual route needs a ridge above 0, got ${ridge}`);
    }
    const { X, rank } = leastSquares(besideRidge(inputs, Math.sqrt(ridge)), targets, tolerance);
    const top = matrix(inputs.cols, X.cols, X.data.slice(0, inputs.cols * X.cols));
    return { map: transpose(top), ridge, route, fallback: null, rank };
  }
  if (route !== 'qr' && route !== 'cholesky') {
    throw new DomainError(`ridgeMap: the route must be qr, dual or cholesky, got ${route}`);
  }
  const solved =
    route === 'cholesky'
      ? solvePositive(plusRidge(gram(inputs), ridge), multiplyTN(inputs, targets))
      : null;
  if (solved && typeof solved !== 'string') {
    return { map: transpose(solved), ridge, route, fallback: null, rank: inputs.cols };
  }
  const { X, rank } = leastSquares(inputs, targets, { ridge, ...tolerance });
  return { map: transpose(X), ridge, route: 'qr', fallback: solved, rank };
}

/**
 * ρ = ρ_0·‖Z‖_F²/tr Z, which grows with the inputs as Z does: the same ρ_0 gives c·x_i the map M/c. 0 for
 * inputs that are all 0.
 *
 * Relative error γ_{2d²+d+6}, of the given Z.
 *
 * @throws DomainError unless ρ_0 ≥ 0 is finite.
 */
export function scaleFreeRidge(relative: number, Z: Matrix): number {
  requireRidge('scaleFreeRidge', relative);
  let trace = 0;
  for (let i = 0; i < Z.rows; i++) trace += Z.data[i * Z.cols + i];
  const size = norm(Z.data);
  return size === 0 ? 0 : relative * size * (size / trace);
}

/** ρ as the options say. */
export function ridgeOf(
  caller: string,
  { ridge, relativeRidge }: RidgeOptions,
  Z: () => Matrix,
): number {
  if (ridge !== undefined && relativeRidge !== undefined) {
    throw new DomainError(
      `${caller}: a ridge or a relative ridge is required, got ${ridge} and ${relativeRidge}`,
    );
  }
  if (relativeRidge === undefined) return requireRidge(caller, ridge ?? 0);
  requireRidge(caller, relativeRidge);
  return relativeRidge === 0 ? 0 : requireRidge(caller, scaleFreeRidge(relativeRidge, Z()));
}

function requireRidge(caller: string, ridge: number): number {
  if (ridge >= 0 && ridge < Infinity) return ridge;
  throw new DomainError(`${caller}: the ridge must be finite and at least 0, got ${ridge}`);
}

/** The X with G·X = C by Cholesky, or why not: G is positive definite and d·u·cond(G) < 1e-3. */
export function solvePositive(G: Matrix, C: Matrix): Matrix | 'pivot' | 'condition' {
  if (!Number.isFinite(maxAbs(G.data)) || !Number.isFinite(maxAbs(C.data))) return 'condition';
  let L: Matrix;
  try {
    L = cholesky(G);
  } catch (error) {
    if (!(error instanceof NotPositiveDefinite)) throw error;
    return 'pivot';
  }
  const root = conditionNumber(L); // cond(G) = cond(L)²
  return G.rows * UNIT_ROUNDOFF * root * root < 1e-3 ? choleskySolve(L, C) : 'condition';
}

/** AᵀA, symmetric in every bit: both of its halves add the same products in the same order. */
const gram = (A: Matrix): Matrix => multiplyTN(A, A);

/** Z + ρ·I. */
export function plusRidge(Z: Matrix, ridge: number): Matrix {
  const G = matrix(Z.rows, Z.cols, Z.data.slice());
  for (let i = 0; i < Z.rows; i++) G.data[i * Z.cols + i] += ridge;
  return G;
}

/** [A, root·I]. */
function besideRidge(A: Matrix, root: number): Matrix {
  const wide = matrix(A.rows, A.cols + A.rows);
  for (let i = 0; i < A.rows; i++) {
    const row = A.data.subarray(i * A.cols, (i + 1) * A.cols);
    wide.data.set(row, i * wide.cols);
    wide.data[i * wide.cols + A.cols + i] = root;
  }
  return wide;
}

/** @throws ShapeError or NonFiniteError unless there is a target for each input, and at least one of them. */
export function requirePairs(caller: string, inputs: Matrix, targets: Matrix): void {
  requireMatrix(caller, 'the inputs', inputs);
  requireMatrix(caller, 'the targets', targets);
  if (inputs.rows === 0 || inputs.rows !== targets.rows) {
    throw new ShapeError(
      `${caller}: as many targets as inputs are required, at least one, got ${targets.rows} and ` +
        `${inputs.rows}`,
    );
  }
  requireFinite(caller, 'the inputs', inputs.data);
  requireFinite(caller, 'the targets', targets.data);
}
