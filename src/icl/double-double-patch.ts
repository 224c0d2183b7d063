/**
 * Theorem 1 in numbers of twice the precision: the patch formed, added in and applied in double-double.
 *
 * Rounding then shows only where the result is rounded to a double: what a plain evaluation loses
 * where ‖a‖ is far above ‖a′‖ (bound 9.2 grows with ‖a‖) is kept. Everything is scaled by powers of two, each
 * row of W by its own, so that no size of W, a or a′ overflows or loses digits on the way:
 *
 *   W_i = 2^{w_i}·Ŵ_i,  a = 2^α·â,  δ = a′ − a = 2^β·δ̂,  τ = max(0, β − α)
 *   p_i = 2^{w_i+β}·p̂_i,  v = 2^{−α}·v̂,  M_i = W_i + p_i·vᵀ = 2^{w_i+τ}·M̂_i
 *
 * @module
 */
import {
  addDoubleDouble,
  DegenerateBase,
  type DoubleDouble,
  type DoubleDoubleMatrix,
  type DoubleDoubleVector,
  divideDoubleDouble,
  dotDoubleDouble,
  exponentOf,
  type Matrix,
  matrix,
  matrixVectorDoubleDouble,
  maxAbs,
  multiplyDoubleDouble,
  NonFiniteError,
  scaleToUnit,
  subtract,
  timesPowerOfTwo,
  twoSum,
  UNIT_ROUNDOFF,
} from '../linalg/index.ts';
import { requireSite } from './patch-weight.ts';
import { absoluteProduct, enlarge } from './rounding-bounds.ts';

/** A patched matrix M = W + p·vᵀ of twice the precision, and its patch; hats in the header. */
export interface DoubleDoublePatch {
  /** p̂: p_i = p̂_i·2^{rowExponents[i] + shiftExponent}. */
  readonly p: DoubleDoubleVector;
  /** v̂: v = v̂·2^{−baseExponent}. */
  readonly v: DoubleDoubleVector;
  /** M̂: row i of M is 2^{rowExponents[i] + matrixExponent} times its row i. */
  readonly M: DoubleDoubleMatrix;
  /** w_i. */
  readonly rowExponents: Int32Array;
  /** α, β and τ. */
  readonly baseExponent: number;
  readonly shiftExponent: number;
  readonly matrixExponent: number;
}

/**
 * M = W + (W·δ)·aᵀ/‖a‖² in double-double; δ = a′ − a is exact there.
 *
 * Shapes: W m×d, vectors d; p m, v d, M m×d. Precondition: a ≠ 0. Where a′ = a the patch is 0, and M is W.
 *
 * Error: `doubleDoubleBound`, with the product of `applyDoubleDouble` at a.
 *
 * @throws DegenerateBase if a = 0. @throws ShapeError or NonFiniteError as `patchWeight`, also where a′ − a
 * overflows.
 *
 * Source: theory of the file `linalg/double-double.ts`; section 9.6 of README.md beside this file.
 */
export function patchInDoubleDouble(
  W: Matrix,
  base: Float64Array,
  contextual: Float64Array,
): DoubleDoublePatch {
  requireSite('patchInDoubleDouble', W, base, contextual);
  if (maxAbs(base) === 0) {
    throw new DegenerateBase(
      'patchInDoubleDouble: the vector without context must not be zero, because every matrix sends 0 ' +
        `to 0, got ${base.length} entries of 0`,
    );
  }
  const { rows: m, cols: d } = W;
  const { scaled: a, exponent: baseExponent } = scaleToUnit(base);
  const { shift, exponent: shiftExponent } = scaledShift(base, contextual);
  const { scaled, exponents: rowExponents } = scaledRows(W);
  const aPair = pairs(a);
  const q = dotDoubleDouble(aPair, aPair);
  const v = vectorOf(d, (j) => divideDoubleDouble({ hi: a[j], lo: 0 }, q));
  const p = matrixVectorDoubleDouble({ hi: scaled, lo: matrix(m, d) }, shift);
  const matrixExponent = Math.max(0, shiftExponent - baseExponent);
  const [ofW, ofP] = [-matrixExponent, shiftExponent - baseExponent - matrixExponent];
  const M = { hi: matrix(m, d), lo: matrix(m, d) };
  for (let i = 0; i < m; i++) {
    const pi = { hi: power(p.hi[i], ofP), lo: power(p.lo[i], ofP) };
    for (let j = 0; j < d; j++) {
      const k = i * d + j;
      const product = multiplyDoubleDouble(pi, { hi: v.hi[j], lo: v.lo[j] });
      const entry = addDoubleDouble({ hi: power(scaled.data[k], ofW), lo: 0 }, product);
      M.hi.data[k] = entry.hi;
      M.lo.data[k] = entry.lo;
    }
  }
  return { p, v, M, rowExponents, baseExponent, shiftExponent, matrixExponent };
}

/**
 * y = M·x in double-double; its upper part is the double nearest to it.
 *
 * Shapes: x d, y m. Error: γ′_{d+1}·|M||x|, γ′ as in `doubleDoubleBound`, and at x = a the bound of that
 * function. A lower part below 2⁻¹⁰²² is rounded once more, by 2⁻¹⁰⁷⁵.
 *
 * @throws NonFiniteError if an entry of x is not finite, or one of y overflows. @throws ShapeError if x has
 * another length than M has columns.
 */
export function applyDoubleDouble(
  { M, rowExponents, matrixExponent }: DoubleDoublePatch,
  x: Float64Array,
): DoubleDoubleVector {
  const { scaled, exponent } = scaleToUnit(x);
  const y = matrixVectorDoubleDouble(M, pairs(scaled));
  const back = (part: Float64Array): Float64Array =>
    part.map((entry, i) => power(entry, rowExponents[i] + matrixExponent + exponent));
  const [hi, lo] = [back(y.hi), back(y.lo)];
  const wrong = hi.findIndex((entry) => !Number.isFinite(entry));
  if (wrong >= 0) {
    throw new NonFiniteError(
      `applyDoubleDouble: the product must be below 2^1024, got ${hi[wrong]} at entry ${wrong}`,
    );
  }
  return { hi, lo };
}

/**
 * |y − W·a′| for y = `applyDoubleDouble` at a, hi and lo together, W·a′ meant exactly:
 *
 *   γ′_{d+1}·|W||a| + γ′_{4d+4}·|W||δ|,  γ′_k = 15k·u²/(1 − 15k·u²)
 *
 * That is bound 9.2 with the 15u² of a double-double operation for u (a quotient takes 15u² + 56u³; sums and
 * products leave room for it), and for underflow 256·d²·2⁻¹⁰⁷⁴ in the scaled numbers, 2⁻¹⁰⁷⁴ in y. Rounding y
 * to hi adds u·|y|.
 *
 * So hi is W·a′ correctly rounded wherever the bound does not reach from W·a′ to the next midpoint of
 * two doubles, and within 1 ulp of it unless the bound exceeds u·|W·a′|: for d ≤ 10⁴ not before
 * |W|(|a| + |δ|) > 10¹⁰·|W·a′|.
 *
 * Shapes: W m×d, vectors d; the result has m.
 *
 * @throws ShapeError or NonFiniteError as `patchInDoubleDouble`.
 */
export function doubleDoubleBound(
  W: Matrix,
  base: Float64Array,
  contextual: Float64Array,
): Float64Array {
  requireSite('doubleDoubleBound', W, base, contextual);
  const d = W.cols;
  const { scaled: a, exponent: alpha } = scaleToUnit(base);
  const { shift, exponent: beta } = scaledShift(base, contextual);
  const { scaled, exponents } = scaledRows(W);
  const tau = Math.max(0, beta - alpha);
  const atBase = absoluteProduct(scaled, a);
  const atShift = absoluteProduct(scaled, shift.hi);
  return atBase.map((wa, i) => {
    // All in units of 2^{w_i + τ + α}.
    const ofBase = power(gammaOfSquare(d + 1) * wa, -tau);
    const ofShift = power(gammaOfSquare(4 * d + 4) * atShift[i], beta - alpha - tau);
    const bound = enlarge(ofBase + ofShift, d) + 256 * d * d * Number.MIN_VALUE;
    return power(bound, exponents[i] + tau + alpha) + Number.MIN_VALUE;
  });
}

/** γ′_k = 15k·u²/(1 − 15k·u²). */
const gammaOfSquare = (k: number): number => {
  const x = 15 * k * UNIT_ROUNDOFF * UNIT_ROUNDOFF;
  return x / (1 - x);
};

/** a′ − a, exactly, as δ̂·2^β with the largest entry in [1, 2). */
function scaledShift(
  base: Float64Array,
  contextual: Float64Array,
): { shift: DoubleDoubleVector; exponent: number } {
  const { exponent } = scaleToUnit(subtract(contextual, base));
  const shift = vectorOf(base.length, (j) => {
    const { value, error } = twoSum(contextual[j], -base[j]);
    return { hi: power(value, -exponent), lo: power(error, -exponent) };
  });
  return { shift, exponent };
}

/** Every row with its largest entry in [1, 2), and the exponents. */
function scaledRows({ rows, cols, data }: Matrix): { scaled: Matrix; exponents: Int32Array } {
  const result = matrix(rows, cols);
  const exponents = Int32Array.from({ length: rows }, (_, i) => {
    const { scaled, exponent } = scaleToUnit(data.subarray(i * cols, (i + 1) * cols));
    result.data.set(scaled, i * cols);
    return exponent;
  });
  return { scaled: result, exponents };
}

function vectorOf(length: number, entry: (j: number) => DoubleDouble): DoubleDoubleVector {
  const result = { hi: new Float64Array(length), lo: new Float64Array(length) };
  for (let j = 0; j < length; j++) {
    const { hi, lo } = entry(j);
    result.hi[j] = hi;
    result.lo[j] = lo;
  }
  return result;
}

const pairs = (x: Float64Array): DoubleDoubleVector => ({ hi: x, lo: new Float64Array(x.length) });

/** x·2^e for an exponent of any size. */
function power(x: number, e: number): number {
  if (x === 0 || e === 0) return x;
  const own = exponentOf(x);
  if (own + e > 1030) return x > 0 ? Infinity : -Infinity;
  if (own + e < -1080) return 0;
  // x·2^−own is in [1, 2), so one rounding at most is left.
  return timesPowerOfTwo(timesPowerOfTwo(x, -own), own + e);
}
