/**
 * Plain twins of the sequence maps that treat every column by itself: the diagonal scan, the running
 * mean and the causal convolution, with their transposes.
 *
 * Letters: B sequences of T tokens, n columns; x, y and the like are (B·T)×n, row-major. Sizes are
 * trusted, outputs are overwritten and never read.
 *
 * @module
 */

/** The sizes above. */
export interface ScanSizes {
  readonly batch: number;
  readonly tokens: number;
  readonly cols: number;
}

/** s_t = a_t·s_{t−1} + b_t with s_{−1} = 0; the first row is a copy of b_0. */
export function diagonalScan(
  { batch, tokens, cols: n }: ScanSizes,
  a: Float64Array,
  b: Float64Array,
  s: Float64Array,
): void {
  for (let row = 0; row < batch * tokens; row++) {
    for (let i = row * n; i < (row + 1) * n; i++) {
      s[i] = row % tokens === 0 ? b[i] : a[i] * s[i - n] + b[i];
    }
  }
}

/** From the last token: db_t = ds_t + a_{t+1}·db_{t+1},  da_t = db_t·s_{t−1} (0 at t = 0). */
export function diagonalScanBackward(
  { batch, tokens, cols: n }: ScanSizes,
  inputs: { a: Float64Array; s: Float64Array; ds: Float64Array },
  outputs: { da: Float64Array; db: Float64Array },
): void {
  const { a, s, ds } = inputs;
  const { da, db } = outputs;
  for (let row = batch * tokens - 1; row >= 0; row--) {
    const t = row % tokens;
    for (let i = row * n; i < (row + 1) * n; i++) {
      db[i] = t === tokens - 1 ? ds[i] : ds[i] + a[i + n] * db[i + n];
      da[i] = t === 0 ? 0 : db[i] * s[i - n];
    }
  }
}

/** y_t = (Σ_{j ≤ t} x_j)/(t + 1), j ascending from x_0. */
export function runningMean(
  { batch, tokens, cols: n }: ScanSizes,
  x: Float64Array,
  y: Float64Array,
): void {
  const total = new Float64Array(n);
  for (let row = 0; row < batch * tokens; row++) {
    const t = row % tokens;
    for (let i = 0; i < n; i++) {
      total[i] = t === 0 ? x[row * n + i] : total[i] + x[row * n + i];
      y[row * n + i] = total[i] / (t + 1);
    }
  }
}

/** dx_t = Σ_{j ≥ t} dy_j/(j + 1), j descending from the last token. */
export function runningMeanBackward(
  { batch, tokens, cols: n }: ScanSizes,
  dy: Float64Array,
  dx: Float64Array,
): void {
  for (let row = batch * tokens - 1; row >= 0; row--) {
    const t = row % tokens;
    for (let i = row * n; i < (row + 1) * n; i++) {
      const own = dy[i] / (t + 1);
      dx[i] = t === tokens - 1 ? own : dx[i + n] + own;
    }
  }
}

/**
 * y_t,i = Σ_l w_il·x_{t−l},i over the lags l < L with t − l ≥ 0, ascending from +0. Shape: w is n×L.
 * Lag 0 is the token itself, so w is PyTorch's `weight` with the last axis reversed.
 */
export function causalConvolution(
  { batch, tokens, cols: n }: ScanSizes,
  x: Float64Array,
  w: Float64Array,
  y: Float64Array,
): void {
  const L = n === 0 ? 0 : w.length / n;
  for (let row = 0; row < batch * tokens; row++) {
    const lags = Math.min(L, (row % tokens) + 1);
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let l = 0; l < lags; l++) sum += w[i * L + l] * x[(row - l) * n + i];
      y[row * n + i] = sum;
    }
  }
}

/**
 * dx_t,i = Σ_l w_il·dy_{t+l},i over the lags with t + l < T, ascending from +0;
 * dw_il = Σ dy_t,i·x_{t−l},i over the rows t ≥ l of all sequences, ascending from +0.
 */
export function causalConvolutionBackward(
  { batch, tokens, cols: n }: ScanSizes,
  inputs: { x: Float64Array; w: Float64Array; dy: Float64Array },
  outputs: { dx: Float64Array; dw: Float64Array },
): void {
  const { x, w, dy } = inputs;
  const { dx, dw } = outputs;
  const L = n === 0 ? 0 : w.length / n;
  dw.fill(0);
  for (let row = 0; row < batch * tokens; row++) {
    const t = row % tokens;
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let l = 0; l < Math.min(L, tokens - t); l++) sum += w[i * L + l] * dy[(row + l) * n + i];
      dx[row * n + i] = sum;
      for (let l = 0; l < Math.min(L, t + 1); l++) {
        dw[i * L + l] += dy[row * n + i] * x[(row - l) * n + i];
      }
    }
  }
}
