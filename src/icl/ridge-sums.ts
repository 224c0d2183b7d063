/**
 * The same map from sums over the pairs, for pairs that come one after another or from several places.
 *
 *   S_H = Σ x_i·x_iᵀ,   S_T = Σ t_i·x_iᵀ,   M = S_T·(S_H + ρ·I)⁻¹
 *
 * The sums need d² + m·d numbers, however many pairs there are. The price is the square of the condition
 * number: what is lost in forming S_H no solver brings back.
 *
 * Source: the normal equations; section 7.4 of README.md beside this file.
 *
 * @module
 */
import {
  DomainError,
  gamma,
  leastSquares,
  type Matrix,
  matrix,
  multiplyTN,
  ShapeError,
  transpose,
} from '../linalg/index.ts';
import {
  plusRidge,
  type RidgeMap,
  type RidgeOptions,
  requirePairs,
  ridgeOf,
  solvePositive,
} from './ridge-map.ts';

/** What is known of the pairs seen so far. */
export interface RidgeSums {
  /** How many pairs. */
  readonly count: number;
  /** S_H, d×d, symmetric in every bit. */
  readonly inputs: Matrix;
  /** S_T, m×d. */
  readonly targets: Matrix;
}

/** The sums over no pairs, for inputs of d and targets of m entries. @throws ShapeError for a size that is none. */
export const noRidgeSums = (d: number, m: number): RidgeSums => ({
  count: 0,
  inputs: matrix(d, d),
  targets: matrix(m, d),
});

/**
 * The sums with more pairs. Shapes: inputs k×d, targets k×m, k ≥ 1.
 *
 * Error, for K pairs in any portions: each sum is off by at most γ_{2K} times the sum of absolute values.
 *
 * @throws ShapeError or NonFiniteError if the pairs do not fit.
 */
export function addToRidgeSums(sums: RidgeSums, inputs: Matrix, targets: Matrix): RidgeSums {
  requirePairs('addToRidgeSums', inputs, targets);
  return combined('addToRidgeSums', sums, {
    count: inputs.rows,
    inputs: multiplyTN(inputs, inputs),
    targets: multiplyTN(targets, inputs),
  });
}

/** The sums over the pairs of both. Error as above. @throws ShapeError if they are of other sizes. */
export const mergeRidgeSums = (one: RidgeSums, other: RidgeSums): RidgeSums =>
  combined('mergeRidgeSums', one, other);

function combined(caller: string, one: RidgeSums, other: RidgeSums): RidgeSums {
  const plus = (x: Matrix, y: Matrix): Matrix => {
    if (x.rows !== y.rows || x.cols !== y.cols) {
      throw new ShapeError(
        `${caller}: pairs of the same sizes are required, so sums of ${x.rows}x${x.cols}, got ` +
          `${y.rows}x${y.cols}`,
      );
    }
    return matrix(
      x.rows,
      x.cols,
      x.data.map((entry, i) => entry + y.data[i]),
    );
  };
  return {
    count: one.count + other.count,
    inputs: plus(one.inputs, other.inputs),
    targets: plus(one.targets, other.targets),
  };
}

/**
 * M from the sums: by Cholesky where d·u·cond(S_H + ρ·I) < 1e-3, else by QR with column pivoting, of least
 * norm. Then what is at most d·γ_{2K+1} of the largest column counts as 0, because rounding alone may have made it:
 * directions in which the inputs are √(d·γ_{2K+1}) smaller than elsewhere are not seen.
 *
 * Error: of the order of (d + K)·u·cond(S_H + ρ·I), the condition number being that of the inputs squared.
 *
 * @throws DomainError for no pairs, for the routes qr and dual, which need the pairs, and as `ridgeMap`.
 */
export function mapFromRidgeSums(sums: RidgeSums, options: RidgeOptions = {}): RidgeMap {
  const { count, inputs, targets } = sums;
  if (!(count > 0)) throw new DomainError('mapFromRidgeSums: a pair is required, got none');
  const { route = 'cholesky', relativeTolerance = inputs.rows * gamma(2 * count + 1) } = options;
  if (route !== 'cholesky') {
    throw new DomainError(`mapFromRidgeSums: sums have the route cholesky only, got ${route}`);
  }
  const ridge = ridgeOf('mapFromRidgeSums', options, () => inputs);
  const G = plusRidge(inputs, ridge);
  const C = transpose(targets);
  const solved = solvePositive(G, C);
  if (typeof solved !== 'string') {
    return { map: transpose(solved), ridge, route, fallback: null, rank: inputs.rows };
  }
  const { X, rank } = leastSquares(G, C, { relativeTolerance });
  return { map: transpose(X), ridge, route: 'qr', fallback: solved, rank };
}
