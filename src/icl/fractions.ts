/**
 * Vectors and matrices of doubles as fractions, without rounding.
 *
 * @module
 */
import { type Matrix, Rational, rationalDot, rowOf } from '../linalg/index.ts';

export type FractionVector = readonly Rational[];
export type FractionMatrix = readonly FractionVector[];

/** The doubles of x, exactly. @throws NonFiniteError if one is NaN or infinite. */
export const fractions = (x: Float64Array): Rational[] => Array.from(x, Rational.of);

/** The rows of m, exactly. @throws NonFiniteError as `fractions`. */
export const fractionRows = (m: Matrix): Rational[][] =>
  Array.from({ length: m.rows }, (_, i) => fractions(rowOf(m, i)));

/** M·x. @throws DomainError if the lengths differ. */
export const fractionProduct = (M: FractionMatrix, x: FractionVector): Rational[] =>
  M.map((row) => rationalDot(row, x));

/** Σ_k x_k·y_kᵀ for vectors x_k of `rows` and y_k of `cols` entries. */
export const fractionOuterSum = (
  x: FractionMatrix,
  y: FractionMatrix,
  rows: number,
  cols: number,
): Rational[][] =>
  Array.from({ length: rows }, (_, i) =>
    Array.from({ length: cols }, (_, j) =>
      rationalDot(
        x.map((each) => each[i]),
        y.map((each) => each[j]),
      ),
    ),
  );

/** The first entry of x − y that is not 0, as a fraction; '0' if there is none, 'lengths' if they differ. */
export function fractionResidual(x: FractionVector, y: FractionVector): string {
  if (x.length !== y.length) return 'lengths';
  const off = x.map((entry, i) => entry.minus(y[i])).find((entry) => entry.sign() !== 0);
  return off ? off.toString() : '0';
}
