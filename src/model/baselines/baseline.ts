/**
 * What a baseline is: a prediction at x from pairs (x_j, y_j) alone, without any training.
 *
 *   i pairs of d inputs and a label: X i×d, y of i numbers
 *
 * Source: Garg et al., arXiv:2208.01066, section 3 and `models.py` of their code.
 *
 * @module
 */
import {
  type Matrix,
  matrix,
  NonFiniteError,
  requireFinite,
  requireMatrix,
  requireVector,
  rowOf,
  ShapeError,
} from '../../linalg/index.ts';
import type { LinearPrompt } from '../linear-task.ts';

/** ŷ at x of at least one pair; may trust shapes, and that all numbers are finite. */
export type Rule = (X: Matrix, y: Float64Array, x: Float64Array) => number;

/** A named rule of prediction. */
export interface Baseline {
  readonly name: string;
  /**
   * ŷ at x from the rows of X and their labels y; 0 if there is none.
   *
   * @throws ShapeError, TypeError; NonFiniteError if an argument or the prediction is not finite.
   */
  predict(X: Matrix, y: Float64Array, x: Float64Array): number;
}

/** The baseline of a rule: with checked arguments, and 0 for no pairs. */
export function baselineOf(name: string, rule: Rule): Baseline {
  return {
    name,
    predict(X, y, x) {
      requirePairs(name, X, y);
      requireVector(name, 'x', x);
      if (x.length !== X.cols) {
        throw new ShapeError(`${name}: x needs ${X.cols} entries, got ${x.length}`);
      }
      requireFinite(name, 'x', x);
      const prediction = X.rows === 0 ? 0 : rule(X, y, x);
      if (!Number.isFinite(prediction)) {
        throw new NonFiniteError(`${name}: the prediction must be finite, got ${prediction}`);
      }
      return prediction;
    },
  };
}

/** Refuses pairs that do not fit or are not finite. */
export function requirePairs(caller: string, X: Matrix, y: Float64Array): void {
  requireMatrix(caller, 'X', X);
  requireVector(caller, 'y', y);
  if (y.length !== X.rows) {
    throw new ShapeError(`${caller}: ${X.rows} inputs need as many labels, got ${y.length}`);
  }
  requireFinite(caller, 'X', X.data);
  requireFinite(caller, 'y', y);
}

/**
 * n predictions: the one at row i of X is made from the rows before it, so the first is 0.
 *
 * Shapes: X n×d, y of n numbers; the last label is not read.
 *
 * @throws as the baseline does.
 */
export function predictPrefixes(baseline: Baseline, X: Matrix, y: Float64Array): Float64Array {
  requirePairs(baseline.name, X, y);
  return Float64Array.from(y, (_, i) =>
    baseline.predict(matrix(i, X.cols, X.data.slice(0, i * X.cols)), y.slice(0, i), rowOf(X, i)),
  );
}

/**
 * N + 1 predictions of the label of a prompt's query: from its first i pairs, i = 0 … N.
 *
 * @throws ShapeError if the query has not the width of the context; as the baseline does.
 */
export function predictQuery(baseline: Baseline, { context, query }: LinearPrompt): Float64Array {
  const { rows, cols } = context;
  if (query.length !== cols || cols === 0) {
    throw new ShapeError(
      `predictQuery: a query as wide as the context is required, at least 1, ` +
        `got ${query.length} and ${cols}`,
    );
  }
  const d = cols - 1;
  const inputs = matrix(rows, d);
  const labels = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    inputs.data.set(context.data.subarray(i * cols, i * cols + d), i * d);
    labels[i] = context.data[i * cols + d];
  }
  const x = query.slice(0, d);
  return Float64Array.from({ length: rows + 1 }, (_, i) =>
    baseline.predict(matrix(i, d, inputs.data.slice(0, i * d)), labels.slice(0, i), x),
  );
}
