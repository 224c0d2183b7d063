/**
 * What the factories of operations require of their options.
 *
 * @module
 */
import { DomainError } from '../linalg/index.ts';

/** @throws DomainError naming the first of `counts` that is not a positive integer. */
export function requirePositiveIntegers(
  caller: string,
  counts: Readonly<Record<string, number>>,
): void {
  for (const [what, count] of Object.entries(counts)) {
    if (!(Number.isInteger(count) && count > 0)) {
      throw new DomainError(`${caller}: ${what} must be a positive integer, got ${count}`);
    }
  }
}

/** @throws DomainError naming the first entry that is not an integer from 0 on. */
export function requireIndices(caller: string, what: string, indices: Float64Array): void {
  const wrong = indices.findIndex((index) => !(Number.isInteger(index) && index >= 0));
  if (wrong >= 0) {
    throw new DomainError(
      `${caller}: ${what} must be integers from 0 on, got ${indices[wrong]} at entry ${wrong}`,
    );
  }
}

/** Whether `rows` rows are `batch` sequences of at least one token. */
export const areSequences = (rows: number, batch: number): boolean =>
  rows > 0 && rows % batch === 0;
