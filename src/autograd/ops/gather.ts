/**
 * Rows by number: a copy forwards, a sum over repeated rows backwards.
 *
 *   forward    y_i = x_{indices[i]}, bits and all
 *   backward   dx_k = Σ dy_i over the i with indices[i] = k, i ascending; 0 for rows not taken
 *
 * @module
 */
import * as kernels from '../../linalg/kernels.ts';
import { resultMatrix } from '../../linalg/wasm/workspace.ts';
import { type Op, probeMatrix, requireShapes } from '../op.ts';
import { requireIndices } from '../options.ts';

/**
 * The rows of a table of embeddings that belong to token ids, in their order.
 *
 * Shapes: the table is V×d, the value ids.length×d.
 *
 * @throws DomainError if an id is not an integer from 0 on; ShapeError if the table has no such row.
 */
export function embedding(ids: ArrayLike<number>): Op<number> {
  return gather('embedding', 'ids', ids);
}

/**
 * The given rows of a matrix, in the given order, repeated where an index is.
 *
 * Shapes: x is r×c, the value indices.length×c.
 *
 * @throws DomainError if an index is not an integer from 0 on; ShapeError if x has no such row.
 */
export function takeRows(indices: ArrayLike<number>): Op<number> {
  return gather('takeRows', 'rows', indices);
}

function gather(name: string, what: string, list: ArrayLike<number>): Op<number> {
  const indices = Float64Array.from(list);
  requireIndices(name, what, indices);
  const largest = indices.reduce((max, index) => Math.max(max, index), -1);
  return {
    name: `${name}(${indices.length} ${what})`,
    forward(args) {
      const [x] = args;
      requireShapes(name, `a matrix with a row ${largest} is required`, args, 1, () => {
        return x.rows > largest;
      });
      const y = resultMatrix(indices.length, x.cols);
      kernels.takeRows(x.data, indices, y.data, x.cols);
      return { value: y, saved: x.rows };
    },
    backward(dy, rows) {
      const dx = resultMatrix(rows, dy.cols);
      kernels.addToTakenRows(dy.data, indices, dx.data, dy.cols);
      return [dx];
    },
    /** One row more than is taken, so that one has the gradient 0. */
    probe: (random) => [probeMatrix(largest + 2, 3, random)],
  };
}
