/**
 * The patch of linear attention in factors, of which the context enters one alone.
 *
 *   paper   here       meaning
 *   Δ(Y)    memory     Σ_{y∈Y} v_y·k_yᵀ, what the removed tokens stored; additive in Y
 *   q_x     query      the query of the token x
 *   a_x     base       A(C∖Y, x)
 *   P_x     reading    q_x·a_xᵀ/‖a_x‖², of rank one
 *
 * Source: arXiv:2507.16003v3, Example 2.5.
 *
 * @module
 */
import {
  applyRankOne,
  gamma,
  type Matrix,
  matrix,
  matrixVector,
  multiply,
  multiplyNT,
  multiplyTN,
  type RankOne,
  requireFinite,
  requireMatrix,
  rowOf,
  ShapeError,
  vectorPseudoinverse,
} from '../linalg/index.ts';
import {
  evaluateLayer,
  linearAttentionLayer,
  type Parameters,
  sequenceOf,
} from '../model/index.ts';
import { type Positions, withoutPositions } from './context-patch.ts';
import { finiteProduct, representable } from './patch-weight.ts';
import { absoluteProduct, enlarge } from './rounding-bounds.ts';

/** How many heads stand side by side. Default: 1. */
export interface MemoryOptions {
  readonly heads?: number;
}

/**
 * Δ(Y) = Σ_{y∈Y} v_y·k_yᵀ: what tokens leave in linear attention, whoever will ask.
 *
 *   A(C, x) − A(C∖Y, x) = Δ(Y)·q_x  for every x
 *
 * With several heads Δ is block-diagonal; with an output projection it is Wo times that. Additive:
 * Δ(Y ∪ Y′) = Δ(Y) + Δ(Y′) for disjoint Y, Y′.
 *
 * Shapes: tokens r×w; the parameters of `linearAttentionLayer`, Wk and Wv d×w; Δ is d×d. Error: entry (c, a)
 * at most γ_{r+2w}·Σ_y (|Wv||y|)_c·(|Wk||y|)_a, without projection.
 *
 * @throws ShapeError if the sizes do not fit. @throws NonFiniteError if a token or weight is not finite.
 */
export function attentionMemory(
  { Wk, Wv, Wo }: Parameters,
  tokens: Matrix,
  { heads = 1 }: MemoryOptions = {},
): Matrix {
  requireMatrix('attentionMemory', 'the tokens', tokens);
  requireFinite('attentionMemory', 'the tokens', tokens.data);
  for (const [name, W] of Object.entries({ Wk, Wv, ...(Wo && { Wo }) })) {
    requireFinite('attentionMemory', name, W.data);
  }
  const e = Wk.rows / heads;
  if (Wv.rows !== Wk.rows || !Number.isInteger(e)) {
    throw new ShapeError(
      `attentionMemory: keys and values of ${heads} heads are required, got ${Wk.rows} and ${Wv.rows} entries`,
    );
  }
  const all = multiplyTN(multiplyNT(tokens, Wv), multiplyNT(tokens, Wk));
  const d = Wk.rows;
  const memory = matrix(d, d);
  for (let c = 0; c < d; c++) {
    const head = Math.floor(c / e) * e; // a head reads its own keys
    for (let a = head; a < head + e; a++) memory.data[c * d + a] = all.data[c * d + a];
  }
  return Wo === undefined ? memory : multiply(Wo, memory);
}

/** ΔW and its factors. */
export interface LinearAttentionPatch {
  /** Δ(Y), d×d. */
  readonly memory: Matrix;
  /** q_x. */
  readonly query: Float64Array;
  /** P_x = q_x·(a_x/‖a_x‖²)ᵀ. */
  readonly reading: RankOne;
  /** a_x = A(C∖Y, x). */
  readonly base: Float64Array;
  /** ΔW = W·Δ(Y)·P_x as p·vᵀ. */
  readonly patch: RankOne;
}

/**
 * Δ_x W(Y) = W·Δ(Y)·P_x, with (W + Δ_x W(Y))·A(C∖Y, x) = W·A(C, x).
 *
 * It is Theorem 1's patch (`patch-weight.ts`), since A(C, x) − A(C∖Y, x) = Δ(Y)·q_x: the context enters
 * through Δ(Y), the query through P_x, W through neither.
 *
 * Shapes: W m×d, context n×w, query w. Precondition: a_x ≠ 0, which depends on Y. Error:
 * `linearAttentionBound`.
 *
 * @throws DegenerateBase if a_x = 0. @throws ShapeError or NonFiniteError as `evaluateLayer` and `patchWeight`.
 */
export function linearAttentionPatch(
  parameters: Parameters,
  W: Matrix,
  context: Matrix,
  query: Float64Array,
  { removed = 'all', heads = 1 }: MemoryOptions & { readonly removed?: Positions } = {},
): LinearAttentionPatch {
  const { Wq, Wo } = parameters;
  const layer = linearAttentionLayer({
    tokenWidth: Wq.cols,
    width: Wq.rows,
    heads,
    outputProjection: Wo !== undefined,
  });
  const base = evaluateLayer(layer, parameters, withoutPositions(context, removed), query);
  const kept = removed === 'all' ? [] : range(context.rows).filter((i) => !removed.includes(i));
  const memory = attentionMemory(parameters, withoutPositions(context, kept), { heads });
  const q = matrixVector(Wq, query);
  const reading = representable('linearAttentionPatch', { p: q, v: vectorPseudoinverse(base) });
  const p = finiteProduct('linearAttentionPatch', W, matrixVector(memory, q));
  const patch = representable('linearAttentionPatch', { p, v: reading.v.slice() });
  return { memory, query: q.slice(), reading, base, patch };
}

/**
 * |fl((W + ΔW)·a_x) − W·A(C, x)| for any removed part, W·A(C, x) meant exactly, N = n + 1 tokens:
 *
 *   γ_{3w+N+6d+9}·|W|·M,  M = Σ_{y∈C∪x} (|Wv||y|)·((|Wk||y|)·(|Wq||x|)), head by head
 *
 * q, k and v carry θ_w each, sums over tokens θ_N, products with q θ_{d+1}; the patch and its use θ_{5d+5} or
 * less. With an output projection d more, and |Wo|·M for M.
 *
 * Shapes: as `linearAttentionPatch`; m entries.
 */
export function linearAttentionBound(
  { Wq, Wk, Wv, Wo }: Parameters,
  W: Matrix,
  context: Matrix,
  query: Float64Array,
  { heads = 1 }: MemoryOptions = {},
): Float64Array {
  const tokens = sequenceOf(context, query);
  const [N, w, d] = [tokens.rows, Wq.cols, Wq.rows];
  const q = absoluteProduct(Wq, query);
  const M = new Float64Array(d);
  for (let j = 0; j < N; j++) {
    const y = rowOf(tokens, j);
    const scores = new Float64Array(heads);
    absoluteProduct(Wk, y).forEach((entry, a) => {
      scores[Math.floor((a * heads) / d)] += entry * q[a];
    });
    absoluteProduct(Wv, y).forEach((entry, c) => {
      M[c] += entry * scores[Math.floor((c * heads) / d)];
    });
  }
  const all = 3 * w + N + (Wo ? 7 : 6) * d + 9;
  return absoluteProduct(W, Wo ? absoluteProduct(Wo, M) : M).map((entry) =>
    enlarge(gamma(all) * entry, all),
  );
}

/** (W·Δ·P_x)·a, evaluated factored: the change of pre-activation at any input a. */
export const applyMemory = (
  W: Matrix,
  { memory, reading }: Pick<LinearAttentionPatch, 'memory' | 'reading'>,
  a: Float64Array,
): Float64Array => matrixVector(W, matrixVector(memory, applyRankOne(reading, a)));

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
