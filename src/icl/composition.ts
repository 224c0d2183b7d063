/**
 * Composition: removing a context part by part.
 *
 * Removing Y₁ and then Y₂ applies Theorem 1 twice, the second time to the already changed matrix
 * and from the already shortened context. The result is exact at every stage, but it is not the
 * sum of the separate updates: their bases differ.
 *
 * @module
 */
import { DomainError, type Matrix } from '../linalg/index.ts';
import {
  type Block,
  type BlockPatch,
  type BlockRun,
  type Parameters,
  runBlock,
} from '../model/index.ts';
import { blockPatch } from './block-patch.ts';
import { keptPositions, withoutPositions } from './context-patch.ts';
import { withPatch } from './prove-patch.ts';

/** One stage: what was added, and the block on what is left. */
export interface CompositionStage {
  readonly patch: BlockPatch;
  /** The parameters after this stage, the patch added into those of the stage before. */
  readonly parameters: Parameters;
  readonly remaining: Matrix;
  /** The block with them on the remaining context: T_W(C, x) up to rounding, at every stage. */
  readonly run: BlockRun;
}

/**
 * Removes the disjoint position sets Y₁, Y₂, … (positions in the full context) one after another.
 *
 * Precondition: the input of W1 is not 0 without Y₁ ∪ … ∪ Y_k, at every stage k.
 *
 * @throws DomainError if a position is out of range or in two parts.
 * @throws DegenerateBase if a base is zero.
 */
export function composePatches(
  block: Block,
  parameters: Parameters,
  context: Matrix,
  query: Float64Array,
  parts: readonly (readonly number[])[],
): CompositionStage[] {
  const stages: CompositionStage[] = [];
  const removed: number[] = [];
  let current = parameters;
  let before = runBlock(block, parameters, context, query);
  for (const part of parts) {
    const twice = part.find((position) => removed.includes(position));
    if (twice !== undefined) {
      throw new DomainError(`composePatches: parts must be disjoint, got position ${twice} twice`);
    }
    removed.push(...part);
    const remaining = withoutPositions(context, removed);
    const positions = keptPositions(context, removed);
    const base = runBlock(block, current, remaining, query, undefined, positions);
    const patch = blockPatch(block, current, base, before);
    current = withPatch(block, current, patch);
    before = runBlock(block, current, remaining, query, undefined, positions);
    stages.push({ patch, parameters: current, remaining, run: before });
  }
  return stages;
}
