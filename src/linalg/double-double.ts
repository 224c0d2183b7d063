/**
 * Numbers of about 106 bits: unevaluated sums of two doubles.
 *
 * Each operation is one algorithm of Joldes, Muller and Popescu, Tight and rigorous error bounds
 * for basic building blocks of double-word arithmetic, ACM Trans. Math. Softw. 44 (2017), with Dekker's
 * product in place of their fused one (both are exact). u = 2⁻⁵³.
 *
 * The bounds hold as long as nothing overflows or underflows: for products and quotients, operands
 * of at most 2⁹⁹⁶ (Dekker's splitting) and results of at least 2⁻⁹¹⁰. Scale by powers of two
 * outside. An overflow is thrown; digits lost to underflow are not noticed.
 *
 * @module
 */
import { productError, sumError } from './compensated.ts';
import { DomainError, NonFiniteError, ShapeError } from './errors.ts';
import { type Matrix, requireFinite } from './matrix.ts';

/** hi + lo, exactly; hi is the double nearest to it, which the functions trust and keep. */
export interface DoubleDouble {
  readonly hi: number;
  readonly lo: number;
}

/** A vector of hi_i + lo_i. A vector of doubles has lo = 0. */
export interface DoubleDoubleVector {
  readonly hi: Float64Array;
  readonly lo: Float64Array;
}

/** A matrix of hi_ij + lo_ij: two matrices of one shape. */
export interface DoubleDoubleMatrix {
  readonly hi: Matrix;
  readonly lo: Matrix;
}

/**
 * x + low, exactly, as a double-double. Neither need be the larger.
 *
 * @throws NonFiniteError if an argument is not finite or the sum overflows.
 */
export function toDoubleDouble(x: number, low = 0): DoubleDouble {
  return checked('toDoubleDouble', exactSum(x, low));
}

/** The double nearest to x. Exact rounding: it is hi. */
export const fromDoubleDouble = (x: DoubleDouble): number => x.hi + x.lo;

/** x + y. Relative error at most 3u² + 13u³ (Algorithm 6, Theorem 3.1). @throws NonFiniteError. */
export function addDoubleDouble(x: DoubleDouble, y: DoubleDouble): DoubleDouble {
  return checked('addDoubleDouble', add(x, y));
}

/** x − y, with the bound and the error of `addDoubleDouble`. */
export function subtractDoubleDouble(x: DoubleDouble, y: DoubleDouble): DoubleDouble {
  return checked('subtractDoubleDouble', add(x, { hi: -y.hi, lo: -y.lo }));
}

/**
 * x·y. Relative error at most 5u² (Algorithm 11 with the bound of Muller and Rideau, ACM Trans. Math.
 * Softw. 48, 2022). @throws NonFiniteError where it overflows, or an operand is above 2⁹⁹⁶.
 */
export function multiplyDoubleDouble(x: DoubleDouble, y: DoubleDouble): DoubleDouble {
  return checked('multiplyDoubleDouble', multiply(x, y));
}

/**
 * x/y. Relative error at most 15u² + 56u³ (Algorithm 17, Theorem 6.2).
 *
 * @throws DomainError if y is 0; NonFiniteError where it overflows.
 */
export function divideDoubleDouble(x: DoubleDouble, y: DoubleDouble): DoubleDouble {
  if (y.hi === 0) throw new DomainError('divideDoubleDouble: the divisor must not be 0, got 0');
  const th = x.hi / y.hi;
  const r = timesDouble(y, th);
  const rest = x.hi - r.hi + (x.lo - r.lo); // x.hi − r.hi is exact
  return checked('divideDoubleDouble', fastSum(th, rest / y.hi));
}

/**
 * √x. Relative error at most 25/8·u² (Lefèvre, Louvet, Muller, Picot and Rideau, Accurate calculation of
 * Euclidean norms using double-word arithmetic, ACM Trans. Math. Softw. 49, 2023, Algorithm 8).
 *
 * @throws DomainError if x is negative; NonFiniteError for x that is not finite or above 2⁹⁹⁶·2⁹⁹⁶.
 */
export function sqrtDoubleDouble(x: DoubleDouble): DoubleDouble {
  if (x.hi < 0) throw new DomainError(`sqrtDoubleDouble: x must be at least 0, got ${x.hi}`);
  if (x.hi === 0) return { hi: 0, lo: 0 };
  const root = Math.sqrt(x.hi);
  const square = root * root;
  const rest = x.hi - square - productError(root, root, square); // both exact
  return checked('sqrtDoubleDouble', fastSum(root, (x.lo + rest) / (2 * root)));
}

/**
 * Σ x_i·y_i in two lanes, every product and every sum in double-double.
 *
 * Error: at most γ′·Σ|x_i·y_i| for n terms, γ′ = k·u²/(1 − k·u²), k = 3n + 8 (a plain count allows
 * 15n). The entries should be ≤ 2⁹⁹⁶ in size, as above.
 *
 * @throws ShapeError if lengths differ; NonFiniteError if an entry is not finite or a step overflows.
 */
export function dotDoubleDouble(x: DoubleDoubleVector, y: DoubleDoubleVector): DoubleDouble {
  requireVector('dotDoubleDouble', 'x', x);
  requireVector('dotDoubleDouble', 'y', y);
  requireLength('dotDoubleDouble', y, x.hi.length);
  return checked('dotDoubleDouble', dot(x.hi, x.lo, 0, y));
}

/**
 * M·x, one dot product a row as `dotDoubleDouble`, with its bound by rows: γ′·|M|·|x|.
 *
 * Shapes: M m×n, x n gives m.
 *
 * @throws ShapeError if the shapes do not fit; NonFiniteError if an entry is not finite or a step
 * overflows.
 */
export function matrixVectorDoubleDouble(
  M: DoubleDoubleMatrix,
  x: DoubleDoubleVector,
): DoubleDoubleVector {
  const caller = 'matrixVectorDoubleDouble';
  const { rows, cols } = M.hi;
  if (M.lo.rows !== rows || M.lo.cols !== cols) {
    throw new ShapeError(
      `${caller}: both parts of M need one shape, got ${rows}x${cols} and ` +
        `${M.lo.rows}x${M.lo.cols}`,
    );
  }
  requireFinite(caller, 'the upper part of M', M.hi.data);
  requireFinite(caller, 'the lower part of M', M.lo.data);
  requireVector(caller, 'x', x);
  requireLength(caller, x, cols);
  const result = { hi: new Float64Array(rows), lo: new Float64Array(rows) };
  for (let i = 0; i < rows; i++) {
    const { hi, lo } = checked(caller, dot(M.hi.data, M.lo.data, i * cols, x));
    result.hi[i] = hi;
    result.lo[i] = lo;
  }
  return result;
}

// What follows checks nothing: NaN and infinities run through to `checked`.

function dot(
  hi: Float64Array,
  lo: Float64Array,
  from: number,
  y: DoubleDoubleVector,
): DoubleDouble {
  const n = y.hi.length;
  const term = (i: number): DoubleDouble =>
    multiply({ hi: hi[from + i], lo: lo[from + i] }, { hi: y.hi[i], lo: y.lo[i] });
  let s0: DoubleDouble = { hi: 0, lo: 0 };
  let s1 = s0;
  const even = n - (n % 2);
  for (let i = 0; i < even; i += 2) {
    s0 = add(s0, term(i));
    s1 = add(s1, term(i + 1));
  }
  const s = add(s0, s1);
  return n === even ? s : add(s, term(even));
}

/** AccurateDWPlusDW. */
function add(x: DoubleDouble, y: DoubleDouble): DoubleDouble {
  const s = exactSum(x.hi, y.hi);
  const t = exactSum(x.lo, y.lo);
  const v = fastSum(s.hi, s.lo + t.hi);
  return fastSum(v.hi, t.lo + v.lo);
}

/** DWTimesDW1, Dekker's product. */
function multiply(x: DoubleDouble, y: DoubleDouble): DoubleDouble {
  const p = x.hi * y.hi;
  return fastSum(p, productError(x.hi, y.hi, p) + (x.hi * y.lo + x.lo * y.hi));
}

/** DWTimesFP1. */
function timesDouble(x: DoubleDouble, y: number): DoubleDouble {
  const p = x.hi * y;
  const v = fastSum(p, x.lo * y);
  return fastSum(v.hi, v.lo + productError(x.hi, y, p));
}

function exactSum(x: number, y: number): DoubleDouble {
  const hi = x + y;
  return { hi, lo: sumError(x, y, hi) };
}

/** x + y where |x| ≥ |y| or x is 0. */
function fastSum(x: number, y: number): DoubleDouble {
  const hi = x + y;
  return { hi, lo: y - (hi - x) };
}

function checked(caller: string, x: DoubleDouble): DoubleDouble {
  if (!(Number.isFinite(x.hi) && Number.isFinite(x.lo))) {
    throw new NonFiniteError(
      `${caller}: finite arguments, no overflow and operands up to 2^996 are required, ` +
        `got ${x.hi} + ${x.lo}`,
    );
  }
  return x;
}

function requireVector(caller: string, operand: string, { hi, lo }: DoubleDoubleVector): void {
  if (lo.length !== hi.length) {
    throw new ShapeError(
      `${caller}: both parts of ${operand} need as many entries, got ${hi.length} and ${lo.length}`,
    );
  }
  requireFinite(caller, `the upper part of ${operand}`, hi);
  requireFinite(caller, `the lower part of ${operand}`, lo);
}

function requireLength(caller: string, { hi }: DoubleDoubleVector, length: number): void {
  if (hi.length !== length) {
    throw new ShapeError(`${caller}: the vector needs ${length} entries, got ${hi.length}`);
  }
}
