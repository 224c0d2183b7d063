/**
 * Angles between the updates of one prompt: explicit against implicit, token against token, query against query.
 *
 * @module
 */
import {
  type Alignments,
  alignment,
  alignmentMatrix,
  type FineTuningRow,
  fineTuningTrajectory,
  patchWeight,
  shiftAlignments,
} from '../../icl/index.ts';
import { type Matrix, matrix, subtract } from '../../linalg/index.ts';
import {
  type Block,
  evaluateLayer,
  type LinearPrompt,
  type Parameters,
  part,
} from '../../model/index.ts';
import { quantile } from '../statistics.ts';

export interface PromptTask {
  readonly parameters: Parameters;
  readonly prompt: LinearPrompt;
  /** Other queries of the same context. */
  readonly queries: readonly Float64Array[];
  /** How many examples are compared in pairs, evenly spaced. */
  readonly tokens: number;
}

/** Null where one of the two updates is 0. */
export interface PromptTrial {
  /** cos(ΔW_i, W^FT_i − W_0), i = 1 … M. */
  readonly whole: readonly (number | null)[];
  /** cos(ΔW_i − ΔW_{i−1}, −∇l_i(W^FT_{i−1})), i = 1 … M: example i read, and trained on. */
  readonly steps: readonly (number | null)[];
  /** Quantiles, at SHARES, of the cosines of ΔW_i − ΔW_{i−1} for each two of the i compared. Null if there is none. */
  readonly tokens: Float64Array | null;
  /** … of the cosines of ΔW_M for each two queries. */
  readonly queries: Float64Array | null;
  /** |T_{W+ΔW_i}(x) − T_W(C_i, x)| over its bound, the largest. */
  readonly overBound: number;
}

/** 0, 0.05 … 1. */
export const SHARES: readonly number[] = Array.from({ length: 21 }, (_, k) => k / 20);

export function promptTrial(
  block: Block,
  { parameters, prompt, queries, tokens }: PromptTask,
  learningRate: number,
): PromptTrial {
  const rows = fineTuningTrajectory(block, parameters, prompt, learningRate);
  // All ΔW_i share the right factor a/‖a‖², and so do their differences.
  const shifts = rows.slice(1).map(({ update }, i) => subtract(update.p, rows[i].update.p));
  return {
    whole: rows.slice(1).map((row) => row.alignment),
    steps: shifts.map((p, i) => againstGradient(p, rows[i + 1])),
    tokens: spread(shiftAlignments(spaced(shifts, tokens))),
    queries: spread(alignmentMatrix(queryUpdates(block, parameters, prompt.context, queries))),
    overBound: rows.reduce((most, row) => Math.max(most, row.overBound), 0),
  };
}

/** cos(p·vᵀ, −gradient) for the step of example i from row i − 1 to row i. */
function againstGradient(p: Float64Array, { update, gradient }: FineTuningRow): number | null {
  if (!gradient) return null;
  const { rows, cols, data } = gradient;
  const descent = matrix(
    rows,
    cols,
    data.map((entry) => -entry),
  );
  return alignment({ p, v: update.v }, descent);
}

const queryUpdates = (
  block: Block,
  parameters: Parameters,
  context: Matrix,
  queries: readonly Float64Array[],
) =>
  queries.map((query) => {
    const attention = (tokens: Matrix): Float64Array =>
      evaluateLayer(block.layer, part(parameters, 'layer'), tokens, query);
    const nothing = matrix(0, context.cols);
    return patchWeight(parameters['mlp.W1'], attention(nothing), attention(context));
  });

/** `count` of them, evenly spaced; all, where there are not so many. */
const spaced = <T>(all: readonly T[], count: number): T[] =>
  Array.from(
    { length: Math.min(count, all.length) },
    (_, k) => all[Math.floor((k * all.length) / Math.min(count, all.length))],
  );

/** Quantiles of what stands above the diagonal. */
function spread(cosines: Alignments): Float64Array | null {
  const pairs = cosines
    .flatMap((row, i) => row.slice(i + 1))
    .filter((cosine) => cosine !== null)
    .sort((x, y) => x - y);
  return pairs.length === 0 ? null : Float64Array.from(SHARES, (share) => quantile(pairs, share));
}
