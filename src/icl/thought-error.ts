/**
 * How far a thought matrix serves tokens, at its site and in the predictions.
 *
 *   E = mean_i ‖(W + M)·a_i − W·a'_i‖² = mean_i ‖M·a_i − W·δ_i‖²,   E_0 = mean_i ‖W·δ_i‖², that of M = 0
 *
 * On the K tokens of the fit it is E_train, on other queries of the same context E_test.
 *
 * Source: arXiv:2507.16003v3, section 3.4.
 *
 * @module
 */
import { eager } from '../autograd/index.ts';
import {
  dot,
  type Matrix,
  matrixFromRows,
  multiplyNT,
  rowMatrix,
  rowOf,
  ShapeError,
  subtract,
  subtractMatrices,
} from '../linalg/index.ts';
import { asRun, type Block, type BlockRun, type Parameters, runBlock } from '../model/index.ts';
import { keptPositions, type Positions, withoutPositions } from './context-patch.ts';
import { type StaticPatch, withStaticPatch } from './static-patch.ts';
import { requireCalibration } from './thought-matrix.ts';

/** What a map reads without the context, and what the context adds to it: a row a token, K×d each. */
export interface Calibration {
  readonly inputs: Matrix;
  readonly differences: Matrix;
}

/** Runs of one block at the same tokens, without the context and with it. */
export interface TokenRuns {
  readonly base: readonly BlockRun[];
  readonly contextual: readonly BlockRun[];
}

/**
 * The runs of a block at several queries of one context, without the removed part of it and with it.
 *
 * Shapes: context n×tokenWidth, queries K×tokenWidth. @throws as `runBlock`, DomainError for a position that
 * there is not.
 */
export function runQueries(
  block: Block,
  parameters: Parameters,
  context: Matrix,
  queries: Matrix,
  removed: Positions = 'all',
): TokenRuns {
  const remaining = withoutPositions(context, removed);
  const positions = keptPositions(context, removed);
  const rows = Array.from({ length: queries.rows }, (_, i) => rowOf(queries, i));
  return {
    base: rows.map((x) => runBlock(block, parameters, remaining, x, undefined, positions)),
    contextual: rows.map((x) => runBlock(block, parameters, context, x)),
  };
}

/** What the input maps of a block read in these runs. @throws ShapeError if there are none, or unequally many. */
export function calibrationOf({ base, contextual }: TokenRuns): Calibration {
  if (base.length === 0 || base.length !== contextual.length) {
    throw new ShapeError(
      `calibrationOf: as many contextual runs as base runs are required, at least one, got ` +
        `${contextual.length} and ${base.length}`,
    );
  }
  const inputs = matrixFromRows(base.map(({ input }) => input));
  const there = matrixFromRows(contextual.map(({ input }) => input));
  return { inputs, differences: subtractMatrices(there, inputs) };
}

/**
 * E of the change M (m×d) of W at these tokens; E_0 where M is null.
 *
 * Error: each ‖M·a_i − W·δ_i‖ is off by at most ‖γ_{d+1}·(|M||a_i| + |W||δ_i|)‖, and squares and mean add a relative
 * γ_{m+K+2}.
 *
 * @throws ShapeError or NonFiniteError if W, M and tokens do not fit.
 */
export function thoughtError(
  W: Matrix,
  M: Matrix | null,
  { inputs, differences }: Calibration,
): number {
  requireCalibration('thoughtError', inputs, differences, W);
  const wanted = multiplyNT(differences, W);
  if (M === null) return meanSquare(wanted);
  requireCalibration('thoughtError', inputs, differences, M);
  return meanSquare(subtractMatrices(multiplyNT(inputs, M), wanted));
}

/** The mean of the squared norms of the rows. */
function meanSquare({ rows, cols, data }: Matrix): number {
  let sum = 0;
  for (let i = 0; i < rows; i++) {
    const row = data.subarray(i * cols, (i + 1) * cols);
    sum += dot(row, row);
  }
  return sum / rows;
}

/**
 * The mean over tokens of ‖x_i − y_i‖², for predictions, logits or any other outputs. Error: relative γ_{n+K+4} for
 * vectors of n entries.
 *
 * @throws ShapeError if there are none, or they do not fit.
 */
export function meanSquaredDistance(
  x: readonly Float64Array[],
  y: readonly Float64Array[],
): number {
  if (x.length === 0 || x.length !== y.length) {
    throw new ShapeError(
      `meanSquaredDistance: as many vectors on both sides are required, at least one, got ${x.length} and ` +
        `${y.length}`,
    );
  }
  return meanSquare(matrixFromRows(x.map((each, i) => subtract(each, y[i]))));
}

/** What the block puts out in these base runs, at each token, with a static change of its weights. */
export function outputsWith(
  block: Block,
  parameters: Parameters,
  weights: StaticPatch['weights'],
  { base }: Pick<TokenRuns, 'base'>,
): Float64Array[] {
  const changed = withStaticPatch(parameters, { weights, ranks: { inputs: null, outputs: null } });
  return base.map(({ attention, residual, input }) => {
    const mixed = {
      attention: rowMatrix(attention),
      residual: residual && rowMatrix(residual),
      input: rowMatrix(input),
    };
    return asRun(block.finish(eager, changed, mixed)).output;
  });
}

/**
 * E on predictions: mean_i ‖T_{W+ΔW}(x_i) − T_W(C, x_i)‖² for a change of the block's weights; E_0 for none.
 *
 * @throws ShapeError, as `meanSquaredDistance`.
 */
export function predictionError(
  block: Block,
  parameters: Parameters,
  weights: StaticPatch['weights'],
  runs: TokenRuns,
): number {
  const contextual = runs.contextual.map(({ output }) => output);
  return meanSquaredDistance(outputsWith(block, parameters, weights, runs), contextual);
}
