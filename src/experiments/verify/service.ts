/**
 * The rows of `deltaw verify` as messages. Rows draw from streams of their own, so any worker may take
 * any of them.
 *
 * @module
 */
import { answerThreads, type Service, Workers } from '../../io/index.ts';
import { VERIFICATIONS } from './index.ts';
import type { VerifyRow } from './row.ts';

/** Which row, by its place in VERIFICATIONS, and what to run it with. */
export interface RowTask {
  readonly index: number;
  readonly trials: number;
  readonly seed: number;
}

export type VerifyHandlers = { readonly row: (task: RowTask) => VerifyRow };

const SERVICE: Service<null, VerifyHandlers> = {
  url: import.meta.url,
  serve: () => ({
    row: ({ index, trials, seed }) => VERIFICATIONS[index].run(trials, seed),
  }),
};

/** Workers that run rows. */
export const verifyWorkers = (count: number): Workers<null, VerifyHandlers> =>
  new Workers(count, SERVICE, null);

answerThreads(SERVICE);
