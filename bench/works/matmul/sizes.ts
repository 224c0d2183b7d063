/**
 * The products that are timed, and the operands, which are the same for everybody.
 *
 * @module
 */
import {
  compensatedDot,
  type Matrix,
  matrix,
  Random,
  transpose,
} from '../../../src/linalg/index.ts';
import type { Judge } from '../../runner/contract.ts';
import { relativeError } from '../../runner/errors.ts';

/** a is m×k, b is k×n. */
export interface Sizes {
  readonly m: number;
  readonly k: number;
  readonly n: number;
}

/** Standard normal numbers that float32 has too, so that nobody loses by reading them. */
export function operands({ m, k, n }: Sizes): { a: Matrix; b: Matrix } {
  const random = new Random(1, m, k, n);
  const draw = (rows: number, cols: number): Matrix => {
    const drawn = matrix(rows, cols);
    random.fillNormal(drawn.data);
    return matrix(rows, cols, drawn.data.map(Math.fround));
  };
  return { a: draw(m, k), b: draw(k, n) };
}

/** Entries that are compared with the exact sum: all of a small product, that many of a large one. */
const COMPARED = 4096;

/** Compares with sums in twice the precision (`compensatedDot`). */
export function productJudge(sizes: Sizes): Judge {
  const { m, k, n } = sizes;
  const { a, b } = operands(sizes);
  const columns = transpose(b);
  const random = new Random(2);
  const all = m * n <= COMPARED;
  const places = Array.from({ length: all ? m * n : COMPARED }, (_, i) =>
    all ? i : random.integer(m * n),
  );
  const exact = places.map((place) => {
    const i = Math.floor(place / n);
    const j = place % n;
    return compensatedDot(a.data.slice(i * k, (i + 1) * k), columns.data.slice(j * k, (j + 1) * k));
  });
  return (result) =>
    result.length === m * n
      ? relativeError(
          places.map((place) => result[place]),
          exact,
        )
      : Infinity;
}
