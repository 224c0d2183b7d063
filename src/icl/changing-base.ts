/**
 * The implicit dynamics with a changing base, form (b): a context is removed from its beginning, token
 * by token, and every W_i is exact on what is left.
 *
 *   paper      here                meaning
 *   a_i        suffixes[i]         A((c_{i+1} … c_n), x), i = 0 … n; a_0 has the whole context
 *   h_i·A_i    steps[i − 1].factor (a_{i−1} − a_i)·a_iᵀ/‖a_i‖², d×d of rank one
 *   W_i        W and the updates of the first i steps
 *   t          target              W_0·A(C, x), the same for every step
 *
 * Source: arXiv:2507.16003v1, appendix (alternative form); v3, Proposition 2.6 and Corollary C.3. That
 * it is descent on least squares after all: own, `least-squares-descent.ts`.
 *
 * @module
 */
import {
  DegenerateBase,
  dot,
  dotExact,
  exactVector,
  type Matrix,
  matrixVector,
  norm,
  type RankOne,
  rowOf,
  ShapeError,
  subtract,
  vectorPseudoinverse,
} from '../linalg/index.ts';
import { type ContextualLayer, evaluateLayer, type Parameters } from '../model/index.ts';
import { withoutPositions } from './context-patch.ts';
import { applyFactored } from './factored-sum.ts';
import { representable, requireSite } from './patch-weight.ts';

/** From W_{i−1}, exact at a_{i−1}, to W_i, exact at a_i. */
export interface ChangingBaseStep {
  /** Positions of the context tokens that this step removes: one, or more where steps were merged. */
  readonly removed: readonly number[];
  /** a_i, where W_i is exact. */
  readonly base: Float64Array;
  /** h_i·A_i: W_i = W_{i−1}·(I + h_i·A_i). */
  readonly factor: RankOne;
  /** W_i − W_{i−1} = W_{i−1}·(a_{i−1} − a_i)·a_iᵀ/‖a_i‖². */
  readonly update: RankOne;
  /** ∇l_i(W_{i−1}) = (W_{i−1}·a_i − t)·a_iᵀ; the update is −h_i times it. */
  readonly gradient: RankOne;
  /** h_i = 1/‖a_i‖². */
  readonly stepSize: number;
  /** l_i(W) = ½‖W·a_i − t‖² before and after; after is 0 up to rounding. */
  readonly lossBefore: number;
  readonly lossAfter: number;
}

export interface ChangingBase {
  /** t = W_0·a_0. */
  readonly target: Float64Array;
  readonly steps: readonly ChangingBaseStep[];
  /**
   * Π_i (1 + ‖a_{i−1} − a_i‖/‖a_i‖) ≥ ‖W_n‖/‖W_0‖: how far the matrices, and with them the rounding
   * errors, can grow; seldom reached. 40 random steps of 6 entries: a factor of 4e15, growth 1.3, relative
   * error 3e-15. The fixed base has 1 + ‖a_0 − a‖/‖a‖.
   */
  readonly conditionFactor: number;
}

/**
 * W_n = W_0·(I + h_1·A_1)·(I + h_2·A_2) ⋯ (I + h_n·A_n), one rank-one update a step.
 *
 *   (I + h_i·A_i)·a_i = a_{i−1},  so  W_i·a_i = W_{i−1}·a_{i−1} = … = W_0·a_0 = t
 *   T_{W_i}((c_{i+1} … c_n), x) = T_{W_0}(C, x) for every i
 *
 * W_n differs from the W_n of the fixed base (`implicit-descent.ts`) everywhere but at a_n, and W_n − W_0
 * has in general rank min(n, d, m). det(I + h_i·A_i) = ⟨a_{i−1}, a_i⟩/‖a_i‖².
 *
 * Where some a_i = 0, 0 < i < n, the steps around it are merged: c_i and c_{i+1} go in one. Where a_n = 0
 * and t = 0 nothing has to be done at the end, and nothing is.
 *
 * Shapes: W m×d, n + 1 vectors of d entries. Error: `changingBaseBound`.
 *
 * @throws DegenerateBase if a_n = 0 and t ≠ 0, or an update, a gradient or h_i is not representable.
 * @throws ShapeError without at least a_0, or for other lengths. @throws NonFiniteError for NaN or ±∞.
 */
export function changingBase(W: Matrix, suffixes: readonly Float64Array[]): ChangingBase {
  if (suffixes.length === 0) {
    throw new ShapeError('changingBase: at least the vector with context is required, got 0');
  }
  for (const a of suffixes) requireSite('changingBase', W, a, suffixes[0]);
  const n = suffixes.length - 1;
  const target = matrixVector(W, suffixes[0]);
  const steps: ChangingBaseStep[] = [];
  const updates: RankOne[] = [];
  let conditionFactor = 1;
  let done = 0; // tokens removed so far: the last W is exact at suffixes[done]
  for (let i = 1; i <= n; i++) {
    const a = suffixes[i];
    if (a.every((entry) => entry === 0)) {
      if (i < n || isSentToZero(W, suffixes[0])) continue;
      throw new DegenerateBase(
        'changingBase: the vector without context must not be zero unless W sends the one with ' +
          `context to zero, got ${a.length} entries of 0`,
      );
    }
    const delta = subtract(suffixes[done], a);
    const v = vectorPseudoinverse(a);
    const stepSize = dot(v, v); // ‖a‖²/‖a‖⁴
    if (!(stepSize > 0 && stepSize < Infinity)) {
      throw new DegenerateBase(`changingBase: 1/‖a‖² must be representable, got ${stepSize}`);
    }
    const factor = representable('changingBase', { p: delta, v });
    const update = representable('changingBase', { p: applyFactored(W, updates, delta), v });
    const off = subtract(applyFactored(W, updates, a), target);
    updates.push(update);
    const left = subtract(applyFactored(W, updates, a), target);
    steps.push({
      removed: Array.from({ length: i - done }, (_, k) => done + k),
      base: a.slice(),
      factor,
      update,
      gradient: representable('changingBase', { p: off, v: a.slice() }),
      stepSize,
      lossBefore: dot(off, off) / 2,
      lossAfter: dot(left, left) / 2,
    });
    conditionFactor *= 1 + norm(delta) / norm(a);
    done = i;
  }
  return { target, steps, conditionFactor };
}

/** Whether W·x = 0, decided without rounding. */
const isSentToZero = (W: Matrix, x: Float64Array): boolean =>
  Array.from({ length: W.rows }, (_, i) => exactVector(rowOf(W, i))).every(
    (row) => dotExact(row, exactVector(x)).numerator === 0n,
  );

/**
 * a_i = A((c_{i+1} … c_n), x) for i = 0 … n: the layer on every suffix of the context.
 *
 * Shapes: context n×tokenWidth; n + 1 vectors of `width` numbers.
 */
export function suffixVectors(
  layer: ContextualLayer,
  parameters: Parameters,
  context: Matrix,
  query: Float64Array,
): Float64Array[] {
  return Array.from({ length: context.rows + 1 }, (_, i) => {
    const before = Array.from({ length: i }, (_, j) => j);
    return evaluateLayer(layer, parameters, withoutPositions(context, before), query);
  });
}
