/**
 * The implicit learning dynamics: reading a context token by token is gradient descent on W.
 *
 *   paper      here            meaning
 *   W_0        W               the matrix before any context, m×d
 *   A(C_i, x)  prefixes[i]     the layer on the first i context tokens, i = 0 … n
 *   h          stepSize        1/‖A(x)‖²
 *   Δ_i        gradient        W_0·(A_i − A_{i+1})·aᵀ, the gradient of L_i
 *   L_i(W)     lossBefore/After trace(Δ_iᵀ·W)
 *
 * Source: arXiv:2507.16003v1, Proposition 3.1, eqs (10)–(13). Δ_i is the effect of token i + 1, and
 * L_i drives W_i to W_{i+1}; renderings with W_{i−1} and L_{i−1} mixed are off by one.
 *
 * @module
 */
import {
  DegenerateBase,
  dot,
  type Matrix,
  matrixVector,
  norm,
  type RankOne,
  ShapeError,
  subtract,
  vectorPseudoinverse,
} from '../linalg/index.ts';
import { type ContextualLayer, evaluateLayer, type Parameters } from '../model/index.ts';
import { withoutPositions } from './context-patch.ts';
import { finiteProduct, patchWeight, representable, requireSiteVectors } from './patch-weight.ts';

/** From W_i to W_{i+1}. */
export interface DescentStep {
  /** Δ_i = ∇L_i, of rank one: (W_0·(A_i − A_{i+1}))·aᵀ. */
  readonly gradient: RankOne;
  /** L_i(W_i) and L_i(W_{i+1}); the difference is ‖W_0·(A_{i+1} − A_i)‖² ≥ 0. */
  readonly lossBefore: number;
  readonly lossAfter: number;
  /** W_{i+1} − W_0, of rank one whatever i. */
  readonly update: RankOne;
  /** g_i = ‖W_{i+1} − W_i‖ = ‖W_0·(A_{i+1} − A_i)‖/‖a‖. */
  readonly marginalNorm: number;
}

export interface ImplicitDescent {
  /** h = 1/‖a‖². */
  readonly stepSize: number;
  readonly steps: readonly DescentStep[];
}

/**
 * W_{i+1} = W_i − h·∇L_i(W_i) with fixed base a = A_0, for i = 0 … n−1.
 *
 *   W_i = W_0 + W_0·(A_i − a)·aᵀ/‖a‖²,  so T_{W_i}(x) = T_{W_0}(C_i, x)
 *
 * L_i is linear in W, so this restates Theorem 1. The honest objective with the same gradient at
 * W_i is ½‖W·a − W_0·A_{i+1}‖²; the step lands on its zero.
 *
 * Shapes: W m×d, n + 1 vectors of d numbers. Error: each `update` as `patchWeight`.
 *
 * @throws DegenerateBase if A_0 = 0, or an update or gradient is not representable. @throws ShapeError without at
 * least A_0, or for other lengths. @throws NonFiniteError as `patchWeight`.
 */
export function implicitDescent(W: Matrix, prefixes: readonly Float64Array[]): ImplicitDescent {
  if (prefixes.length === 0) {
    throw new ShapeError('implicitDescent: at least the vector without context is required, got 0');
  }
  const a = prefixes[0];
  const v = vectorPseudoinverse(a);
  const sizeOfA = norm(a);
  let reached = matrixVector(W, a); // W_i·a, which is W_0·A_i
  const steps = prefixes.slice(1).map((next, i): DescentStep => {
    const p = matrixVector(W, subtract(prefixes[i], next));
    const update = patchWeight(W, a, next);
    const after = matrixVector(W, next);
    // trace((p·aᵀ)ᵀ·W_i) = p·(W_i·a)
    const step = {
      gradient: representable('implicitDescent', { p, v: a.slice() }),
      lossBefore: dot(p, reached),
      lossAfter: dot(p, after),
      update,
      marginalNorm: norm(p) / sizeOfA,
    };
    reached = after;
    return step;
  });
  const stepSize = dot(v, v); // ‖a‖²/‖a‖⁴
  if (!(stepSize > 0 && stepSize < Infinity)) {
    throw new DegenerateBase(
      `implicitDescent: 1/‖a‖² must be representable, got ${stepSize} for ‖a‖ = ${sizeOfA}`,
    );
  }
  return { stepSize, steps };
}

/**
 * A(C_i, x) for i = 0 … n: the layer on every prefix of the context.
 *
 * Shapes: context n×tokenWidth; n + 1 vectors of `width` numbers.
 */
export function prefixVectors(
  layer: ContextualLayer,
  parameters: Parameters,
  context: Matrix,
  query: Float64Array,
): Float64Array[] {
  return Array.from({ length: context.rows + 1 }, (_, i) => {
    const after = Array.from({ length: context.rows - i }, (_, j) => i + j);
    return evaluateLayer(layer, parameters, withoutPositions(context, after), query);
  });
}

/**
 * g_i for i = 0 … n−1, without the losses: see `DescentStep.marginalNorm`.
 *
 * @throws DegenerateBase if A_0 = 0 or missing. @throws ShapeError or NonFiniteError as `patchWeight`.
 */
export function marginalNorms(W: Matrix, prefixes: readonly Float64Array[]): Float64Array {
  const [a] = prefixes;
  if (!a || a.every((entry) => entry === 0)) {
    throw new DegenerateBase('marginalNorms: a vector without context other than 0 is required');
  }
  const size = norm(a);
  return Float64Array.from(prefixes.slice(1), (next, i) => {
    requireSiteVectors('marginalNorms', W, prefixes[i], next);
    return norm(finiteProduct('marginalNorms', W, subtract(next, prefixes[i]))) / size;
  });
}
