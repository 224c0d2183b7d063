/**
 * A query about which the pairs say nothing: orthogonal to all their inputs.
 *
 * Source: Garg et al., arXiv:2208.01066, section 4; `gen_orthogonal_train_test` of their code, which
 * gives a zero query where there is no orthogonal one. Here that is refused.
 *
 * @module
 */
import {
  applyQ,
  applyQTransposed,
  DomainError,
  type Matrix,
  matrix,
  norm,
  qr,
  rowOf,
  ShapeError,
  transpose,
} from '../../linalg/index.ts';
import { type InputShift, standardInputs } from './input-shifts.ts';

/**
 * The part of x that is orthogonal to the rows of X, at the length of x.
 *
 *   Xᵀ = Q·[R; 0];   z = Qᵀ·x with its first N entries set to 0;   Q·z·‖x‖/‖Q·z‖
 *
 * Shapes: X N×d with N < d, x of d numbers. The zeros are exact, so orthogonality does not suffer where
 * x nearly lies in the span: |X_i·result| ≤ 3·γ_{N(3d+37)}·‖X_i‖·‖x‖.
 *
 * @throws DomainError if N ≥ d, or x lies in the span; ShapeError; NonFiniteError.
 */
export function orthogonalPart(X: Matrix, x: Float64Array): Float64Array {
  const [N, d] = [X.rows, X.cols];
  if (x.length !== d) {
    throw new ShapeError(`orthogonalPart: x needs ${d} entries, got ${x.length}`);
  }
  if (!(N < d)) {
    throw new DomainError(
      `orthogonalPart: fewer rows than dimensions are required, got ${N} rows of ${d}`,
    );
  }
  const { Q } = qr(transpose(X));
  const z = applyQTransposed(Q, matrix(d, 1, x.slice())).data;
  z.fill(0, 0, N);
  const part = applyQ(Q, matrix(d, 1, z)).data;
  const [length, wanted] = [norm(part), norm(x)];
  if (!(length > 0)) {
    throw new DomainError('orthogonalPart: x must not lie in the span of X, got no part beside it');
  }
  return part.map((entry) => (entry / length) * wanted);
}

/** Standard inputs, the query replaced by its part orthogonal to all x_i; N < d is required. */
export const orthogonalQuery: InputShift = {
  name: 'orthogonal-query',
  draw(random, dimension, pairs) {
    if (!(pairs < dimension)) {
      throw new DomainError(
        `orthogonalQuery: fewer pairs than dimensions are required, got ${pairs} and ${dimension}`,
      );
    }
    const inputs = standardInputs.draw(random, dimension, pairs);
    const context = matrix(pairs, dimension, inputs.data.slice(0, pairs * dimension));
    inputs.data.set(orthogonalPart(context, rowOf(inputs, pairs)), pairs * dimension);
    return inputs;
  },
};
