/**
 * An instruction moved into the weights of a whole network, block after block.
 *
 * The contextual runs of all calibration sequences are made once. Then the sequences are run without the
 * context, and each block is changed by the fit from the ACTUAL state that the changed blocks before
 * it leave to the contextual one. Unlike the patches of `network-patch.ts` the change is one for all tokens and
 * sequences, so it may be used on others; it is exact only where the fits are (`static-network-patch.ts`).
 *
 * Source: arXiv:2510.08734, algorithm 1.
 *
 * @module
 */
import { eager, takeRows } from '../autograd/index.ts';
import { type Matrix, ShapeError } from '../linalg/index.ts';
import { asRun, type BlockRun, type Network, type Parameters, prefixed } from '../model/index.ts';
import { mixedRows, outputsOf, requireKeep, runNetwork } from './network-patch.ts';
import {
  requireThoughtBlock,
  type ThoughtOptions,
  type ThoughtPatch,
  thoughtPatch,
  withThoughtPatch,
} from './thought-block.ts';

/** A sequence with its context, and what is left of it without. */
export interface CalibrationSequence {
  /** T×width: what enters the first block at each token. */
  readonly sequence: Matrix;
  /** The tokens that stay, ascending rows of `sequence`; the others are the context. */
  readonly keep: readonly number[];
  /** The positions of all tokens, ascending. Default: 0, 1, 2 … */
  readonly positions?: readonly number[];
}

export interface ThoughtNetworkOptions extends ThoughtOptions {
  /** What an earlier pass gave, to go on from there. Its parameters are not read, its changes are. */
  readonly from?: Pick<ThoughtNetwork, 'changes'>;
  /** Called after the contextual runs and after each block, with how many of these steps are done. */
  readonly onStep?: (done: number, total: number) => void;
}

/** The changes of all blocks, and the runs between which they were fitted. */
export interface ThoughtNetwork {
  readonly changes: readonly ThoughtPatch[];
  /** The network's parameters with all of them added in. */
  readonly parameters: Parameters;
  /** patched[s][l][i]: block l at retained token i of sequence s, changed, without the context. */
  readonly patched: readonly (readonly (readonly BlockRun[])[])[];
  /** contextual[s][l][t]: the original block at token t with the context. */
  readonly contextual: readonly (readonly (readonly BlockRun[])[])[];
}

/**
 * Weights with which the network without the context does about what it did with it, on these sequences and
 * on others like them.
 *
 *   for each block, at the retained tokens i of all sequences, the blocks before it changed:
 *     D = ridge(z_i → z'_i − z_i);      W ← W + η·W·D for every map that reads z
 *     E = ridge(h_i → s'_i − s_i);      the last maps ← … + η·E          (version weights)
 *     b2 ← b2 + η·mean(r'_i − r_i)                                       (version bias)
 *
 * Shapes: one sequence or more, each with its own removed tokens. Preconditions: those of `thoughtPatch` in every
 * block.
 *
 * η < 1 with `from` serves passes over portions of the sequences: what is fitted is what the earlier passes
 * leave, and the contextual runs are always those of `parameters`, the original ones. In the first block, of one set
 * of tokens, n passes at ρ = 0 add up to D·(1 − (1 − η)^n).
 *
 * Error: that of the fits (`ridgeMap`) in each block; a block's misfit enters the z_i of the next.
 *
 * @throws ShapeError without a sequence, or with a number of changes in `from` that is not that of the blocks;
 * DomainError naming the block that has no such change; else as `runNetwork` and `ridgeMap`.
 */
export function thoughtNetwork(
  network: Network,
  parameters: Parameters,
  calibration: readonly CalibrationSequence[],
  options: ThoughtNetworkOptions = {},
): ThoughtNetwork {
  const { from, onStep, ...fit } = options;
  const { blocks } = network;
  if (calibration.length === 0) {
    throw new ShapeError('thoughtNetwork: a calibration sequence is required, got none');
  }
  if (from && from.changes.length !== blocks.length) {
    throw new ShapeError(
      `thoughtNetwork: earlier changes of ${blocks.length} blocks are required, got ${from.changes.length}`,
    );
  }
  blocks.forEach((block, l) => {
    requireThoughtBlock(`thoughtNetwork: block ${l}`, block, network.own(parameters, l), fit);
  });
  const contextual = calibration.map(({ sequence, keep, positions }) => {
    const runs = runNetwork(network, parameters, sequence, positions ?? counted(sequence.rows));
    requireKeep('thoughtNetwork', keep, sequence.rows);
    return runs;
  });
  onStep?.(1, 1 + blocks.length);
  let streams = calibration.map(({ sequence, keep }) => eager.apply(takeRows(keep), sequence));
  const changes: ThoughtPatch[] = [];
  const patched: BlockRun[][][] = calibration.map(() => []);
  let changed = parameters;
  blocks.forEach((block, l) => {
    const own = network.own(parameters, l);
    const mixed = calibration.map(({ keep, positions }, s) =>
      mixedRows(block, own, streams[s], positions ? keep.map((t) => positions[t]) : keep),
    );
    const targets = calibration.flatMap(({ keep }, s) => keep.map((t) => contextual[s][l][t]));
    const change = thoughtPatch(block, own, mixed.flat(), targets, fit, from?.changes[l]);
    const after = withThoughtPatch(own, change);
    changes.push(change);
    changed = { ...changed, ...prefixed(`blocks.${l}`, after) };
    streams = mixed.map((rows, s) => {
      const runs = rows.map((row) => asRun(block.finish(eager, after, row)));
      patched[s].push(runs);
      return outputsOf(runs);
    });
    onStep?.(2 + l, 1 + blocks.length);
  });
  return { changes, parameters: changed, patched, contextual };
}

const counted = (count: number): number[] => Array.from({ length: count }, (_, t) => t);

/**
 * What leaves the last block at the retained tokens of each sequence, with the context or without it. With the
 * original parameters and the context it is what changed parameters aim at without.
 *
 * @throws as `runNetwork`; DomainError if the tokens to keep are not some of the sequence.
 */
export function retainedOutputs(
  network: Network,
  parameters: Parameters,
  { sequence, keep, positions = counted(sequence.rows) }: CalibrationSequence,
  context: 'with' | 'without',
): Matrix {
  requireKeep('retainedOutputs', keep, sequence.rows);
  const last = (runs: readonly (readonly BlockRun[])[]): Matrix => outputsOf(runs[runs.length - 1]);
  if (context === 'with') {
    return eager.apply(takeRows(keep), last(runNetwork(network, parameters, sequence, positions)));
  }
  const retained = eager.apply(takeRows(keep), sequence);
  const kept = keep.map((t) => positions[t]);
  return last(runNetwork(network, parameters, retained, kept));
}
