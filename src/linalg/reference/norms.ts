/**
 * Plain twins of layer normalisation and root-mean-square normalisation, row by row.
 *
 * Letters: r rows of c numbers; z the normalised rows, s one divisor a row; gains and shifts are one
 * row of c numbers. Reductions over a row have the two-lane order of `reductions.ts`; sums over
 * rows take i ascending from +0. Every line below is rounded operation by operation, as written.
 * Sizes are trusted, outputs are overwritten and never read.
 *
 * @module
 */
import { dot, sum } from './reductions.ts';

/**
 * z_j = (x_j − μ)/s,  y_j = z_j·g_j + b_j,  μ = (Σ x_j)/c,  s = √((Σ (x_j − μ)²)/c + ε).
 *
 * Returns the first row whose s is not a positive finite number, with nothing written from that row
 * on, or −1 if there is none. Source: Ba, Kiros & Hinton, Layer Normalization, arXiv:1607.06450.
 */
export function layerNorm(
  epsilon: number,
  x: Float64Array,
  g: Float64Array,
  b: Float64Array,
  y: Float64Array,
  z: Float64Array,
  s: Float64Array,
): number {
  const c = g.length;
  const centred = new Float64Array(c);
  for (let i = 0; i < s.length; i++) {
    const row = i * c;
    const mean = sum(x, row, c) / c;
    for (let j = 0; j < c; j++) centred[j] = x[row + j] - mean;
    const divisor = Math.sqrt(dot(centred, 0, centred, 0, c) / c + epsilon);
    if (!(divisor > 0 && divisor < Infinity)) return i;
    s[i] = divisor;
    for (let j = 0; j < c; j++) {
      z[row + j] = centred[j] / divisor;
      y[row + j] = z[row + j] * g[j] + b[j];
    }
  }
  return -1;
}

/**
 * dx_j = ((t_j − (Σ t_k)/c) − z_j·((Σ t_k·z_k)/c))/s with t_j = dy_j·g_j.
 *
 * dg is `sumOfRowProducts` of dy and z, db is `sumOfRows` of dy.
 */
export function layerNormBackward(
  g: Float64Array,
  z: Float64Array,
  s: Float64Array,
  dy: Float64Array,
  dx: Float64Array,
): void {
  const c = g.length;
  const t = new Float64Array(c);
  for (let i = 0; i < s.length; i++) {
    const row = i * c;
    for (let j = 0; j < c; j++) t[j] = dy[row + j] * g[j];
    const mean = sum(t, 0, c) / c;
    const along = dot(t, 0, z, row, c) / c;
    for (let j = 0; j < c; j++) dx[row + j] = (t[j] - mean - z[row + j] * along) / s[i];
  }
}

/**
 * z_j = x_j/s,  y_j = z_j·(offset + g_j),  s = √((Σ x_j²)/c + ε).
 *
 * Returns the first row whose s is not a positive finite number, as `layerNorm`. Source: Zhang &
 * Sennrich, Root Mean Square Layer Normalization, arXiv:1910.07467; offset 1 is Gemma's gain.
 */
export function rmsNorm(
  epsilon: number,
  offset: number,
  x: Float64Array,
  g: Float64Array,
  y: Float64Array,
  z: Float64Array,
  s: Float64Array,
): number {
  const c = g.length;
  for (let i = 0; i < s.length; i++) {
    const row = i * c;
    const divisor = Math.sqrt(dot(x, row, x, row, c) / c + epsilon);
    if (!(divisor > 0 && divisor < Infinity)) return i;
    s[i] = divisor;
    for (let j = 0; j < c; j++) {
      z[row + j] = x[row + j] / divisor;
      y[row + j] = z[row + j] * (offset + g[j]);
    }
  }
  return -1;
}

/** dx_j = (t_j − z_j·((Σ t_k·z_k)/c))/s with t_j = dy_j·(offset + g_j). */
export function rmsNormBackward(
  offset: number,
  g: Float64Array,
  z: Float64Array,
  s: Float64Array,
  dy: Float64Array,
  dx: Float64Array,
): void {
  const c = g.length;
  const t = new Float64Array(c);
  for (let i = 0; i < s.length; i++) {
    const row = i * c;
    for (let j = 0; j < c; j++) t[j] = dy[row + j] * (offset + g[j]);
    const along = dot(t, 0, z, row, c) / c;
    for (let j = 0; j < c; j++) dx[row + j] = (t[j] - z[row + j] * along) / s[i];
  }
}
