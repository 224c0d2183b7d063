/**
 * The matrix product in float32 arithmetic: every product and every sum rounded to float32.
 *
 * @module
 */
import { ShapeError } from './errors.ts';
import { type Matrix, matrix } from './matrix.ts';

/**
 * a·bᵀ as a processor without fused multiply-add computes it in float32, k ascending from +0.
 *
 * A product of two float32 numbers is exact in double; the sum of two is rounded to 53 bits and then to
 * 24, which gives what rounding once gives, since 53 ≥ 2·24 + 2 (Figueroa, When is double rounding
 * innocuous?, SIGNUM Newsletter 30, 1995). So the values are those of float32 hardware, bit for bit.
 *
 * Shapes: a m×k, b n×k give m×n. Entries that are not float32 numbers are rounded to it first.
 *
 * @throws ShapeError if the inner sizes differ.
 */
export function multiplyNTFloat32(a: Matrix, b: Matrix): Matrix {
  if (a.cols !== b.cols) {
    throw new ShapeError(
      `multiplyNTFloat32: two matrices with as many columns are required, got ${a.rows}x${a.cols} and ` +
        `${b.rows}x${b.cols}`,
    );
  }
  const [x, w] = [Float32Array.from(a.data), Float32Array.from(b.data)];
  const [m, k, n] = [a.rows, a.cols, b.rows];
  const c = matrix(m, n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let p = 0; p < k; p++) {
        sum = Math.fround(sum + Math.fround(x[i * k + p] * w[j * k + p]));
      }
      c.data[i * n + j] = sum;
    }
  }
  return c;
}
