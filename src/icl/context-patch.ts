/**
 * Theorem 1 for a block: the weight update that a part of the prompt performs.
 *
 * Source: arXiv:2507.16003v1, Theorem 2.2; with the whole context removed, Corollary 2.3.1, eq. (8).
 *
 * @module
 */
import { DomainError, type Matrix, matrix, requireMatrix } from '../linalg/index.ts';
import {
  type Block,
  type BlockPatch,
  type BlockRun,
  type Parameters,
  runBlock,
} from '../model/index.ts';
import { blockPatch, type Variant } from './block-patch.ts';

/** A set Y of context positions, 0-based; 'all' is the whole context. */
export type Positions = 'all' | readonly number[];

/** What is removed, and how the update is shared out over the block's matrices. */
export interface PatchOptions {
  /** Default: the whole context. */
  readonly removed?: Positions;
  /** Default: 'default', that is ΔW1 and, with a residual connection, Δb2. */
  readonly variant?: Variant;
}

/** An update and the two runs it connects. */
export interface ContextPatch {
  /** ΔW(Y) by site; for the plain block it is `patch.weights.W1` alone. */
  readonly patch: BlockPatch;
  /** The context that is left, C∖Y. */
  readonly remaining: Matrix;
  /** The positions of its tokens and of the query: those they have in the whole context. */
  readonly positions: readonly number[];
  /** T_W(C∖Y, x) with its intermediate values. */
  readonly base: BlockRun;
  /** T_W(C, x) with its intermediate values. */
  readonly contextual: BlockRun;
}

/**
 * ΔW(Y), with T_{W+ΔW}(C∖Y, x) = T_W(C, x).
 *
 * `removed` names positions, not tokens: equal tokens at two positions are two elements. For the
 * empty set the update is 0 in every bit.
 *
 * Shapes: context n×tokenWidth with n ≥ 0, query of tokenWidth numbers.
 *
 * Precondition: the input of W1 is not 0 without Y (A(C∖Y, x) ≠ 0 for the plain block); for other
 * variants see `Variant`. Error: `proveContextPatch` states and measures it.
 *
 * @throws DegenerateBase if that vector is 0.
 * @throws DomainError if a position is out of range or named twice.
 * @throws ShapeError, NonFiniteError or DomainError as `runBlock`.
 */
export function contextPatch(
  block: Block,
  parameters: Parameters,
  context: Matrix,
  query: Float64Array,
  { removed = 'all', variant = 'default' }: PatchOptions = {},
): ContextPatch {
  const remaining = withoutPositions(context, removed);
  const contextual = runBlock(block, parameters, context, query);
  const positions = keptPositions(context, removed);
  const base = runBlock(block, parameters, remaining, query, undefined, positions);
  const patch = blockPatch(block, parameters, base, contextual, variant);
  return { patch, remaining, positions, base, contextual };
}

/** The positions that are left of 0 … n, the query's n among them. */
export function keptPositions(context: Matrix, removed: Positions): number[] {
  const gone = new Set(removed === 'all' ? [] : removed);
  const all = Array.from({ length: context.rows + 1 }, (_, t) => t);
  return all.filter((t) => t === context.rows || (removed !== 'all' && !gone.has(t)));
}

/**
 * C∖Y: the context without the tokens at the given positions, the others in their order.
 *
 * @throws DomainError if a position is not an integer in 0 … n−1, or is named twice.
 */
export function withoutPositions(context: Matrix, removed: Positions): Matrix {
  requireMatrix('withoutPositions', 'the context', context);
  if (removed === 'all') return matrix(0, context.cols);
  if (!Array.isArray(removed)) {
    throw new TypeError(
      `withoutPositions: 'all' or an array of positions is required, got ${removed}`,
    );
  }
  const gone = new Set<number>();
  for (const position of removed) {
    if (!(Number.isInteger(position) && position >= 0 && position < context.rows)) {
      throw new DomainError(
        `withoutPositions: positions are integers from 0 to below ${context.rows}, ` +
          `the number of context tokens, got ${typeof position} ${position}`,
      );
    }
    if (gone.has(position)) {
      throw new DomainError(`withoutPositions: each position is named once, got ${position} twice`);
    }
    gone.add(position);
  }
  const remaining = matrix(context.rows - gone.size, context.cols);
  let at = 0;
  for (let i = 0; i < context.rows; i++) {
    if (gone.has(i)) continue;
    remaining.data.set(context.data.subarray(i * context.cols, (i + 1) * context.cols), at);
    at += context.cols;
  }
  return remaining;
}
