/**
 * What figure `thought` measures on one context: thought matrices of W1 from its first K calibration queries.
 *
 * @module
 */
import { eager } from '../../autograd/index.ts';
import {
  calibrationOf,
  firstTokens,
  meanRankOnePatch,
  meanSquaredDistance,
  type RidgeOptions,
  runQueries,
  type TokenRuns,
  thoughtCurve,
  thoughtError,
  withStaticPatch,
} from '../../icl/index.ts';
import { type Matrix, matrixFromRows, multiplyNT, rowOf } from '../../linalg/index.ts';
import type { Block, Parameters } from '../../model/index.ts';
import { overInterpolationBound, overNormalBound } from './bounds.ts';

/** One context with its queries (x; 0), a row a query. */
export interface ContextTask {
  readonly parameters: Parameters;
  readonly context: Matrix;
  readonly calibration: Matrix;
  readonly tests: Matrix;
  /** The K of the curve. */
  readonly counts: readonly number[];
  /** ρ_0 of the curve with a ridge. */
  readonly ridge: number;
}

/** Errors of one way to change W1, an entry for each K, all of them over what no change leaves. */
export interface ErrorCurve {
  /** E_train and E_test at W1, over E_0 of the same tokens. */
  readonly train: Float64Array;
  readonly test: Float64Array;
  /** The mean of (ŷ_patched − ŷ_context)² at the test queries, over that of no change. */
  readonly prediction: Float64Array;
}

export interface ContextTrial {
  /** E_0 of the test queries, and the mean of (ŷ_base − ŷ_context)². */
  readonly unpatched: number;
  readonly unpatchedPrediction: number;
  /** E_train and E_test of the least-norm solution as they are. */
  readonly train: Float64Array;
  readonly test: Float64Array;
  readonly leastNorm: ErrorCurve;
  readonly ridged: ErrorCurve;
  /** By the mean of the rank-one patches. */
  readonly averaged: ErrorCurve;
  readonly ranks: Float64Array;
  /** Fits of as many tokens as their rank: the largest |M·a_i − W·δ_i| over its bound. */
  readonly overInterpolation: number;
  /** All fits: the largest row of the residual of the normal equations over its bound. */
  readonly overNormal: number;
}

export function contextTrial(
  block: Block,
  { parameters, context, calibration, tests, counts, ridge }: ContextTask,
): ContextTrial {
  const W = parameters['mlp.W1'];
  const known = calibrationOf(runQueries(block, parameters, context, calibration));
  const testRuns = runQueries(block, parameters, context, tests);
  const heldOut = calibrationOf(testRuns);
  const predicted = (M?: Matrix): number => predictionError(block, parameters, testRuns, M);
  const unpatched = thoughtError(W, null, heldOut);
  const unpatchedPrediction = predicted();
  const curve = (maps: readonly Matrix[], tests: readonly number[]): ErrorCurve => ({
    train: Float64Array.from(maps, (M, k) => {
      const tokens = firstTokens(known, counts[k]);
      return thoughtError(W, M, tokens) / thoughtError(W, null, tokens);
    }),
    test: Float64Array.from(tests, (test) => test / unpatched),
    prediction: Float64Array.from(maps, (M) => predicted(M) / unpatchedPrediction),
  });
  let [overInterpolation, overNormal] = [0, 0];
  const fitted = (options: RidgeOptions) => {
    const { points } = thoughtCurve(W, known, heldOut, counts, options);
    for (const { count, rank, fit } of points) {
      const { inputs, differences } = firstTokens(known, count);
      const targets = multiplyNT(differences, W);
      overNormal = Math.max(overNormal, overNormalBound(inputs, targets, fit));
      if (fit.ridge > 0 || rank < count) continue;
      const missed = overInterpolationBound(inputs, targets, fit.map);
      overInterpolation = Math.max(overInterpolation, missed);
    }
    return points;
  };
  const [least, ridged] = [fitted({}), fitted({ relativeRidge: ridge })];
  const averages = counts.map((count) => {
    const { inputs, differences } = firstTokens(known, count);
    return meanRankOnePatch(W, inputs, differences);
  });
  const curveOf = (points: typeof least): ErrorCurve =>
    curve(
      points.map(({ fit }) => fit.map),
      points.map(({ test }) => test),
    );
  return {
    ...{ unpatched, unpatchedPrediction },
    train: Float64Array.from(least, ({ train }) => train),
    test: Float64Array.from(least, ({ test }) => test),
    leastNorm: curveOf(least),
    ridged: curveOf(ridged),
    averaged: curve(
      averages,
      averages.map((M) => thoughtError(W, M, heldOut)),
    ),
    ranks: Float64Array.from(least, ({ rank }) => rank),
    ...{ overInterpolation, overNormal },
  };
}

/**
 * The mean of (ŷ − ŷ_context)² without the context, with W1 changed by M. All queries at once: `predictionError` of
 * icl goes one by one, which takes five times as long (0.6 against 2.9 ms for 100 queries of the toy).
 */
function predictionError(
  block: Block,
  parameters: Parameters,
  { base, contextual }: TokenRuns,
  M?: Matrix,
): number {
  const predictions = (outputs: readonly Float64Array[]): Float64Array[] =>
    outputs.map((output) => output.slice(-1));
  const changed = withStaticPatch(parameters, {
    weights: M ? { W1: M } : {},
    ranks: { inputs: null, outputs: null },
  });
  const mixed = {
    attention: matrixFromRows(base.map(({ attention }) => attention)),
    residual: null,
    input: matrixFromRows(base.map(({ input }) => input)),
  };
  const { output } = block.finish(eager, changed, mixed);
  return meanSquaredDistance(
    predictions(base.map((_, i) => rowOf(output, i))),
    predictions(contextual.map((run) => run.output)),
  );
}
