/**
 * io: files and threads, for Node.
 *
 *   files.ts                      whole files or none
 *   lock.ts                       one run a folder
 *   workers.ts                    messages answered by a few threads
 *   start-thread.ts, thread.ts    how one begins, and what it does
 *   thread-errors.ts              errors that keep their class on the way
 *   gradient-workers.ts           gradients of micro-batches from them
 *
 * @module
 */
export {
  FileError,
  readIfThere,
  removeIfThere,
  requireWritableFolder,
  writeTogether,
  writeWhole,
} from './files.ts';
export {
  type GradientHandlers,
  type GradientTask,
  type GradientWorkers,
  gradientHandlers,
  gradientsOn,
} from './gradient-workers.ts';
export { lockFolder } from './lock.ts';
export { answerThreads, type Handlers, type Service } from './thread.ts';
export { MOST_WORKERS, WorkerError, Workers } from './workers.ts';
