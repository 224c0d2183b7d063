/**
 * `--workers N`, for the commands whose work can be spread over threads.
 *
 * @module
 */
import { availableParallelism } from 'node:os';
import { MOST_WORKERS } from '../io/index.ts';
import { type Flags, type Given, UsageError } from './options.ts';

export const WORKERS_FLAG: Flags = {
  workers: {
    kind: 'number',
    value: 'N',
    help: 'threads; any number gives the same results (default: 2, on one processor 1)',
  },
};

/** How many were asked for. @throws UsageError unless it is an integer from 1 to 64. */
export function workersOf(command: string, { numbers }: Given): number {
  const { workers = Math.min(2, availableParallelism()) } = numbers;
  if (!(Number.isInteger(workers) && workers >= 1 && workers <= MOST_WORKERS)) {
    throw new UsageError(
      `${command}: --workers must be an integer from 1 to ${MOST_WORKERS}, got ${workers}`,
    );
  }
  return workers;
}
