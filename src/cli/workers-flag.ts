/**
 * `--workers N`, for the commands whose work can be spread over threads.
 *
 * @module
 */
import { availableParallelism } from 'node:os';
import { MOST_WORKERS } from '../io/index.ts';
import { type Flags, type Given, UsageError } from './options.ts';

/** The flag, with what its default is in words. */
export const workersFlag = (byDefault: string): Flags => ({
  workers: {
    kind: 'number',
    value: 'N',
    help: `threads; any number gives the same results (default: ${byDefault})`,
  },
});

/**
 * How many were asked for; by default `byDefault`, or as many as there are processors.
 *
 * @throws UsageError unless it is an integer from 1 to 64.
 */
export function workersOf(command: string, { numbers }: Given, byDefault: number): number {
  const { workers = Math.min(byDefault, availableParallelism()) } = numbers;
  if (!(Number.isInteger(workers) && workers >= 1 && workers <= MOST_WORKERS)) {
    throw new UsageError(
      `${command}: --workers must be an integer from 1 to ${MOST_WORKERS}, got ${workers}`,
    );
  }
  return workers;
}
