/**
 * What the process ends with.
 *
 * @module
 */

export const EXIT = {
  /** Done, and every check holds. */
  ok: 0,
  /** Done, and a check failed. */
  checkFailed: 1,
  /** The command line was not understood. */
  usage: 2,
  /** Input that cannot be used, or a file that cannot be read or written. */
  badInput: 3,
  /** Interrupted; the same command goes on where it stopped. */
  resumable: 75,
} as const;
