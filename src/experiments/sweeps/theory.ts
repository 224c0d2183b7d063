/**
 * Theorem 1 at one position of one block, from one token alone; and two ways to get it wrong.
 *
 * @module
 */
import { eager } from '../../autograd/index.ts';
import {
  absoluteProduct,
  blockBounds,
  blockPatch,
  preActivationBound,
  residual,
} from '../../icl/index.ts';
import {
  dot,
  gamma,
  type Matrix,
  matrixVector,
  type RankOne,
  rowMatrix,
  subtract,
} from '../../linalg/index.ts';
import {
  asRun,
  type Block,
  type BlockPatch,
  type BlockRun,
  type Mixed,
  type Parameters,
} from '../../model/index.ts';

/** A block that sees one token and nothing else. */
export interface Alone {
  readonly mixed: Mixed<Matrix>;
  readonly run: BlockRun;
}

export function alone(block: Block, own: Parameters, token: Float64Array): Alone {
  const mixed = block.mix(eager, own, rowMatrix(token), 1, 'query');
  return { mixed, run: asRun(block.finish(eager, own, mixed)) };
}

/** The same with a patch. */
export const patched = (block: Block, own: Parameters, base: Alone, patch: BlockPatch): BlockRun =>
  asRun(block.finish(eager, own, base.mixed, patch));

/** Theorem 1 in use. */
export interface Theory {
  readonly patch: BlockPatch;
  /** ΔW1 */
  readonly update: RankOne;
  readonly output: Float64Array;
  /** On |output − contextual output|. */
  readonly bound: Float64Array;
}

/** ΔW1 = W1·(z′ − z)·zᵀ/‖z‖² and r′ − r in the last bias, from the token alone to `contextual`. */
export function theory(block: Block, own: Parameters, base: Alone, contextual: BlockRun): Theory {
  const runs = { base: base.run, contextual };
  const patch = blockPatch(block, own, base.run, contextual);
  const { output: bound } = blockBounds(block, own, runs, 'default', 'factored', patch);
  const { output } = patched(block, own, base, patch);
  return { patch, update: patch.weights.W1, output, bound };
}

/** What the code of arXiv:2512.11255 adds to ‖z‖². */
export const EPSILON = 1e-8;

/** The patch with W1·(z′ − z)·zᵀ/(‖z‖² + ε) for ΔW1. */
export function softened({ weights, biases }: BlockPatch, z: Float64Array): BlockPatch {
  const size = dot(z, z) + EPSILON;
  return { weights: { W1: { p: weights.W1.p, v: z.map((entry) => entry / size) } }, biases };
}

/**
 * The largest |(ẑ − z1) + W·δ·s| over its bound, s = ε/(‖z‖² + ε): the softened patch misses the pre-activation
 * z1 by exactly −W·δ·s.
 *
 * Bound: E_z (`preActivationBound`; one more addition, in ‖z‖² + ε, is within its γ_{4d+5}, for the patch takes 3d + 6
 * roundings), and γ_{2d+8}·s·|W||δ| for s, W·δ and the difference.
 */
export function softenedDefect(
  own: Parameters,
  base: BlockRun,
  contextual: BlockRun,
  miss: BlockRun,
): number {
  const [W, z] = [own['mlp.W1'], base.input];
  const share = EPSILON / (dot(z, z) + EPSILON);
  const δ = subtract(contextual.input, z);
  const expected = matrixVector(W, δ).map((entry) => -share * entry);
  const size = absoluteProduct(W, δ);
  const rounding = preActivationBound(W, own['mlp.b1'].data, z, contextual.input);
  const bound = rounding.map((e, i) => e + gamma(2 * W.cols + 8) * share * size[i]);
  const found = subtract(miss.preActivation, contextual.preActivation);
  return residual(found, expected, bound).overBound;
}

/** The patch with r′ − r, which belongs into the bias, also in ΔW1: wrong where a norm lies between r and z. */
export function withSharedDifference(own: Parameters, { weights, biases }: BlockPatch): BlockPatch {
  const p = matrixVector(own['mlp.W1'], biases.b3);
  return { weights: { W1: { p, v: weights.W1.v } }, biases };
}
