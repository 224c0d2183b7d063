/**
 * What a fitted map leaves of its normal equations, and what rounding may leave.
 *
 *   (Z + ρ·I)·x = Aᵀ·t for each row x of M and column t of T, Z = AᵀA
 *
 * Source: own, from the backward errors of `leastSquares` and `choleskySolve`.
 *
 * @module
 */
import {
  gamma,
  type Matrix,
  matrix,
  matrixVector,
  multiplyNT,
  multiplyTN,
  norm,
  rowOf,
  subtractMatrices,
  transpose,
  UNIT_ROUNDOFF,
} from '../linalg/index.ts';
import { type RidgeMap, requirePairs } from './ridge-map.ts';

export interface NormalEquations {
  /** m×d: row k is (Z + ρ·I)·x − Aᵀ·t for row x of M and column t of T, as doubles give it. */
  readonly residual: Matrix;
  /** m entries: no row of the residual of a map that `ridgeMap` gave is longer. */
  readonly bound: Float64Array;
}

/**
 * The residual of the normal equations and its bound, for what `ridgeMap` gave with the default tolerance.
 *
 * Let ‖A‖ be the Frobenius norm and e the error of evaluating the residual itself,
 * e = γ_{K+d+4}·(‖A‖·(‖A‖·‖x‖ + ‖t‖) + ρ·‖x‖).
 *
 *   qr         S = [A; √ρ·I] (M_S rows), rank r of n = d columns, p = min(M_S, n): x minimises for S + ΔS, t + Δt with
 *              ‖ΔS‖ ≤ ε·‖S‖, ‖Δt‖ ≤ ε·‖t‖, ε = γ_{n(3M_S+39)+r(3n+39)} + 1.01·√((p−r)(n−r))·max(M_S, n)·u + u,
 *              so Sᵀ(S·x − t) is at most ε·(2 + ε)·‖S‖·(‖S‖·‖x‖ + ‖t‖)
 *   dual       C = [A, √ρ·I], [x; y] the least-norm solution for C + E, t + Δt with ‖E‖ ≤ ε·‖C‖, the same ε for K rows
 *              and d + K columns of rank K; hence y = (√ρ·I + E_2ᵀ)·v for x = (A + E_1)ᵀ·v, and with
 *              s = √ρ − ε·‖C‖ > 0: ‖y‖ ≤ (‖A·x − t‖ + ε·(‖C‖·‖x‖ + ‖t‖))/s, ‖v‖ ≤ ‖y‖/s, and the residual
 *              −√ρ·Aᵀ·E_2ᵀ·v + ρ·E_1ᵀ·v + Aᵀ·(Δt − E·[x; y]) is at most
 *              ε·‖C‖·((√ρ·‖A‖ + ρ)·‖v‖ + ‖A‖·(‖x‖ + ‖y‖)) + ε·‖A‖·‖t‖; without a bound (Infinity) where s ≤ 0
 *   cholesky   γ_{2K+3d+4}·((‖A‖² + d·ρ)·‖x‖ + ‖A‖·‖t‖): γ_{2K} for Z and Aᵀ·T, from pairs or from sums, and
 *              γ_{3d+1}·|L||Lᵀ| with ‖|L||Lᵀ|‖ ≤ ‖L‖² ≈ tr(Z + ρ·I) for the solution
 *
 * Shapes: inputs K×d, targets K×m, the map m×d.
 *
 * @throws ShapeError or NonFiniteError if they do not fit.
 */
export function normalEquations(
  inputs: Matrix,
  targets: Matrix,
  { map, ridge, route, rank }: Pick<RidgeMap, 'map' | 'ridge' | 'route' | 'rank'>,
): NormalEquations {
  requirePairs('normalEquations', inputs, targets);
  const { rows: K, cols: d } = inputs;
  const misses = subtractMatrices(multiplyNT(inputs, map), targets); // K×m
  const fromData = multiplyTN(misses, inputs);
  const residual = matrix(
    map.rows,
    d,
    fromData.data.map((entry, i) => entry + ridge * map.data[i]),
  );
  const size = norm(inputs.data);
  const missing = transpose(misses);
  const wanted = transpose(targets);
  const bound = Float64Array.from({ length: map.rows }, (_, k) => {
    const [x, t, off] = [map, wanted, missing].map((each) => norm(rowOf(each, k)));
    const evaluation = gamma(K + d + 4) * (size * (size * x + t) + ridge * x);
    const solved = solverBound(route, { K, d, rank, ridge, size, x, t, off });
    // The norms themselves are rounded.
    return (evaluation + solved) * (1 + gamma(8 * (K * d + K + d + 40)));
  });
  return { residual, bound };
}

interface Sizes {
  readonly K: number;
  readonly d: number;
  readonly rank: number;
  readonly ridge: number;
  /** ‖A‖, ‖x‖, ‖t‖ and ‖A·x − t‖. */
  readonly size: number;
  readonly x: number;
  readonly t: number;
  readonly off: number;
}

/** The solver's part of the bound, as above. */
function solverBound(
  route: RidgeMap['route'],
  { K, d, rank, ridge, size, x, t, off }: Sizes,
): number {
  const root = Math.sqrt(ridge);
  if (route === 'cholesky') {
    return gamma(2 * K + 3 * d + 4) * ((size * size + d * ridge) * x + size * t);
  }
  if (route === 'dual') {
    const e = backward(K, d + K, rank);
    const wide = norm(Float64Array.of(size, Math.sqrt(K) * root));
    const s = root - e * wide;
    if (!(s > 0)) return Infinity;
    const y = (off + e * (wide * x + t)) / s;
    const v = y / s;
    return e * wide * ((root * size + ridge) * v + size * (x + y)) + e * size * t;
  }
  const rows = ridge > 0 ? K + d : K;
  const dropped = Math.sqrt((Math.min(rows, d) - rank) * (d - rank)) * Math.max(rows, d);
  const e = backward(rows, d, rank) + 1.01 * dropped * UNIT_ROUNDOFF;
  const stacked = norm(Float64Array.of(size, Math.sqrt(d) * root));
  return e * (2 + e) * stacked * (stacked * x + t);
}

/** γ_{n(3m+39)+r(3n+39)} of a solution by pivoted QR, and u for the rounded root of ρ. */
const backward = (m: number, n: number, r: number): number =>
  gamma(n * (3 * m + 39) + r * (3 * n + 39)) + UNIT_ROUNDOFF;

/**
 * What a map of least norm that meets its targets may miss at each of them: M·a_i against t_i, entry k, at ρ = 0 and
 * K inputs that are linearly independent: ε·(‖A‖·‖x‖ + ‖t‖) with the ε of `normalEquations`, and
 * γ_{d+1}·(|x|ᵀ|a_i| + |t|) for evaluating it.
 *
 * Shapes: inputs K×d, targets K×m, the map m×d; the bound is K×m, entry by entry.
 *
 * @throws as `normalEquations`.
 */
export function interpolationBound(inputs: Matrix, targets: Matrix, map: Matrix): Matrix {
  requirePairs('interpolationBound', inputs, targets);
  const { rows: K, cols: d } = inputs;
  const e = backward(K, d, K);
  const size = norm(inputs.data);
  const sizes = matrix(map.rows, d, map.data.map(Math.abs));
  const wanted = transpose(targets);
  const whole = Array.from({ length: map.rows }, (_, k) => {
    return e * (size * norm(rowOf(map, k)) + norm(rowOf(wanted, k)));
  });
  const bound = matrix(K, map.rows);
  for (let i = 0; i < K; i++) {
    const products = matrixVector(sizes, rowOf(inputs, i).map(Math.abs));
    products.forEach((product, k) => {
      const evaluation = gamma(d + 1) * (product + Math.abs(targets.data[i * map.rows + k]));
      bound.data[i * map.rows + k] = (whole[k] + evaluation) * (1 + gamma(8 * (K * d + d + 40)));
    });
  }
  return bound;
}
