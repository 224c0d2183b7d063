/**
 * The smooth activations, entry by entry. The rectifier stands in `relu.ts`.
 *
 *   forward    y = f(x), and f′(x) is kept
 *   backward   dx = f′(x)·dy
 *
 * Shapes: all r×c. Values and slopes are as accurate as the functions of one double in
 * `linalg/special`.
 *
 * @module
 */
import type { Matrix } from '../../linalg/index.ts';
import * as kernels from '../../linalg/kernels.ts';
import { resultMatrix } from '../../linalg/wasm/workspace.ts';
import { type Op, probeMatrix, requireShapes } from '../op.ts';

/** GELU with the error function: x·Φ(x). PyTorch's default. */
export const gelu: Op<Matrix> = pointwise('gelu', kernels.gelu);

/** GELU with the hyperbolic tangent: x·sigmoid(2·√(2/π)·(x + 0.044715·x³)). JAX's default. */
export const geluTanh: Op<Matrix> = pointwise('geluTanh', kernels.geluTanh);

/** x·sigmoid(x). */
export const silu: Op<Matrix> = pointwise('silu', kernels.silu);

/** The hyperbolic tangent. */
export const tanh: Op<Matrix> = pointwise('tanh', kernels.tanh);

/** 1/(1 + e⁻ˣ). */
export const sigmoid: Op<Matrix> = pointwise('sigmoid', kernels.sigmoid);

/** log(1 + eˣ). */
export const softplus: Op<Matrix> = pointwise('softplus', kernels.softplus);

/** The operation of a kernel that writes value and slope. */
function pointwise(
  name: string,
  kernel: (x: Float64Array, y: Float64Array, slope: Float64Array) => void,
): Op<Matrix> {
  return {
    name,
    forward(args) {
      const [x] = args;
      requireShapes(name, 'one matrix is required', args, 1, () => true);
      const y = resultMatrix(x.rows, x.cols);
      const slope = resultMatrix(x.rows, x.cols);
      kernel(x.data, y.data, slope.data);
      return { value: y, saved: slope };
    },
    backward(dy, slope) {
      const dx = resultMatrix(dy.rows, dy.cols);
      kernels.multiply(slope.data, dy.data, dx.data);
      return [dx];
    },
    /** Up to ±2, where every one of these functions bends. */
    probe(random) {
      const x = probeMatrix(3, 4, random);
      kernels.scale(2, x.data, x.data);
      return [x];
    },
  };
}
