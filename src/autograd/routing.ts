/**
 * Which experts a router selects, and how clearly.
 *
 * @module
 */
import { type Matrix, matrix, requireFinite, ShapeError } from '../linalg/index.ts';
import * as kernels from '../linalg/kernels.ts';

/** What a router decides for one row. */
export interface Route {
  /** The k largest logits by index, the largest first; of equal ones the smaller index first. */
  readonly selected: readonly number[];
  /** The k-th largest logit minus the next; ∞ if there is none. A smaller change keeps the selection. */
  readonly margin: number;
}

/**
 * The selection of `topKRouting(k)` for each row of logits.
 *
 * @throws ShapeError unless 1 ≤ k ≤ the number of columns; NonFiniteError if a logit is not finite.
 */
export function routing(logits: Matrix, k: number): Route[] {
  const { rows, cols, data } = logits;
  if (!(Number.isInteger(k) && k >= 1 && k <= cols)) {
    throw new ShapeError(`routing: k must be an integer from 1 to ${cols}, got ${k}`);
  }
  requireFinite('routing', 'logits', data);
  const kept = matrix(rows, cols).data;
  return Array.from({ length: rows }, (_, i) => {
    const margin = kernels.keepLargest(data, kept, i * cols, cols, k);
    const row = kept.subarray(i * cols, (i + 1) * cols);
    const selected = Array.from(row.keys())
      .filter((j) => row[j] > -Infinity)
      .sort((a, b) => row[b] - row[a] || a - b);
    return { selected, margin };
  });
}
