/**
 * Layer normalisation and root-mean-square normalisation of each row.
 *
 * @module
 */
import {
  DomainError,
  type Matrix,
  matrix,
  NonFiniteError,
  type Random,
} from '../../linalg/index.ts';
import * as kernels from '../../linalg/kernels.ts';
import { resultArray, resultMatrix } from '../../linalg/wasm/workspace.ts';
import { type Op, probeMatrix, requireShapes } from '../op.ts';
import { requirePositiveIntegers } from '../options.ts';

export interface NormOptions {
  /** Added under the root. Not negative; with 0 no row may have the divisor 0. */
  readonly epsilon: number;
  /** Whether gain (and shift) are arguments. Default: true. */
  readonly affine?: boolean;
}

/** Options of the root-mean-square norm. */
export interface RmsNormOptions extends NormOptions {
  /** Added to the gain. Default: 0. */
  readonly offset?: 0 | 1;
  /** Parts of a row, side by side, each normalised by itself. Default: 1. */
  readonly groups?: number;
}

interface Saved {
  readonly gain: Matrix;
  /** The normalised rows. */
  readonly z: Matrix;
  /** The divisor of each row. */
  readonly divisors: Float64Array;
}

/**
 * y = g·(x − μ)/√(σ² + ε) + b, row by row: mean μ and population variance σ² of the row.
 *
 *   backward   dx = (t − mean(t) − z·mean(t·z))/√(σ² + ε),  t = dy·g,  z the normalised row
 *              dg_j = Σ_i dy_ij·z_ij,  db_j = Σ_i dy_ij, i ascending
 *
 * Shapes: x and y r×c, c > 0, g and b 1×c; without `affine` x is the only argument, g = 1, b = 0. The order of
 * rounding stands with the kernel, `linalg/reference/norms.ts`.
 *
 * @throws DomainError if epsilon is negative or not finite.
 * @throws ShapeError if g or b is not one row of x's width.
 * @throws NonFiniteError naming the row whose divisor is 0 or not finite.
 */
export function layerNorm({ epsilon, affine = true }: NormOptions): Op<Saved> {
  requireEpsilon('layerNorm', epsilon);
  const needs = affine
    ? 'x r×c, g 1×c and b 1×c are required'
    : 'one matrix with columns is required';
  return {
    name: `layerNorm(${epsilon}${affine ? '' : ', no gain'})`,
    attributes: { epsilon, affine },
    forward(args) {
      const [x, g, b] = args;
      requireShapes('layerNorm', needs, args, affine ? 3 : 1, () => {
        return x.cols > 0 && [g, b].every((row) => !affine || isRowOf(x, row));
      });
      const [gain, shift] = affine ? [g, b] : [ones(x.cols), matrix(1, x.cols)];
      const { y, z, divisors } = outputsFor(x);
      const wrong = kernels.layerNorm(
        epsilon,
        x.data,
        gain.data,
        shift.data,
        y.data,
        z.data,
        divisors,
      );
      requireDivisors('layerNorm', wrong);
      return { value: y, saved: { gain, z, divisors } };
    },
    backward(dy, { gain, z, divisors }, needed) {
      const dx = resultMatrix(dy.rows, dy.cols);
      kernels.layerNormBackward(gain.data, z.data, divisors, dy.data, dx.data);
      if (!affine) return [dx];
      const db = resultMatrix(1, dy.cols);
      kernels.sumOfRows(dy.data, db.data, dy.rows);
      return [dx, needed[1] ? gainGradient(dy, z) : null, db];
    },
    probe: (random) => [
      spread(random),
      ...(affine ? [probeMatrix(1, 5, random), probeMatrix(1, 5, random)] : []),
    ],
  };
}

/**
 * y = (offset + g)·x/√(mean(x²) + ε), row by row.
 *
 *   backward   dx = (t − z·mean(t·z))/√(mean(x²) + ε),  t = dy·(offset + g),  z the normalised row
 *              dg_j = Σ_i dy_ij·z_ij, i ascending
 *
 * Shapes: x and y r×c, c > 0, g 1×c; without `affine` x is the only argument and the gain is 1. With `groups` G
 * each row is G rows of c/G entries side by side (the heads of a query), each normalised by itself, and g is
 * 1×(c/G). The offset 1 is Gemma's, whose stored weight is g; 0 is everybody else's.
 *
 * @throws DomainError, ShapeError, NonFiniteError as `layerNorm`.
 */
export function rmsNorm({
  epsilon,
  affine = true,
  offset = 0,
  groups = 1,
}: RmsNormOptions): Op<Saved> {
  requireEpsilon('rmsNorm', epsilon);
  requirePositiveIntegers('rmsNorm', { groups });
  if (offset !== 0 && offset !== 1) {
    throw new DomainError(`rmsNorm: offset must be 0 or 1, got ${offset}`);
  }
  if (!affine && offset !== 0) {
    throw new DomainError('rmsNorm: an offset needs a gain, got offset 1 and affine false');
  }
  const grouped = groups === 1 ? '' : ` in ${groups} groups`;
  const needs = affine
    ? `x r×c${grouped} and g 1×c are required`
    : `one matrix with columns${grouped} is required`;
  return {
    name: `rmsNorm(${epsilon}${offset ? ', 1 + g' : ''}${affine ? '' : ', no gain'}${grouped})`,
    attributes: { epsilon, affine, offset, groups },
    forward(args) {
      const [x, g] = args;
      requireShapes('rmsNorm', needs, args, affine ? 2 : 1, () => {
        const fits = !affine || (g.rows === 1 && g.cols * groups === x.cols);
        return x.cols > 0 && x.cols % groups === 0 && fits;
      });
      const gain = affine ? g : ones(x.cols / groups);
      const { y, z, divisors } = outputsFor(x, groups);
      const wrong = kernels.rmsNorm(epsilon, offset, x.data, gain.data, y.data, z.data, divisors);
      requireDivisors('rmsNorm', wrong);
      return { value: y, saved: { gain, z, divisors } };
    },
    backward(dy, { gain, z, divisors }, needed) {
      const dx = resultMatrix(dy.rows, dy.cols);
      kernels.rmsNormBackward(offset, gain.data, z.data, divisors, dy.data, dx.data);
      return affine ? [dx, needed[1] ? gainGradient(dy, z, groups) : null] : [dx];
    },
    probe: (random) => [spread(random, 5 * groups), ...(affine ? [probeMatrix(1, 5, random)] : [])],
  };
}

const isRowOf = (x: Matrix, row: Matrix): boolean => row.rows === 1 && row.cols === x.cols;

const ones = (cols: number): Matrix => matrix(1, cols, new Float64Array(cols).fill(1));

const outputsFor = (
  { rows, cols }: Matrix,
  groups = 1,
): { y: Matrix; z: Matrix; divisors: Float64Array } => ({
  y: resultMatrix(rows, cols),
  z: resultMatrix(rows, cols),
  divisors: resultArray(rows * groups),
});

/** Entries up to ±3: the divisor of a row is then rarely small against the steps of a check. */
function spread(random: Random, cols = 5): Matrix {
  const x = probeMatrix(3, cols, random);
  kernels.scale(3, x.data, x.data);
  return x;
}

function gainGradient(dy: Matrix, z: Matrix, groups = 1): Matrix {
  const dg = resultMatrix(1, dy.cols / groups);
  kernels.sumOfRowProducts(dy.data, z.data, dg.data, dy.rows * groups);
  return dg;
}

function requireEpsilon(name: string, epsilon: number): void {
  if (!(epsilon >= 0 && epsilon < Infinity)) {
    throw new DomainError(`${name}: epsilon must be finite and not negative, got ${epsilon}`);
  }
}

function requireDivisors(name: string, wrong: number): void {
  if (wrong < 0) return;
  throw new NonFiniteError(
    `${name}: the divisor of a row must be positive and finite, got another in row ${wrong}`,
  );
}
