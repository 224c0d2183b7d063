/**
 * The proof on every run: patched against contextual, beside the bound that rounding allows.
 *
 * @module
 */
import { addRankOne, type Matrix, type RankOne } from '../linalg/index.ts';
import { type BlockRun, type Parameters, type PlainBlock, runBlock } from '../model/index.ts';
import { blockBounds } from './block-bounds.ts';
import { type ContextPatch, contextPatch, type Positions } from './context-patch.ts';

/** How ΔW is put to use: as p·(v·a) beside W·a, or added into the matrix. */
export type Application = 'factored' | 'dense';

/** What was observed between two runs at one place, and what the bound allows there. */
export interface Residual {
  /** max |patched − contextual|; NaN if one of them is. */
  readonly observed: number;
  /** max over entries of |patched − contextual|/bound: at most 1 where the theorem holds. */
  readonly overBound: number;
  /** The largest entry of the bound. */
  readonly bound: number;
}

export interface PatchProof extends ContextPatch {
  /** T_{W+ΔW}(C∖Y, x) with its intermediate values. */
  readonly patched: BlockRun;
  readonly preActivation: Residual;
  readonly output: Residual;
}

/**
 * Computes ΔW(Y), runs the block with it on C∖Y, and compares with the run on C.
 *
 * The bounds are a-priori (`block-bounds.ts`): they follow from the weights and the two attention
 * vectors, not from what was observed.
 *
 * @throws as `contextPatch`.
 */
export function proveContextPatch(
  block: PlainBlock,
  parameters: Parameters,
  context: Matrix,
  query: Float64Array,
  removed: Positions = 'all',
  application: Application = 'factored',
): PatchProof {
  const found = contextPatch(block, parameters, context, query, removed);
  const { patch, remaining, base, contextual } = found;
  const patched = runPatched(block, parameters, remaining, query, patch, application);
  const bounds = blockBounds(block, parameters, { base, contextual, patched });
  return {
    ...found,
    patched,
    preActivation: residual(patched.preActivation, contextual.preActivation, bounds.preActivation),
    output: residual(patched.output, contextual.output, bounds.output),
  };
}

/** T_{W+ΔW}(C, x), with ΔW = `patch` added to the first matrix of the perceptron. */
export function runPatched(
  block: PlainBlock,
  parameters: Parameters,
  context: Matrix,
  query: Float64Array,
  patch: RankOne,
  application: Application = 'factored',
): BlockRun {
  if (application === 'factored') return runBlock(block, parameters, context, query, patch);
  const W1 = addRankOne(parameters['mlp.W1'], patch);
  return runBlock(block, { ...parameters, 'mlp.W1': W1 }, context, query);
}

/** Compares two vectors entry by entry. 0 off by 0 allowed counts as 0; a NaN stays NaN. */
export function residual(
  patched: Float64Array,
  contextual: Float64Array,
  bound: Float64Array,
): Residual {
  let [observed, overBound, largest] = [0, 0, 0];
  patched.forEach((entry, i) => {
    const off = Math.abs(entry - contextual[i]);
    observed = Math.max(observed, off);
    overBound = Math.max(overBound, off === 0 ? 0 : off / bound[i]);
    largest = Math.max(largest, bound[i]);
  });
  return { observed, overBound, bound: largest };
}
