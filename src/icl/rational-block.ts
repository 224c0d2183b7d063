/**
 * A whole block in fractions: linear attention and a ReLU perceptron, without any rounding.
 *
 * Sums, products and max(x, 0) keep rational numbers rational, so for this block the theorem can
 * be checked at the outputs with zero tolerance: the patched and the contextual output, evaluated
 * independently of each other, are equal as fractions or the theorem is wrong.
 *
 * @module
 */
import { DegenerateBase, type Matrix, Rational, rationalDot, ShapeError } from '../linalg/index.ts';
import {
  type FractionVector,
  fractionProduct,
  fractionResidual,
  fractionRows,
  fractions,
} from './fractions.ts';

/** Weights as doubles, each meant exactly. Wq, Wk k×w; Wv d×w; W1 f×d; W2 o×f; biases as rows. */
export interface RationalBlock {
  readonly Wq: Matrix;
  readonly Wk: Matrix;
  readonly Wv: Matrix;
  readonly W1: Matrix;
  readonly b1: Matrix;
  readonly W2: Matrix;
  readonly b2: Matrix;
}

/** The fractions of one proof. */
export interface RationalProof {
  /** A(C∖Y, x) and A(C, x). */
  readonly base: FractionVector;
  readonly contextual: FractionVector;
  /** ‖a‖² and p = W1·(a' − a): ΔW = p·aᵀ/‖a‖². */
  readonly squaredNorm: Rational;
  readonly p: FractionVector;
  /** T_{W+ΔW}(C∖Y, x) and T_W(C, x). */
  readonly patchedOutput: FractionVector;
  readonly contextualOutput: FractionVector;
  /** The first difference patched − contextual that is not 0, as a fraction; '0' if there is none. */
  readonly residual: string;
}

/**
 * Linear attention without normaliser, the query seeing itself:
 * A(C, x) = Σ_y v_y·(k_y·q_x), y over the tokens of `sequence`, whose last row is the query.
 */
export function rationalLinearAttention(
  { Wq, Wk, Wv }: Pick<RationalBlock, 'Wq' | 'Wk' | 'Wv'>,
  sequence: Matrix,
): Rational[] {
  if (sequence.rows === 0) {
    throw new ShapeError('rationalLinearAttention: a query token is required, got no tokens');
  }
  const tokens = fractionRows(sequence);
  const [keys, maps] = [fractionRows(Wk), fractionRows(Wv)];
  const q = fractionProduct(fractionRows(Wq), tokens[tokens.length - 1]);
  const weights = tokens.map((token) => rationalDot(fractionProduct(keys, token), q));
  const values = tokens.map((token) => fractionProduct(maps, token));
  return Array.from({ length: Wv.rows }, (_, c) =>
    rationalDot(
      values.map((value) => value[c]),
      weights,
    ),
  );
}

/**
 * Theorem 1 on the block, in fractions: the patch from C∖Y to C and both outputs.
 *
 * `change` puts another vector in place of p, so that a wrong patch can be seen to fail.
 *
 * @throws DegenerateBase if A(C∖Y, x) = 0. @throws ShapeError if sizes do not fit.
 */
export function proveInRationals(
  block: RationalBlock,
  withContext: Matrix,
  withoutContext: Matrix,
  change: (p: FractionVector) => FractionVector = (p) => p,
): RationalProof {
  const base = rationalLinearAttention(block, withoutContext);
  const contextual = rationalLinearAttention(block, withContext);
  const squaredNorm = rationalDot(base, base);
  if (squaredNorm.sign() === 0) {
    throw new DegenerateBase('proveInRationals: A(C∖Y, x) must not be 0, got 0');
  }
  const W1 = fractionRows(block.W1);
  const delta = contextual.map((entry, j) => entry.minus(base[j]));
  const p = change(fractionProduct(W1, delta));
  // The patched matrix, entry by entry: nothing in the evaluation knows that it is a patch.
  const patchedW1 = W1.map((row, i) =>
    row.map((entry, j) => entry.plus(p[i].times(base[j]).over(squaredNorm))),
  );
  const patchedOutput = perceptron(block, patchedW1, base);
  const contextualOutput = perceptron(block, W1, contextual);
  return {
    base,
    contextual,
    squaredNorm,
    p,
    patchedOutput,
    contextualOutput,
    residual: fractionResidual(patchedOutput, contextualOutput),
  };
}

/** W2·max(W1·a + b1, 0) + b2. */
function perceptron(
  block: RationalBlock,
  W1: readonly FractionVector[],
  a: FractionVector,
): Rational[] {
  const b1 = fractions(block.b1.data);
  const b2 = fractions(block.b2.data);
  const hidden = W1.map((row, i) => {
    const z = rationalDot(row, a).plus(b1[i]);
    return z.sign() > 0 ? z : new Rational(0n);
  });
  return fractionRows(block.W2).map((row, i) => rationalDot(row, hidden).plus(b2[i]));
}
