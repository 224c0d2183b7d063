/**
 * What figure `thought` measures on normally distributed tokens of known rank.
 *
 *   δ = D·a + ε;   a has r entries of N(0, 1) and else 0, D entries of N(0, 1/r), ε ~ N(0, noise²·I)
 *
 * That the others are 0 costs no generality: fits of least norm and their errors are the same in any rotated frame.
 * Errors are over E_noise = noise²·‖W‖_F², which no linear map avoids.
 *
 * @module
 */
import { type Calibration, firstTokens, meanRankOnePatch, thoughtCurve } from '../../icl/index.ts';
import { dot, type Matrix, matrix, multiply, multiplyNT, Random } from '../../linalg/index.ts';
import { overInterpolationBound, overNormalBound } from './bounds.ts';

export interface GaussianTask {
  /** A seed and a stream for this design alone. */
  readonly seed: readonly [number, ...number[]];
  readonly rank: number;
  /** d and m: entries of a token, rows of W. */
  readonly width: number;
  readonly outputs: number;
  readonly noise: number;
  readonly tests: number;
  readonly counts: readonly number[];
}

/** An entry for each K where there are several. */
export interface GaussianTrial {
  /** E_test over E_noise, at ρ = 0. */
  readonly test: Float64Array;
  /** ⟨M, W·D⟩/‖W·D‖² there: of the thought matrix, and of the mean of the rank-one patches. */
  readonly share: Float64Array;
  readonly averagedShare: Float64Array;
  readonly ranks: Float64Array;
  readonly overInterpolation: number;
  readonly overNormal: number;
}

export function gaussianTrial(task: GaussianTask): GaussianTrial {
  const { seed, rank, width, outputs, noise, tests, counts } = task;
  const random = new Random(...seed);
  const W = normal(random, outputs, width, 1 / Math.sqrt(width));
  const D = onFirst(normal(random, width, width, 1 / Math.sqrt(rank)), rank);
  const known = drawTokens(random, D, Math.max(...counts), task);
  const heldOut = drawTokens(random, D, tests, task);
  const WD = multiply(W, D);
  const strength = dot(WD.data, WD.data);
  const noiseError = noise * noise * dot(W.data, W.data);
  const shareOf = (M: Matrix): number => dot(M.data, WD.data) / strength;
  const { points } = thoughtCurve(W, known, heldOut, counts);
  let [overInterpolation, overNormal] = [0, 0];
  const averaged = points.map(({ count, rank, fit }) => {
    const { inputs, differences } = firstTokens(known, count);
    const targets = multiplyNT(differences, W);
    overNormal = Math.max(overNormal, overNormalBound(inputs, targets, fit));
    if (rank === count) {
      const missed = overInterpolationBound(inputs, targets, fit.map);
      overInterpolation = Math.max(overInterpolation, missed);
    }
    return meanRankOnePatch(W, inputs, differences);
  });
  return {
    test: Float64Array.from(points, ({ test }) => test / noiseError),
    share: Float64Array.from(points, ({ fit }) => shareOf(fit.map)),
    averagedShare: Float64Array.from(averaged, shareOf),
    ranks: Float64Array.from(points, ({ rank }) => rank),
    ...{ overInterpolation, overNormal },
  };
}

function drawTokens(
  random: Random,
  D: Matrix,
  count: number,
  { rank, width, noise }: GaussianTask,
): Calibration {
  const inputs = onFirst(normal(random, count, width, 1), rank);
  const linear = multiplyNT(inputs, D);
  const misfit = normal(random, count, width, noise);
  const differences = linear.data.map((entry, i) => entry + misfit.data[i]);
  return { inputs, differences: matrix(count, width, differences) };
}

const normal = (random: Random, rows: number, cols: number, scale: number): Matrix => {
  const m = matrix(rows, cols);
  random.fillNormal(m.data);
  return matrix(
    rows,
    cols,
    m.data.map((entry) => scale * entry),
  );
};

/** With 0 in all columns but the first r. */
const onFirst = ({ rows, cols, data }: Matrix, r: number): Matrix =>
  matrix(
    rows,
    cols,
    data.map((entry, i) => (i % cols < r ? entry : 0)),
  );
