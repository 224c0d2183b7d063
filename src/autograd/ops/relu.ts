/**
 * The rectifier.
 *
 * @module
 */
import { type Matrix, matrix } from '../../linalg/index.ts';
import * as kernels from '../../linalg/kernels.ts';
import { resultMatrix } from '../../linalg/wasm/workspace.ts';
import { type Op, probeMatrix, requireShapes } from '../op.ts';

/**
 * y = max(x, 0), entry by entry; exact.
 *
 *   backward   dx = dy where y > 0, else 0 (also at the kink)
 *
 * Shapes: all r×c.
 */
export const relu: Op<Matrix> = {
  name: 'relu',
  forward(args) {
    const [x] = args;
    requireShapes('relu', 'one matrix is required', args, 1, () => true);
    const y = resultMatrix(x.rows, x.cols);
    kernels.relu(x.data, y.data);
    return { value: y, saved: y };
  },
  backward(dy, y) {
    const dx = resultMatrix(y.rows, y.cols);
    kernels.reluBackward(y.data, dy.data, dx.data);
    return [dx];
  },
  /** Magnitudes from 0.1 on: the differences reach 2·2⁻⁹ to either side of a probe. */
  probe(random) {
    const x = probeMatrix(3, 4, random);
    return [
      matrix(
        x.rows,
        x.cols,
        x.data.map((entry) => entry + (entry < 0 ? -0.1 : 0.1)),
      ),
    ];
  },
};
