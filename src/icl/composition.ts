/**
 * Composition: removing a context part by part.
 *
 * Removing Y₁ and then Y₂ applies Theorem 1 twice, the second time to the already changed matrix
 * and from the already shortened context. The result is exact at every stage, but it is not the
 * sum of the separate updates: their bases differ.
 *
 * @module
 */
import { addRankOne, DomainError, type Matrix, type RankOne } from '../linalg/index.ts';
import { type BlockRun, type Parameters, type PlainBlock, runBlock } from '../model/index.ts';
import { withoutPositions } from './context-patch.ts';
import { patchWeight } from './patch-weight.ts';

/** One stage: what was added, and the block on what is left. */
export interface CompositionStage {
  readonly patch: RankOne;
  /** W1 after this stage: fl(W + fl(p·vᵀ)) of the stage before. */
  readonly W1: Matrix;
  readonly remaining: Matrix;
  /** The block with that W1 on the remaining context: T_W(C, x) up to rounding, at every stage. */
  readonly run: BlockRun;
}

/**
 * Removes the disjoint position sets Y₁, Y₂, … (positions in the full context) one after another.
 *
 * Precondition: A(C∖(Y₁ ∪ … ∪ Y_k), x) ≠ 0 at every stage k.
 *
 * @throws DomainError if a position is out of range or in two parts.
 * @throws DegenerateBase if a base is zero.
 */
export function composePatches(
  block: PlainBlock,
  parameters: Parameters,
  context: Matrix,
  query: Float64Array,
  parts: readonly (readonly number[])[],
): CompositionStage[] {
  const stages: CompositionStage[] = [];
  const removed: number[] = [];
  let W1 = parameters['mlp.W1'];
  let before = runBlock(block, parameters, context, query);
  for (const part of parts) {
    const twice = part.find((position) => removed.includes(position));
    if (twice !== undefined) {
      throw new DomainError(`composePatches: parts must be disjoint, got position ${twice} twice`);
    }
    removed.push(...part);
    const remaining = withoutPositions(context, removed);
    // The attention vector does not depend on W1, so any run on this context will give it.
    const base = runBlock(block, parameters, remaining, query).attention;
    const patch = patchWeight(W1, base, before.attention);
    W1 = addRankOne(W1, patch);
    before = runBlock(block, { ...parameters, 'mlp.W1': W1 }, remaining, query);
    stages.push({ patch, W1, remaining, run: before });
  }
  return stages;
}
