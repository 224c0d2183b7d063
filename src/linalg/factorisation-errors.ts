/**
 * What can be wrong with a matrix that is to be factored or solved with: the errors, which carry
 * the place and the number that they name, and the checks of the arguments.
 *
 * @module
 */
import { DomainError, ShapeError } from './errors.ts';
import { type Matrix, requireFinite } from './matrix.ts';

/** A pivot of a Cholesky factorisation is not positive. */
export class NotPositiveDefinite extends RangeError {
  override readonly name: string = 'NotPositiveDefinite';
  /** The row and column of the pivot, counted from 0. */
  readonly index: number;
  /** Its value: zero, negative, or −∞ where it overflows. */
  readonly pivot: number;

  constructor(caller: string, index: number, pivot: number) {
    super(
      `${caller}: a positive definite matrix is required, so every pivot must be positive, ` +
        `got ${pivot} at pivot ${index}`,
    );
    this.index = index;
    this.pivot = pivot;
  }
}

/** A triangular matrix has a zero on its diagonal. */
export class SingularMatrix extends RangeError {
  override readonly name: string = 'SingularMatrix';
  /** The row and column of the zero, counted from 0. */
  readonly index: number;

  constructor(caller: string, index: number) {
    super(`${caller}: every diagonal entry must differ from 0, got 0 at pivot ${index}`);
    this.index = index;
  }
}

/** An iteration did not reach its goal within the sweeps that it is allowed. */
export class ConvergenceError extends RangeError {
  override readonly name: string = 'ConvergenceError';
  readonly sweeps: number;
  /** The measure of convergence in the last sweep, and what it had to be. */
  readonly reached: number;
  readonly required: number;

  constructor(caller: string, measure: string, sweeps: number, reached: number, required: number) {
    super(
      `${caller}: ${measure} must be at most ${required} after ${sweeps} sweeps, got ${reached}`,
    );
    this.sweeps = sweeps;
    this.reached = reached;
    this.required = required;
  }
}

/**
 * Refuses a matrix whose data do not fit its sizes or are not finite.
 *
 * @throws ShapeError or NonFiniteError naming the caller and the operand.
 */
export function requireFiniteMatrix(caller: string, operand: string, a: Matrix): void {
  if (a.data.length !== a.rows * a.cols) {
    throw new ShapeError(
      `${caller}: ${operand} is ${a.rows}x${a.cols}, so it needs ${a.rows * a.cols} entries, ` +
        `got ${a.data.length}`,
    );
  }
  requireFinite(caller, operand, a.data);
}

/** As `requireFiniteMatrix`, and the matrix must be square. */
export function requireSquare(caller: string, operand: string, a: Matrix): void {
  if (a.rows !== a.cols) {
    throw new ShapeError(`${caller}: ${operand} must be square, got ${a.rows}x${a.cols}`);
  }
  requireFiniteMatrix(caller, operand, a);
}

/**
 * As `requireSquare`, and the matrix must equal its transpose, to the bit but for the sign of 0.
 *
 * @throws DomainError naming the first pair of entries that differ.
 */
export function requireSymmetric(caller: string, operand: string, a: Matrix): void {
  requireSquare(caller, operand, a);
  const n = a.rows;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const [below, above] = [a.data[i * n + j], a.data[j * n + i]];
      if (below !== above) {
        throw new DomainError(
          `${caller}: ${operand} must be symmetric, got ${below} at (${i}, ${j}) and ` +
            `${above} at (${j}, ${i})`,
        );
      }
    }
  }
}

/** Refuses right-hand sides that do not have as many rows as the system. */
export function requireRows(caller: string, b: Matrix, rows: number): void {
  if (b.rows !== rows) {
    throw new ShapeError(`${caller}: b needs ${rows} rows, got ${b.rows}x${b.cols}`);
  }
  requireFiniteMatrix(caller, 'b', b);
}
