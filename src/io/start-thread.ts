/**
 * Starting a thread, from TypeScript as from what is built of it.
 *
 * @module
 */
import { Worker } from 'node:worker_threads';
import type { ThreadData } from './thread.ts';

/**
 * A thread registers tsx by itself: in Node 20 neither the loaders of the process nor an `--import`
 * of its own reach the module that it begins with.
 */
const THROUGH_TSX = `
  const { workerData } = require('node:worker_threads');
  import(workerData.loader).then(({ register }) => {
    register();
    return import(workerData.deltawService);
  });
`;

/** A thread that begins with the module `deltawService`. */
export function startThread<Setup>(data: ThreadData<Setup>): Worker {
  const { deltawService: url } = data;
  if (!url.endsWith('.ts')) return new Worker(new URL(url), { workerData: data });
  const loader = import.meta.resolve('tsx/esm/api');
  return new Worker(THROUGH_TSX, { eval: true, execArgv: [], workerData: { ...data, loader } });
}
