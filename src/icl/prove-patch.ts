/**
 * The proof on every run: patched against contextual, beside the bound that rounding allows.
 *
 * @module
 */
import { DomainError, type Matrix, rowMatrix, ShapeError } from '../linalg/index.ts';
import {
  addPatch,
  type Block,
  type BlockPatch,
  type BlockRun,
  gainName,
  type Parameters,
  part,
  prefixed,
  runBlock,
} from '../model/index.ts';
import { blockBounds } from './block-bounds.ts';
import { type ContextPatch, contextPatch, type PatchOptions } from './context-patch.ts';

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

export interface ProofOptions extends PatchOptions {
  /** Default: factored. */
  readonly application?: Application;
}

export interface PatchProof extends ContextPatch {
  /** T_{W+ΔW}(C∖Y, x) with its intermediate values. */
  readonly patched: BlockRun;
  /** At W1·z + b1; null for the variant that leaves W1 alone. */
  readonly preActivation: Residual | null;
  readonly output: Residual;
}

/**
 * Computes ΔW(Y), runs the block with it on C∖Y, and compares with the run on C.
 *
 * The bounds are a-priori (`block-bounds.ts`): they follow from the weights and the two runs that the
 * patch connects, and know nothing of the patched run.
 *
 * @throws as `contextPatch`.
 */
export function proveContextPatch(
  block: Block,
  parameters: Parameters,
  context: Matrix,
  query: Float64Array,
  { application = 'factored', ...options }: ProofOptions = {},
): PatchProof {
  const found = contextPatch(block, parameters, context, query, options);
  const { patch, remaining, positions, base, contextual } = found;
  const patched = runPatched(block, parameters, remaining, query, patch, application, positions);
  const runs = { base, contextual };
  const { variant = 'default' } = options;
  const bounds = blockBounds(block, parameters, runs, variant, application, patch);
  return {
    ...found,
    patched,
    preActivation:
      bounds.preActivation &&
      residual(patched.preActivation, contextual.preActivation, bounds.preActivation),
    output: residual(patched.output, contextual.output, bounds.output),
  };
}

/** T_{W+ΔW}(C, x), with the patch applied beside the matrices or added into them. */
export function runPatched(
  block: Block,
  parameters: Parameters,
  context: Matrix,
  query: Float64Array,
  patch: BlockPatch,
  application: Application = 'factored',
  positions?: readonly number[],
): BlockRun {
  if (application !== 'factored' && application !== 'dense') {
    throw new DomainError(`runPatched: application is 'factored' or 'dense', got ${application}`);
  }
  return application === 'factored'
    ? runBlock(block, parameters, context, query, patch, positions)
    : runBlock(block, withPatch(block, parameters, patch), context, query, undefined, positions);
}

/** The block's parameters with the patch added in: a block like any other. */
export function withPatch(block: Block, parameters: Parameters, patch: BlockPatch): Parameters {
  const { feedForward, wiring } = block;
  const sites = [...feedForward.inputs, ...feedForward.outputs];
  const changed = {
    ...parameters,
    ...prefixed('mlp', addPatch(sites, part(parameters, 'mlp'), patch)),
  };
  const gains = Object.entries(patch.gains ?? {}).map(([norm, change]) => {
    const name = `${norm}.${gainName(wiring.norms[norm])}`;
    return [name, rowMatrix(parameters[name].data.map((gain, i) => gain + change[i]))];
  });
  return { ...changed, ...Object.fromEntries(gains) };
}

/**
 * Compares two vectors entry by entry. Nothing off with nothing allowed counts as 0. A bound that is
 * not finite or is negative proves nothing: it gives NaN, and so does a NaN in the vectors.
 *
 * @throws ShapeError if the lengths differ.
 */
export function residual(
  patched: Float64Array,
  contextual: Float64Array,
  bound: Float64Array,
): Residual {
  if (patched.length !== contextual.length || bound.length !== contextual.length) {
    throw new ShapeError(
      `residual: three vectors of one length are required, got ${patched.length}, ` +
        `${contextual.length} and ${bound.length}`,
    );
  }
  let [observed, overBound, largest] = [0, 0, 0];
  patched.forEach((entry, i) => {
    const off = Math.abs(entry - contextual[i]);
    observed = Math.max(observed, off);
    const ratio = off === 0 ? 0 : off / bound[i];
    overBound = Math.max(overBound, bound[i] >= 0 && bound[i] < Infinity ? ratio : NaN);
    largest = Math.max(largest, bound[i]);
  });
  return { observed, overBound, bound: largest };
}
