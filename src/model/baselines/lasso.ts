/**
 * The lasso, by coordinate descent.
 *
 *   w minimises F(w) = ‖y − X·w‖²/(2i) + α·‖w‖₁,   X i×d
 *
 * Source: Friedman, Hastie, Höfling and Tibshirani, Pathwise coordinate optimization, Ann. Appl.
 * Stat. 1 (2007); as a baseline: Garg et al., arXiv:2208.01066, section 4, with the scaling of
 * scikit-learn's `Lasso`.
 *
 * @module
 */
import {
  ConvergenceError,
  DomainError,
  dot,
  type Matrix,
  matrixVector,
  maxAbs,
  multiplyTN,
  norm,
  requireFinite,
  subtract,
  transpose,
  UNIT_ROUNDOFF,
} from '../../linalg/index.ts';
import { type Baseline, baselineOf, requirePairs } from './baseline.ts';

/** The cap of the source, `LassoModel` in `models.py` of the code of Garg et al. */
const MAX_SWEEPS = 100_000;

/**
 * The α of a stage is halved once no gradient entry moves by more than this part of it. With it 720
 * Gaussian fits (d = 2, 5, 20, α = 1 … 0.001) took at most 24 303 sweeps, and over 100 000 without.
 */
const STAGE = 0.01;

export interface LassoOptions {
  /** α > 0. */
  readonly alpha: number;
  /** KKT residual that is small enough, absolute; 0, the default, asks for rounding level. */
  readonly tolerance?: number;
  /** Cap of the sweeps; 100 000, that of the source, if left out. */
  readonly maxSweeps?: number;
}

export interface Lasso {
  /** d numbers, exact zeros outside the support. */
  readonly w: Float64Array;
  /** How far w is from the optimality conditions, see `lasso`. */
  readonly kktResidual: number;
  readonly sweeps: number;
}

/**
 * The minimiser w, and the proof that it is one.
 *
 * A sweep takes j = 0 … d − 1 in turn, with G = XᵀX, b = Xᵀy, soft(c, t) = sign(c)·max(|c| − t, 0):
 *
 *   w_j ← soft(b_j − Σ_{k≠j} G_jk·w_k, i·α)/G_jj;   0 where column j is 0
 *
 * The α of the sweeps comes down to the one asked for by halves, from max|b|/2i on: so the support
 * grows from the columns that matter, where from w = 0 it would creep for i < d. It ends when the KKT residual, with r = y − X·w formed anew and g = Xᵀr/i,
 *
 *   κ = max_j |g_j − α·sign(w_j)| where w_j ≠ 0, max(|g_j| − α, 0) where w_j = 0
 *
 * is at most `tolerance`, or at the level where g is rounding error: with c_j = ‖X_j‖,
 * (d + i + 4)·u·(α + max c·(‖y‖ + Σ c_k·|w_k|)/i). Error: F(w) − min F ≤ κ·‖w − w*‖₁ by convexity.
 * Where α is far below max|b|/i and i near d it converges slowly: give a tolerance there.
 *
 * Shapes: X i×d, y of i numbers. Without pairs w = 0.
 *
 * @throws DomainError unless α > 0, tolerance ≥ 0, both finite, and maxSweeps ≥ 1; ShapeError;
 * NonFiniteError, also where XᵀX or Xᵀy overflows; ConvergenceError at the cap.
 */
export function lasso(
  X: Matrix,
  y: Float64Array,
  { alpha, tolerance = 0, maxSweeps = MAX_SWEEPS }: LassoOptions,
): Lasso {
  requirePairs('lasso', X, y);
  requireOptions(alpha, tolerance, maxSweeps);
  const { rows: i, cols: d } = X;
  const w = new Float64Array(d);
  if (i === 0) return { w, kktResidual: 0, sweeps: 0 };
  const XT = transpose(X);
  const gram = multiplyTN(X, X);
  const b = matrixVector(XT, y);
  requireFinite('lasso', 'XᵀX', gram.data);
  requireFinite('lasso', 'Xᵀy', b);
  const rows = Array.from(w, (_, j) => gram.data.subarray(j * d, (j + 1) * d));
  const lengths = Float64Array.from(rows, (row, j) => Math.sqrt(row[j]));
  const [longest, size] = [Math.max(0, ...lengths), norm(y)];
  const level = (d + i + 4) * UNIT_ROUNDOFF;
  let penalty = Math.max(alpha, maxAbs(b) / (2 * i));
  let [reached, required] = [Infinity, tolerance];
  for (let sweeps = 1; sweeps <= maxSweeps; sweeps++) {
    const moved = sweep(rows, b, w, i * penalty) / i;
    const last = sweeps === maxSweeps;
    if (penalty > alpha && !last) {
      if (moved <= STAGE * penalty) penalty = Math.max(alpha, penalty / 2);
      continue;
    }
    const reach = (longest * (size + dot(lengths, w.map(Math.abs)))) / i;
    required = Math.max(tolerance, level * (alpha + reach));
    if (!(moved <= required || last)) continue; // Then κ would not be small either.
    reached = kktResidual(matrixVector(XT, subtract(y, matrixVector(X, w))), w, i, alpha);
    if (reached <= required) return { w, kktResidual: reached, sweeps };
  }
  throw new ConvergenceError('lasso', 'the KKT residual', maxSweeps, reached, required);
}

/** ŷ = w·x with w of `lasso`, which see for the options and the errors. */
export function lassoBaseline(options: LassoOptions): Baseline {
  const { alpha, tolerance = 0, maxSweeps = MAX_SWEEPS } = options;
  requireOptions(alpha, tolerance, maxSweeps);
  const fixed = { ...options };
  return baselineOf(`lasso ${alpha}`, (X, y, x) => dot(lasso(X, y, fixed).w, x));
}

/** One sweep over w, in place. Returns max_j G_jj·|change of w_j|. */
function sweep(
  rows: readonly Float64Array[],
  b: Float64Array,
  w: Float64Array,
  threshold: number,
): number {
  let moved = 0;
  for (let j = 0; j < w.length; j++) {
    const before = w[j];
    w[j] = 0;
    const c = b[j] - dot(rows[j], w);
    const past = Math.abs(c) - threshold;
    if (past > 0 && rows[j][j] > 0) w[j] = (Math.sign(c) * past) / rows[j][j];
    moved = Math.max(moved, rows[j][j] * Math.abs(w[j] - before));
  }
  return moved;
}

/** κ, from Xᵀr. */
function kktResidual(XTr: Float64Array, w: Float64Array, i: number, alpha: number): number {
  return XTr.reduce((worst, entry, j) => {
    const g = entry / i;
    const off = w[j] === 0 ? Math.abs(g) - alpha : Math.abs(g - alpha * Math.sign(w[j]));
    return Math.max(worst, off);
  }, 0);
}

function requireOptions(alpha: number, tolerance: number, maxSweeps: number): void {
  if (!(alpha > 0 && alpha < Infinity && tolerance >= 0 && tolerance < Infinity)) {
    throw new DomainError(
      `lasso: a finite alpha > 0 and tolerance ≥ 0 are required, got ${alpha} and ${tolerance}`,
    );
  }
  if (!(Number.isSafeInteger(maxSweeps) && maxSweeps >= 1)) {
    throw new DomainError(`lasso: an integer maxSweeps ≥ 1 is required, got ${maxSweeps}`);
  }
}
