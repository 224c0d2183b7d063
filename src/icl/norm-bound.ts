/**
 * How far layer normalisation carries an error of its input.
 *
 * @module
 */
import { gamma, norm, powerOfTwo, UNIT_ROUNDOFF } from '../linalg/index.ts';

/**
 * A bound on |LN(x) − LN(y)|, entry by entry, both computed in float64, for every x with
 * |x − y| ≤ e.
 *
 *   LN(y) = g·c/σ + b,  c = y − mean(y),  σ = √(mean(c²) + ε)
 *
 * With f = e + mean(e): |c_x − c_y| ≤ f, and because σ is the length of the vector (c/√d, √ε),
 * |σ_x − σ_y| ≤ rms(f). Hence |c_x/σ_x − c_y/σ_y| ≤ (f + |n_y|·rms(f))/(σ_y − rms(f)) with
 * n_y = c_y/σ_y. Computing c moves it by at most γ_{d+2}·(|y| + mean|y|), which is added to e once for
 * each run; the sum of squares, the root, the quotient, g and b round |n|·|g| by γ_{d+8}, the result
 * by u.
 *
 * Shapes: all d. Infinity where e is not small against σ_y, or σ so small (2⁻⁴⁶⁰) that its square
 * could lose digits to underflow.
 */
export function layerNormBound(
  y: Float64Array,
  e: Float64Array,
  gain: Float64Array,
  shift: Float64Array,
  epsilon: number,
): Float64Array {
  const d = y.length;
  const size = meanOf(y.map((entry, i) => Math.abs(entry) + e[i]));
  const widened = e.map((entry, i) => entry + 2 * gamma(d + 2) * (Math.abs(y[i]) + entry + size));
  const meanError = meanOf(widened);
  const f = widened.map((entry) => entry + meanError);
  const rms = norm(f) / Math.sqrt(d);
  const mean = meanOf(y);
  const centred = y.map((entry) => entry - mean);
  const spread = norm(centred) / Math.sqrt(d);
  const deviation = norm(Float64Array.of(spread, Math.sqrt(epsilon)));
  // The deviation of x, less what rounding may have added to that of y.
  const sigma = deviation * (1 - gamma(d + 8)) - rms;
  return f.map((entry, i) => {
    if (!(sigma > SMALLEST)) return Infinity;
    const carried = (entry + (Math.abs(centred[i]) / deviation) * rms) / sigma;
    const n = Math.abs(centred[i]) / deviation + carried; // of either run
    const rounded = 2 * gamma(d + 8) * n;
    const last = 2 * UNIT_ROUNDOFF * (n * Math.abs(gain[i]) + Math.abs(shift[i]));
    return ((carried + rounded) * Math.abs(gain[i]) + last) * (1 + gamma(4 * d + 32));
  });
}

const SMALLEST = powerOfTwo(-460);

const meanOf = (x: Float64Array): number => x.reduce((sum, entry) => sum + entry, 0) / x.length;

/**
 * A bound on |N(x) − N(y)|, entry by entry, both computed in float64, for every x with |x − y| ≤ e.
 *
 *   N(y) = g·y/σ,  σ = √(mean(y²) + ε)
 *
 * As for `layerNormBound`, without the mean: |x/σ_x − y/σ_y| ≤ (e + |n|·rms(e))/(σ_y − rms(e)), n = y/σ_y; sum of
 * squares, root, quotient and gain round |n|·|g| by γ_{d+8}.
 *
 * Shapes: all d. Infinity where e is not small against σ_y, or σ is below 2⁻⁴⁶⁰.
 */
export function rmsNormBound(
  y: Float64Array,
  e: Float64Array,
  gain: Float64Array,
  epsilon: number,
): Float64Array {
  const d = y.length;
  const rms = norm(e) / Math.sqrt(d);
  const deviation = norm(Float64Array.of(norm(y) / Math.sqrt(d), Math.sqrt(epsilon)));
  const sigma = deviation * (1 - gamma(d + 8)) - rms;
  return e.map((entry, i) => {
    if (!(sigma > SMALLEST)) return Infinity;
    const n = Math.abs(y[i]) / deviation;
    const carried = (entry + n * rms) / sigma;
    const rounded = 2 * gamma(d + 8) * (n + carried);
    return (carried + rounded) * Math.abs(gain[i]) * (1 + gamma(4 * d + 32));
  });
}
