/**
 * What figure `sweeps` measures on one prompt: theory beside run, block by block, at every position.
 *
 * Every block is taken by itself, with what enters it in the contextual run. In the cross-position form the base is
 * the last token alone, for every position; in the same-position form each token alone is its own base.
 *
 * @module
 */
import {
  type Alignments,
  alignmentMatrix,
  alignmentOfRankOnes,
  entropyRank,
  numericalRank,
  residual,
  runNetwork,
  shiftAlignments,
  updateSpectrum,
} from '../../icl/index.ts';
import { gamma, type RankOne, rankOneNorm, rankOneToMatrix, rowOf } from '../../linalg/index.ts';
import {
  type Block,
  type BlockRun,
  foldPrompts,
  type LinearPrompt,
  type Network,
  type Parameters,
} from '../../model/index.ts';
import { mean } from '../statistics.ts';
import {
  alone,
  patched,
  softened,
  softenedDefect,
  theory,
  withSharedDifference,
} from './theory.ts';

/** One block on one prompt. */
export interface BlockTrial {
  /** ‖theory − output‖², mean over positions: of Theorem 1, of its bound, with ε in the denominator. */
  readonly exact: number;
  readonly allowed: number;
  readonly softened: number;
  /** The same with one difference for weight and bias; `exact` where no norm lies between the two. */
  readonly shared: number;
  /** The largest |theory − output| over its bound: cross-position, same-position, with ε. */
  readonly overBound: number;
  readonly overBoundSame: number;
  readonly overBoundSoftened: number;
  /** `softenedDefect`, the largest of all positions. */
  readonly overDefect: number;
  /** ‖ΔW‖_F of the last token. */
  readonly norm: number;
  /** Its distance to ‖ΔW‖₂ over the bound. */
  readonly overSpectral: number;
  /** Mean cosine of two positions' updates, cross-position and same-position. */
  readonly tokens: number;
  readonly tokensSame: number;
  /** Cosine of the last token's update and that of the next block; of the last block: 1. */
  readonly next: number;
  /** Cross-position updates with a right factor that is not that of the first in every bit. */
  readonly otherFactors: number;
  /** The second singular value of their sum over the error of the spectrum. */
  readonly overSecond: number;
  /** Numerical rank of the sum of all positions' updates, cross-position and same-position. */
  readonly rank: number;
  readonly rankSame: number;
  readonly entropyRankSame: number;
}

/** A row a block. */
export function sweepTrial(
  net: Network,
  parameters: Parameters,
  prompt: LinearPrompt,
): BlockTrial[] {
  const { sequences } = foldPrompts([prompt]);
  const positions = Array.from({ length: sequences.rows }, (_, t) => t);
  const contextual = runNetwork(net, parameters, sequences, positions);
  const tokens = positions.map((t) => rowOf(sequences, t));
  const measured = net.blocks.map((block, l) => {
    const entering = l === 0 ? tokens : contextual[l - 1].map(({ output }) => output);
    return measureBlock(block, net.own(parameters, l), entering, contextual[l]);
  });
  return measured.map(({ trial, last }, l) => {
    const after = measured[l + 1]?.last ?? last;
    return { ...trial, next: alignmentOfRankOnes(last, after) ?? 0 };
  });
}

interface Measured {
  readonly trial: Omit<BlockTrial, 'next'>;
  /** The last token's update. */
  readonly last: RankOne;
}

function measureBlock(
  block: Block,
  own: Parameters,
  entering: readonly Float64Array[],
  contextual: readonly BlockRun[],
): Measured {
  const base = alone(block, own, entering[entering.length - 1]);
  const hasNorm = Object.keys(block.wiring.norms).length > 0;
  const sums = { exact: 0, allowed: 0, softened: 0, shared: 0 };
  const add = (name: keyof typeof sums, x: Float64Array, y: Float64Array): void => {
    sums[name] += squaredDistance(x, y) / contextual.length;
  };
  const most = { overBound: 0, overBoundSame: 0, overBoundSoftened: 0, overDefect: 0 };
  const raise = (name: keyof typeof most, ratio: number): void => {
    most[name] = Math.max(most[name], ratio);
  };
  const [updates, sameUpdates]: [RankOne[], RankOne[]] = [[], []];
  contextual.forEach((target, i) => {
    const { patch, update, output, bound } = theory(block, own, base, target);
    const soft = patched(block, own, base, softened(patch, base.run.input));
    const same = theory(block, own, alone(block, own, entering[i]), target);
    updates.push(update);
    sameUpdates.push(same.update);
    add('exact', output, target.output);
    add('allowed', bound, new Float64Array(bound.length));
    add('softened', soft.output, target.output);
    if (hasNorm) {
      const wrong = patched(block, own, base, withSharedDifference(own, patch));
      add('shared', wrong.output, target.output);
    }
    raise('overBound', residual(output, target.output, bound).overBound);
    raise('overBoundSame', residual(same.output, target.output, same.bound).overBound);
    raise('overBoundSoftened', residual(soft.output, target.output, bound).overBound);
    raise('overDefect', softenedDefect(own, base.run, target, soft));
  });
  const last = updates[updates.length - 1];
  const [spectrum, sameSpectrum] = [updateSpectrum(updates), updateSpectrum(sameUpdates)];
  const trial = {
    ...sums,
    shared: hasNorm ? sums.shared : sums.exact,
    ...most,
    norm: rankOneNorm(last),
    overSpectral: overSpectral(last),
    tokens: meanOfPairs(shiftAlignments(updates.map(({ p }) => p))),
    tokensSame: meanOfPairs(alignmentMatrix(sameUpdates)),
    otherFactors: updates.filter(({ v }) => !sameBits(v, updates[0].v)).length,
    overSecond: (spectrum.singularValues[1] ?? 0) / spectrum.error,
    rank: numericalRank(spectrum),
    rankSame: numericalRank(sameSpectrum),
    entropyRankSame: entropyRank(sameSpectrum) ?? 0,
  };
  return { trial, last };
}

function squaredDistance(x: Float64Array, y: Float64Array): number {
  return x.reduce((sum, entry, i) => sum + (entry - y[i]) * (entry - y[i]), 0);
}

const sameBits = (x: Float64Array, y: Float64Array): boolean =>
  x.every((entry, i) => Object.is(entry, y[i]));

/** The mean over i < j, without pairs one of which is 0; of no pairs: 0. */
function meanOfPairs(cosines: Alignments): number {
  const pairs = cosines
    .flatMap((row, i) => row.slice(0, i))
    .filter((cosine): cosine is number => cosine !== null);
  return pairs.length > 0 ? mean(pairs) : 0;
}

/**
 * |‖ΔW‖₂ − ‖ΔW‖_F| over its bound. ‖ΔW‖₂ is taken from the matrix, as the sum of its rows; the bound is the error of
 * that spectrum and γ_{m+d+8}·‖ΔW‖_F for the entries and ‖p‖‖v‖.
 */
function overSpectral(update: RankOne): number {
  const dense = rankOneToMatrix(update);
  const rows = Array.from({ length: dense.rows }, (_, i): RankOne => {
    const unit = new Float64Array(dense.rows);
    unit[i] = 1;
    return { p: unit, v: rowOf(dense, i) };
  });
  const { singularValues, error } = updateSpectrum(rows);
  const size = rankOneNorm(update);
  const bound = error + gamma(dense.rows + dense.cols + 8) * size;
  const [found, expected] = [singularValues.slice(0, 1), Float64Array.of(size)];
  return residual(found, expected, Float64Array.of(bound)).overBound;
}
