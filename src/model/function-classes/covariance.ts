/**
 * Inputs with a covariance that is not the identity: skewed, or within half of the space.
 *
 *   x' = x·t,  t = U·diag(λ)·Uᵀ·√(d/Σλ²), so that E‖x'‖² = d;   covariance t², eigenvalues ~ λ²
 *
 * Source: Garg et al., arXiv:2208.01066, section 4; `sample_transformation` of their code.
 *
 * @module
 */
import {
  DomainError,
  type Matrix,
  matrix,
  multiply,
  multiplyNT,
  norm,
  qr,
  type Random,
  requireFinite,
  requireMatrix,
  ShapeError,
  thinQ,
} from '../../linalg/index.ts';
import { normalVector, requireInteger } from './function-class.ts';
import { type InputShift, standardInputs } from './input-shifts.ts';

/**
 * t as above.
 *
 * Shapes: U d×d, orthogonal (trusted), λ of d numbers; t is d×d, symmetric up to rounding. Products
 * are those of `multiplyNT`, the factor is applied last.
 *
 * Error: γ_{2d+6}·|U|·|diag(λ)|·|Uᵀ|·√(d/Σλ²) entrywise.
 *
 * @throws ShapeError; NonFiniteError; DomainError if every λ is 0.
 */
export function covarianceTransform(U: Matrix, eigenvalues: Float64Array): Matrix {
  requireMatrix('covarianceTransform', 'U', U);
  const d = eigenvalues.length;
  if (U.rows !== d || U.cols !== d) {
    throw new ShapeError(
      `covarianceTransform: ${d} eigenvalues need U ${d}x${d}, got ${U.rows}x${U.cols}`,
    );
  }
  requireFinite('covarianceTransform', 'U', U.data);
  requireFinite('covarianceTransform', 'eigenvalues', eigenvalues);
  const size = norm(eigenvalues);
  if (!(size > 0)) {
    throw new DomainError('covarianceTransform: an eigenvalue other than 0 is required, got none');
  }
  const scaled = U.data.map((entry, at) => entry * eigenvalues[at % d]);
  const { data } = multiplyNT(matrix(d, d, scaled), U);
  const factor = Math.sqrt(d) / size;
  return matrix(
    d,
    d,
    data.map((entry) => entry * factor),
  );
}

/**
 * A random orthogonal matrix d×d: Q of the factors Q·R of one with normal entries, drawn row by row.
 * Its columns are uniform but for their signs, of which U·diag(λ)·Uᵀ does not depend.
 *
 * @throws DomainError unless d ≥ 1 is an integer.
 */
export function randomOrthogonal(random: Random, dimension: number): Matrix {
  requireInteger('randomOrthogonal', 'the dimension', dimension, 1);
  return thinQ(qr(matrix(dimension, dimension, normalVector(random, dimension * dimension))).Q);
}

/** Standard inputs times one and the same t, d×d; `draw` throws ShapeError for another dimension. */
export function transformedInputs(name: string, t: Matrix): InputShift {
  requireMatrix('transformedInputs', 't', t);
  const transform = matrix(t.rows, t.cols, t.data.slice());
  return {
    name,
    draw(random, dimension, pairs) {
      if (transform.rows !== dimension || transform.cols !== dimension) {
        throw new ShapeError(
          `transformedInputs: inputs of ${dimension} numbers need t ${dimension}x${dimension}, ` +
            `got ${transform.rows}x${transform.cols}`,
        );
      }
      return multiply(standardInputs.draw(random, dimension, pairs), transform);
    },
  };
}

/** λ_i = 1/(i + 1): covariance eigenvalues fall with 1/i². U is drawn anew for each prompt, first. */
export const skewedInputs: InputShift = withSpectrum('skewed', 1, (i) => 1 / (i + 1));

/** λ = 1 for the first ⌊d/2⌋, 0 for the rest; d ≥ 2. U is drawn anew for each prompt, first. */
export const halfSubspaceInputs: InputShift = withSpectrum('half-subspace', 2, (i, d) =>
  i < Math.floor(d / 2) ? 1 : 0,
);

function withSpectrum(
  name: string,
  least: number,
  eigenvalue: (i: number, d: number) => number,
): InputShift {
  return {
    name,
    draw(random, dimension, pairs) {
      requireInteger(`the ${name} inputs`, 'the dimension', dimension, least);
      const U = randomOrthogonal(random, dimension);
      const eigenvalues = Float64Array.from(U.data.subarray(0, dimension), (_, i) =>
        eigenvalue(i, dimension),
      );
      const t = covarianceTransform(U, eigenvalues);
      return transformedInputs(name, t).draw(random, dimension, pairs);
    },
  };
}
