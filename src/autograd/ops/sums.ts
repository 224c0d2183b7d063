/**
 * All entries as one number.
 *
 * @module
 */
import { type Matrix, matrix } from '../../linalg/index.ts';
import * as kernels from '../../linalg/kernels.ts';
import { type Op, probeMatrix, requireShapes } from '../op.ts';

interface Saved {
  readonly rows: number;
  readonly cols: number;
}

const filled = ({ rows, cols }: Saved, entry: number): Matrix =>
  matrix(rows, cols, new Float64Array(rows * cols).fill(entry));

/** y = Σ x_ij in the two-lane order. Backward: dx_ij = dy. Shapes: x r×c, y 1×1. */
export const sum: Op<Saved> = {
  name: 'sum',
  forward(args) {
    const [x] = args;
    requireShapes('sum', 'one matrix is required', args, 1, () => true);
    const total = kernels.sum(x.data, 0, x.data.length);
    return { value: matrix(1, 1, Float64Array.of(total)), saved: { rows: x.rows, cols: x.cols } };
  },
  backward: (dy, shape) => [filled(shape, dy.data[0])],
  probe: (random) => [probeMatrix(3, 5, random)],
};

/**
 * y = (Σ x_ij)/(r·c), the sum in the two-lane order. Backward: dx_ij = dy/(r·c).
 *
 * Shapes: x r×c with at least one entry, y 1×1.
 *
 * @throws ShapeError if x has no entry.
 */
export const mean: Op<Saved> = {
  name: 'mean',
  forward(args) {
    const [x] = args;
    requireShapes('mean', 'one matrix with entries is required', args, 1, () => x.data.length > 0);
    const average = kernels.sum(x.data, 0, x.data.length) / x.data.length;
    return { value: matrix(1, 1, Float64Array.of(average)), saved: { rows: x.rows, cols: x.cols } };
  },
  backward: (dy, shape) => [filled(shape, dy.data[0] / (shape.rows * shape.cols))],
  probe: (random) => [probeMatrix(3, 5, random)],
};
