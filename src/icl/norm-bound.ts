/**
 * How far layer normalisation carries an error of its input.
 *
 * @module
 */
import { gamma, UNIT_ROUNDOFF } from './rounding-bounds.ts';

/**
 * A bound on |LN(x) − LN(y)|, entry by entry, both computed in float64, for |x − y| ≤ e.
 *
 *   LN(x) = g·c/σ + b,  c = x − mean(x),  σ = √(mean(c²) + ε)
 *
 * With f = e + mean(e): |c_x − c_y| ≤ f, and because σ is the length of the vector (c/√d, √ε),
 * |σ_x − σ_y| ≤ rms(f). Hence |c_x/σ_x − c_y/σ_y| ≤ (f + |n_y|·rms(f))/σ_x with n_y = c_y/σ_y.
 * Computing c moves it by at most t = γ_{d+2}·(|x| + mean|x|), which is added to e for both runs; the
 * sum of squares, the root, the quotient, g and b round |n|·|g| by γ_{d+8} and the result by u.
 *
 * Shapes: all d. `x` and `y` are the two inputs; their difference may exceed e nowhere.
 */
export function layerNormBound(
  x: Float64Array,
  y: Float64Array,
  e: Float64Array,
  gain: Float64Array,
  shift: Float64Array,
  epsilon: number,
): Float64Array {
  const d = x.length;
  const own = (v: Float64Array): Float64Array => {
    const mean = meanOf(v.map(Math.abs));
    return v.map((entry) => gamma(d + 2) * (Math.abs(entry) + mean));
  };
  const [ofX, ofY] = [own(x), own(y)];
  const widened = e.map((entry, i) => entry + ofX[i] + ofY[i]);
  const meanError = meanOf(widened);
  const f = widened.map((entry) => entry + meanError);
  const rms = Math.sqrt(meanOf(f.map((entry) => entry * entry)));
  const [X, Y] = [statistics(x, epsilon), statistics(y, epsilon)];
  // The smaller of the two deviations, less what rounding may have added to it.
  const sigma = Math.min(X.sigma, Y.sigma) * (1 - gamma(d + 8)) - rms;
  return f.map((entry, i) => {
    if (!(sigma > 0)) return Infinity;
    const n = Math.max(Math.abs(X.normalised[i]), Math.abs(Y.normalised[i]));
    const carried = ((entry + n * rms) / sigma) * Math.abs(gain[i]);
    const rounded = 2 * gamma(d + 8) * n * Math.abs(gain[i]);
    const last = 2 * UNIT_ROUNDOFF * (n * Math.abs(gain[i]) + Math.abs(shift[i]));
    return (carried + rounded + last) * (1 + gamma(4 * d + 32)); // its own rounding
  });
}

function statistics(x: Float64Array, epsilon: number): { sigma: number; normalised: Float64Array } {
  const mean = meanOf(x);
  const centred = x.map((entry) => entry - mean);
  const sigma = Math.sqrt(meanOf(centred.map((entry) => entry * entry)) + epsilon);
  return { sigma, normalised: centred.map((entry) => entry / sigma) };
}

const meanOf = (x: Float64Array): number => x.reduce((sum, entry) => sum + entry, 0) / x.length;
