/**
 * The factorised patch of linear attention in fractions: equal to Theorem 1's, without any residual.
 *
 * @module
 */
import { DegenerateBase, type Matrix, type Rational, rationalDot } from '../linalg/index.ts';
import { sequenceOf } from '../model/index.ts';
import { type Positions, withoutPositions } from './context-patch.ts';
import {
  type FractionMatrix,
  type FractionVector,
  fractionOuterSum,
  fractionProduct,
  fractionResidual,
  fractionRows,
  fractions,
} from './fractions.ts';
import { type RationalBlock, rationalLinearAttention } from './rational-block.ts';

/** Weights of linear attention as doubles, each meant exactly: Wq, Wk k×w; Wv d×w. */
export type RationalAttention = Pick<RationalBlock, 'Wq' | 'Wk' | 'Wv'>;

/** Δ(Y) = Σ_y v_y·k_yᵀ in fractions, d×k. */
export function rationalMemory({ Wk, Wv }: RationalAttention, tokens: Matrix): Rational[][] {
  const rows = fractionRows(tokens);
  const map = (W: Matrix): Rational[][] => {
    const maps = fractionRows(W);
    return rows.map((row) => fractionProduct(maps, row));
  };
  return fractionOuterSum(map(Wv), map(Wk), Wv.rows, Wk.rows);
}

/** The fractions of one proof, all of them independent evaluations but for `patch`. */
export interface RationalMemoryProof {
  /** A(C∖Y, x) and A(C, x), each a run of the layer. */
  readonly base: FractionVector;
  readonly contextual: FractionVector;
  /** ΔW = W·Δ(Y)·P_x, entry by entry. */
  readonly patch: FractionMatrix;
  /** Of (W + ΔW)·A(C∖Y, x) − W·A(C, x): '0', or the first entry that is not. */
  readonly residual: string;
  /** Of ΔW − W·(a′ − a)·aᵀ/‖a‖², Theorem 1's patch. */
  readonly againstTheorem1: string;
}

/**
 * Theorem 1 for linear attention from end to end: doubles in, fractions throughout.
 *
 * `change` puts other factors in place of Δ(Y) and of the vector a in P_x, so that a wrong patch can be
 * seen to fail.
 *
 * Shapes: W m×d, context n×w, query w. Precondition: A(C∖Y, x) ≠ 0.
 *
 * @throws DegenerateBase if it is 0. @throws ShapeError or DomainError if sizes do not fit.
 */
export function proveMemoryPatch(
  layer: RationalAttention,
  W: Matrix,
  context: Matrix,
  query: Float64Array,
  removed: Positions = 'all',
  change: (factors: MemoryFactors) => MemoryFactors = (factors) => factors,
): RationalMemoryProof {
  const remaining = withoutPositions(context, removed);
  const base = rationalLinearAttention(layer, sequenceOf(remaining, query));
  const contextual = rationalLinearAttention(layer, sequenceOf(context, query));
  const N = rationalDot(base, base);
  if (N.sign() === 0) throw new DegenerateBase('proveMemoryPatch: A(C∖Y, x) must not be 0, got 0');
  const kept = Array.from({ length: context.rows }, (_, i) => i).filter(
    (i) => removed !== 'all' && !removed.includes(i),
  );
  const { memory, along } = change({
    memory: rationalMemory(layer, withoutPositions(context, kept)),
    along: base,
  });
  const weights = fractionRows(W);
  const q = fractionProduct(fractionRows(layer.Wq), fractions(query));
  const n = rationalDot(along, along);
  const outer = (p: FractionVector, a: FractionVector, over: Rational): Rational[][] =>
    p.map((entry) => a.map((each) => entry.times(each).over(over)));
  const patch = outer(fractionProduct(weights, fractionProduct(memory, q)), along, n);
  const patched = weights.map((row, i) =>
    rationalDot(
      row.map((entry, j) => entry.plus(patch[i][j])),
      base,
    ),
  );
  const delta = contextual.map((entry, j) => entry.minus(base[j]));
  const generic = outer(fractionProduct(weights, delta), base, N);
  return {
    base,
    contextual,
    patch,
    residual: fractionResidual(patched, fractionProduct(weights, contextual)),
    againstTheorem1: fractionResidual(patch.flat(), generic.flat()),
  };
}

/** Δ(Y), and the vector that P_x = q_x·aᵀ/‖a‖² lies along. */
export interface MemoryFactors {
  readonly memory: FractionMatrix;
  readonly along: FractionVector;
}
