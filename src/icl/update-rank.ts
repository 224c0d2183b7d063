/**
 * The singular values of a sum of updates, and what is called its rank.
 *
 * S = Σ_k p_k·v_kᵀ is measured from its factors: with P = [p_k] = Q_P·R_P and V = [v_k] = Q_V·R_V it is
 * Q_P·(R_P·R_Vᵀ)·Q_Vᵀ, so its singular values are those of a core of at most K rows and columns. The m×d
 * matrix is not formed.
 *
 * Source: the diagnostics of arXiv:2512.11255. Its updates share their right factor (2.5), so the rank it
 * reports is 1 whatever was learned; updates of one base a token have up to min(K, d).
 *
 * @module
 */
import {
  DomainError,
  exp,
  frobeniusNorm,
  gamma,
  log,
  type Matrix,
  matrixFromRows,
  multiplyNT,
  NonFiniteError,
  norm,
  qr,
  type RankOne,
  requireFinite,
  ShapeError,
  scaleToUnit,
  svd,
  timesPowerOfTwo,
  transpose,
  UNIT_ROUNDOFF,
} from '../linalg/index.ts';
import { enlarge } from './rounding-bounds.ts';

/** The singular values of an m×d matrix. */
export interface UpdateSpectrum {
  readonly rows: number;
  readonly cols: number;
  /** Largest first. Those of the m×d matrix that are not here are 0. */
  readonly singularValues: Float64Array;
  /** A bound on the distance of each to the exact one. */
  readonly error: number;
}

/**
 * The singular values of Σ_k p_k·v_kᵀ: min(m, d, K) of them.
 *
 * Shapes: K updates of m and d entries, K ≥ 1. Each is scaled by powers of two, so small factors beside
 * large ones lose nothing.
 *
 * Error, in `error`: with η = Σ_k ‖p_k‖‖v_k‖, g_P = γ_{r(3m+37)} and g_V = γ_{r(3d+37)} of the two
 * factorisations (`qr`), r = min(K, m) and min(K, d), and g that of the core C (`svd`),
 *
 *   (g_P + g_V + g_P·g_V + γ_K·(1 + g_P)(1 + g_V))·η + (4(1 + √n)(1 + g)·g + u)·‖C‖_F
 *
 * barring underflow. It is relative to η, not to the sum: where updates cancel, so do digits.
 *
 * @throws DomainError without updates. @throws ShapeError if their shapes differ. @throws NonFiniteError if
 * an entry is not finite, or a singular value overflows.
 */
export function updateSpectrum(updates: readonly RankOne[]): UpdateSpectrum {
  if (updates.length === 0) {
    throw new DomainError('updateSpectrum: at least one update is required, got 0');
  }
  const [rows, cols] = [updates[0].p.length, updates[0].v.length];
  updates.forEach(({ p, v }, k) => {
    if (p.length !== rows || v.length !== cols) {
      throw new ShapeError(
        `updateSpectrum: updates of one shape are required, so ${rows}x${cols}, got ` +
          `${p.length}x${v.length} at ${k}`,
      );
    }
    requireFinite('updateSpectrum', `p of update ${k}`, p);
    requireFinite('updateSpectrum', `v of update ${k}`, v);
  });
  const K = updates.length;
  const { P, V, exponent } = scaledFactors(updates, rows, cols);
  const [left, right] = [qr(P).R, qr(V).R];
  const core = multiplyNT(left, right);
  const { s, sweeps } = svd(core);
  const eta = updates.reduce((sum, _, k) => sum + norm(columnOf(P, k)) * norm(columnOf(V, k)), 0);
  const [gP, gV] = [gamma(left.rows * (3 * rows + 37)), gamma(right.rows * (3 * cols + 37))];
  const factored = gP + gV + gP * gV + gamma(K) * (1 + gP) * (1 + gV);
  const scaled = factored * eta + spectrumError(core, sweeps);
  const back = (x: number): number => timesPowerOfTwo(x, exponent);
  const singularValues = s.map(back);
  if (!Number.isFinite(singularValues[0] ?? 0)) {
    throw new NonFiniteError(
      'updateSpectrum: the largest singular value must be below 2^1024, got Infinity',
    );
  }
  return { rows, cols, singularValues, error: back(enlarge(scaled, K + 8)) };
}

/**
 * #{σ_i > σ₀·max(m, d)·ε}: how many singular values are more than rounding, by the rule of NumPy and JAX.
 *
 * ε is that of the arithmetic the updates come from: 2⁻⁵² (the default), or 2⁻²³ for float32.
 *
 * @throws DomainError unless ε is at least 0 and finite.
 */
export function numericalRank(
  { rows, cols, singularValues: s }: UpdateSpectrum,
  epsilon: number = Number.EPSILON,
): number {
  if (!(epsilon >= 0 && epsilon < Infinity)) {
    throw new DomainError(`numericalRank: ε must be finite and at least 0, got ${epsilon}`);
  }
  const tolerance = (s[0] ?? 0) * Math.max(rows, cols) * epsilon;
  return s.filter((sigma) => sigma > tolerance).length;
}

/** ‖S‖_F²/‖S‖₂² = Σ (σ_i/σ₀)², from 1 to the rank; null where σ₀ is 0: for S = 0, or where all underflows. */
export function stableRank({ singularValues: s }: UpdateSpectrum): number | null {
  if (!(s[0] > 0)) return null;
  return s.reduce((sum, sigma) => sum + (sigma / s[0]) * (sigma / s[0]), 0);
}

/** exp(−Σ p_i·log p_i), p_i = σ_i/Σ σ, from 1 to the rank; null where σ₀ is 0, as `stableRank`. */
export function entropyRank({ singularValues: s }: UpdateSpectrum): number | null {
  if (!(s[0] > 0)) return null;
  const shares = s.map((sigma) => sigma / s[0]);
  const all = shares.reduce((sum, share) => sum + share, 0);
  const entropy = shares.reduce((sum, share) => {
    const p = share / all;
    return p > 0 ? sum - p * log(p) : sum;
  }, 0);
  return exp(entropy);
}

/** A bound on |ŝ_i − s_i| of `svd`: what it misses `a` by, and what its vectors miss being orthonormal by. */
export function spectrumError(a: Matrix, sweeps: number): number {
  const [n, m] = [Math.min(a.rows, a.cols), Math.max(a.rows, a.cols)];
  const g = gamma(n * (3 * m + 37)) + gamma(Math.max(0, 9 * (2 * n - 3) * sweeps));
  return (4 * (1 + Math.sqrt(n)) * (1 + g) * g + UNIT_ROUNDOFF) * frobeniusNorm(a);
}

/** [p_k]·2^−e and [v_k], the largest update with factors in [1, 2): Σ p_k·v_kᵀ·2^−e. */
function scaledFactors(
  updates: readonly RankOne[],
  rows: number,
  cols: number,
): { P: Matrix; V: Matrix; exponent: number } {
  const scaled = updates.map(({ p, v }) => {
    const [left, right] = [scaleToUnit(p), scaleToUnit(v)];
    const zero = !(norm(left.scaled) > 0 && norm(right.scaled) > 0);
    return { left, right, exponent: zero ? -Infinity : left.exponent + right.exponent };
  });
  const most = Math.max(...scaled.map((update) => update.exponent));
  const exponent = Number.isFinite(most) ? Math.max(most, SMALLEST) : 0;
  const lefts = scaled.map(({ left, exponent: own }) => {
    const e = Math.max(own - exponent, SMALLEST);
    return left.scaled.map((entry) => timesPowerOfTwo(entry, e));
  });
  return {
    P: transpose(matrixFromRows(lefts, rows)),
    V: transpose(
      matrixFromRows(
        scaled.map(({ right }) => right.scaled),
        cols,
      ),
    ),
    exponent,
  };
}

/** The smallest exponent of `timesPowerOfTwo`: whatever it is applied to becomes 0. */
const SMALLEST = -2044;

const columnOf = ({ rows, cols, data }: Matrix, k: number): Float64Array =>
  Float64Array.from({ length: rows }, (_, i) => data[i * cols + k]);
