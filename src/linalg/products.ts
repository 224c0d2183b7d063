/**
 * Products, sums and norms of matrices and vectors, with checked shapes.
 *
 * Every function returns a new value and leaves its arguments untouched. The order of rounding is
 * that of the kernels (`reference.ts`), and so are the error bounds, which hold as long as no
 * product is subnormal; u = 2⁻⁵³, γ_k = k·u/(1 − k·u).
 *
 * @module
 */
import { ShapeError } from './errors.ts';
import * as kernels from './kernels.ts';
import { type Matrix, matrix } from './matrix.ts';
import { scaleToUnit, timesPowerOfTwo } from './powers-of-two.ts';
import { resultMatrix } from './wasm/workspace.ts';

/**
 * a·b. Shapes: m×k by k×n gives m×n. Error: γ_k·|a|·|b| entrywise.
 *
 * @throws ShapeError if the inner sizes differ.
 */
export function multiply(a: Matrix, b: Matrix): Matrix {
  requireEqual('multiply', 'columns of a and rows of b', a.cols, b.rows);
  const c = resultMatrix(a.rows, b.cols);
  kernels.matmul(a.data, b.data, c.data, a.rows, a.cols, b.cols);
  return c;
}

/**
 * a·bᵀ. Shapes: m×k by n×k gives m×n. Error: γ_k·|a|·|b|ᵀ entrywise.
 *
 * @throws ShapeError if the numbers of columns differ.
 */
export function multiplyNT(a: Matrix, b: Matrix): Matrix {
  requireEqual('multiplyNT', 'columns of a and columns of b', a.cols, b.cols);
  const c = resultMatrix(a.rows, b.rows);
  kernels.matmulNT(a.data, b.data, c.data, a.rows, a.cols, b.rows);
  return c;
}

/**
 * aᵀ·b. Shapes: k×m by k×n gives m×n. Error: γ_k·|a|ᵀ·|b| entrywise.
 *
 * @throws ShapeError if the numbers of rows differ.
 */
export function multiplyTN(a: Matrix, b: Matrix): Matrix {
  requireEqual('multiplyTN', 'rows of a and rows of b', a.rows, b.rows);
  const c = resultMatrix(a.cols, b.cols);
  kernels.matmulTN(a.data, b.data, c.data, a.cols, a.rows, b.cols);
  return c;
}

/**
 * W·x. Shapes: m×n by n gives m. Error: γ_n·|W|·|x| entrywise.
 *
 * @throws ShapeError if x has another length than W has columns.
 */
export function matrixVector(W: Matrix, x: Float64Array): Float64Array {
  requireEqual('matrixVector', 'columns of W and entries of x', W.cols, x.length);
  const y = new Float64Array(W.rows);
  kernels.matrixVector(W.data, x, y, W.rows, W.cols);
  return y;
}

/**
 * Σ x_i·y_i. Error: γ_n·Σ|x_i·y_i| for n terms.
 *
 * @throws ShapeError if the lengths differ.
 */
export function dot(x: Float64Array, y: Float64Array): number {
  requireEqual('dot', 'entries of x and entries of y', x.length, y.length);
  return kernels.dot(x, 0, y, 0, x.length);
}

/**
 * x − y. Each entry is correctly rounded.
 *
 * @throws ShapeError if the lengths differ.
 */
export function subtract(x: Float64Array, y: Float64Array): Float64Array {
  requireEqual('subtract', 'entries of x and entries of y', x.length, y.length);
  const out = new Float64Array(x.length);
  kernels.subtract(x, y, out);
  return out;
}

/** The matrix x − y, entry by entry. @throws ShapeError if the shapes differ. */
export function subtractMatrices(x: Matrix, y: Matrix): Matrix {
  if (x.rows !== y.rows || x.cols !== y.cols) {
    throw new ShapeError(
      `subtractMatrices: shapes must be equal, got ${x.rows}x${x.cols} and ${y.rows}x${y.cols}`,
    );
  }
  return matrix(x.rows, x.cols, subtract(x.data, y.data));
}

/**
 * ‖x‖₂; of a matrix's entries it is the Frobenius norm. Scaled by a power of two, so that it
 * neither overflows nor underflows where the result does not. Relative error at most γ_{n+2},
 * unless the result is subnormal. 0 for no entries; NaN if one is NaN, else Infinity if one is
 * infinite.
 */
export function norm(x: Float64Array): number {
  const { scaled, exponent } = scaleToUnit(x);
  return timesPowerOfTwo(Math.sqrt(kernels.dot(scaled, 0, scaled, 0, x.length)), exponent);
}

/** max_i |x_i|; 0 for no entries, NaN if one is NaN. Exact. */
export function maxAbs(x: Float64Array): number {
  let largest = 0;
  for (const entry of x) largest = Math.max(largest, Math.abs(entry));
  return largest;
}

function requireEqual(caller: string, what: string, left: number, right: number): void {
  if (left !== right) {
    throw new ShapeError(`${caller}: ${what} must be equal in number, got ${left} and ${right}`);
  }
}
