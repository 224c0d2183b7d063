/**
 * The K curve: how well a thought matrix of K tokens serves these tokens, and others.
 *
 * At ρ = 0 E_train = 0 as long as K is at most the rank of the a_i, and E_test has its peak where K is that rank
 * (double descent): draw K below it, at it and above it, and use ρ > 0. The rank may be far below the
 * width: behind single-token attention without biases it is the number of entries that the queries vary in.
 *
 * Source: arXiv:2507.16003v3, section 3.4; the factor for Gaussian inputs is that of random-design regression,
 * Breiman and Freedman, J. Amer. Statist. Assoc. 78 (1983); the peak's place is our own.
 *
 * @module
 */
import { DomainError, type Matrix, matrix, pivotedQR } from '../linalg/index.ts';
import type { RidgeMap, RidgeOptions } from './ridge-map.ts';
import { type Calibration, thoughtError } from './thought-error.ts';
import { thoughtMatrix } from './thought-matrix.ts';

/** One K of the curve. */
export interface ThoughtCurvePoint {
  /** K. */
  readonly count: number;
  /** The numerical rank of the K inputs. */
  readonly rank: number;
  /** The thought matrix of the first K tokens. */
  readonly fit: RidgeMap;
  /** E_train(K) and E_test(K). */
  readonly train: number;
  readonly test: number;
}

export interface ThoughtCurve {
  readonly points: readonly ThoughtCurvePoint[];
  /** E_0 of the held-out tokens, by which errors are divided to be compared. */
  readonly unpatched: number;
}

/**
 * E_train and E_test of the thought matrix of the first K calibration tokens, for each K of `counts`.
 *
 * @throws DomainError for a K that is not from 1 to the number of tokens; else as `thoughtMatrix`.
 */
export function thoughtCurve(
  W: Matrix,
  calibration: Calibration,
  heldOut: Calibration,
  counts: readonly number[],
  options: RidgeOptions = {},
): ThoughtCurve {
  const points = counts.map((count) => {
    const { inputs, differences } = firstTokens(calibration, count);
    const fit = thoughtMatrix(W, inputs, differences, options);
    return {
      count,
      rank: pivotedQR(inputs, options.relativeTolerance).rank,
      fit,
      train: thoughtError(W, fit.map, { inputs, differences }),
      test: thoughtError(W, fit.map, heldOut),
    };
  });
  return { points, unpatched: thoughtError(W, null, heldOut) };
}

/** The first K tokens. @throws DomainError unless there are as many, and K ≥ 1. */
export function firstTokens({ inputs, differences }: Calibration, count: number): Calibration {
  if (!(Number.isInteger(count) && count >= 1 && count <= inputs.rows)) {
    throw new DomainError(
      `firstTokens: a number of tokens from 1 to ${inputs.rows} is required, got ${count}`,
    );
  }
  const first = ({ cols, data }: Matrix): Matrix =>
    matrix(count, cols, data.slice(0, count * cols));
  return { inputs: first(inputs), differences: first(differences) };
}

/**
 * 1 + r/(K − r − 1): by how much E_test exceeds the error that no linear map avoids, E_noise, in the mean.
 *
 * Preconditions of the statement: δ = D·a + ε with ε of mean 0 independent of a; a normal with a covariance of rank
 * r; ρ = 0. For K = r and K = r + 1 the mean is infinite.
 *
 * @throws DomainError unless r ≥ 0 and K > r + 1 are integers.
 */
export function gaussianTestFactor(rank: number, count: number): number {
  if (!(Number.isInteger(rank) && Number.isInteger(count) && rank >= 0 && count > rank + 1)) {
    throw new DomainError(
      `gaussianTestFactor: integers r >= 0 and K > r + 1 are required, got r = ${rank} and K = ${count}`,
    );
  }
  return 1 + rank / (count - rank - 1);
}
