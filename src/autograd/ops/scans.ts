/**
 * Sequence maps that treat every column by itself: diagonal scan, running mean, causal convolution.
 *
 * Sequences of T tokens are folded into the rows, `batch` of them. Orders of rounding and the backward
 * formulas stand with the kernels, `linalg/reference/scans.ts`.
 *
 * @module
 */
import { type Matrix, matrix } from '../../linalg/index.ts';
import * as kernels from '../../linalg/kernels.ts';
import { type Op, probeMatrix, requireShapes } from '../op.ts';
import { areSequences, requirePositiveIntegers } from '../options.ts';

const sizesOf = (x: Matrix, batch: number): kernels.ScanSizes => ({
  batch,
  tokens: x.rows / batch,
  cols: x.cols,
});

/**
 * s_t = a_t·s_{t−1} + b_t, every column by itself, from s_{−1} = 0.
 *
 * Shapes: a, b and the value (B·T)×n. a_0 is read by nobody. Backward: from the last token,
 * db_t = ds_t + a_{t+1}·db_{t+1}, da_t = db_t·s_{t−1}.
 *
 * @throws DomainError if batch is not a positive integer; ShapeError if an argument does not fit.
 */
export function diagonalScan({ batch }: { readonly batch: number }): Op<{ a: Matrix; s: Matrix }> {
  requirePositiveIntegers('diagonalScan', { batch });
  return {
    name: `diagonalScan(batch ${batch})`,
    forward(args) {
      const [a, b] = args;
      const needs = `a and b of one shape for ${batch} sequences are required`;
      requireShapes('diagonalScan', needs, args, 2, () => {
        return a.cols === b.cols && a.rows === b.rows && areSequences(a.rows, batch);
      });
      const s = matrix(a.rows, a.cols);
      kernels.diagonalScan(sizesOf(a, batch), a.data, b.data, s.data);
      return { value: s, saved: { a, s } };
    },
    backward(ds, { a, s }) {
      const [da, db] = [matrix(a.rows, a.cols), matrix(a.rows, a.cols)];
      kernels.diagonalScanBackward(
        sizesOf(a, batch),
        { a: a.data, s: s.data, ds: ds.data },
        { da: da.data, db: db.data },
      );
      return [da, db];
    },
    probe: (random) => [probeMatrix(batch * 4, 3, random), probeMatrix(batch * 4, 3, random)],
  };
}

/**
 * y_t = (x_0 + … + x_t)/(t + 1): the mean of all tokens so far, the own one included.
 *
 * Shapes: x and y (B·T)×n. Backward: dx_t = Σ_{j ≥ t} dy_j/(j + 1).
 *
 * @throws as `diagonalScan`.
 */
export function runningMean({ batch }: { readonly batch: number }): Op<null> {
  requirePositiveIntegers('runningMean', { batch });
  return {
    name: `runningMean(batch ${batch})`,
    forward(args) {
      const [x] = args;
      requireShapes('runningMean', `rows for ${batch} sequences are required`, args, 1, () => {
        return areSequences(x.rows, batch);
      });
      const y = matrix(x.rows, x.cols);
      kernels.runningMean(sizesOf(x, batch), x.data, y.data);
      return { value: y, saved: null };
    },
    backward(dy) {
      const dx = matrix(dy.rows, dy.cols);
      kernels.runningMeanBackward(sizesOf(dy, batch), dy.data, dx.data);
      return [dx];
    },
    probe: (random) => [probeMatrix(batch * 4, 3, random)],
  };
}

/**
 * y_t,i = Σ_l w_il·x_{t−l},i over the lags l = 0 … L − 1 that reach a token: depthwise, causal.
 *
 * Shapes: x and y (B·T)×n, w n×L, L > 0. Lag 0 is the token itself (PyTorch's `conv1d` stores the lags the
 * other way round). Tokens L or more before have no influence. A bias is `addBias`.
 *
 * @throws as `diagonalScan`.
 */
export function causalConvolution({ batch }: { readonly batch: number }): Op<readonly Matrix[]> {
  requirePositiveIntegers('causalConvolution', { batch });
  return {
    name: `causalConvolution(batch ${batch})`,
    forward(args) {
      const [x, w] = args;
      const needs = `x (B·T)×n and w n×L for ${batch} sequences are required`;
      requireShapes('causalConvolution', needs, args, 2, () => {
        return w.rows === x.cols && w.cols > 0 && areSequences(x.rows, batch);
      });
      const y = matrix(x.rows, x.cols);
      kernels.causalConvolution(sizesOf(x, batch), x.data, w.data, y.data);
      return { value: y, saved: args };
    },
    backward(dy, [x, w]) {
      const [dx, dw] = [matrix(x.rows, x.cols), matrix(w.rows, w.cols)];
      kernels.causalConvolutionBackward(
        sizesOf(x, batch),
        { x: x.data, w: w.data, dy: dy.data },
        { dx: dx.data, dw: dw.data },
      );
      return [dx, dw];
    },
    probe: (random) => [probeMatrix(batch * 5, 2, random), probeMatrix(2, 3, random)],
  };
}
