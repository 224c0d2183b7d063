/**
 * Values that stay in Wasm memory while a computation runs.
 *
 * A kernel works on an array of Wasm memory where it is; any other has to be copied in and out. So
 * inside `inWorkspace` the results of operations are made there: no copies, no fresh pages, nothing
 * for the collector. They are ordinary Float64Arrays to everyone else, until the end, when the room
 * is given back: what is to be kept must be copied out before.
 *
 * @module
 */
import { type Matrix, matrix } from '../matrix.ts';
import { arena, wasmReady } from './memory.ts';

/** Doubles left free for what kernels copy and pack: 32 MiB. */
const KERNEL_ROOM = 4194304;

let open = 0;

/** Runs `body` with the results of its operations in Wasm memory, if there is any. */
export function inWorkspace<T>(body: () => T): T {
  if (!wasmReady()) return body();
  const room = arena();
  const mark = room.used;
  room.pin();
  open++;
  try {
    return body();
  } finally {
    open--;
    room.unpin();
    room.release(mark);
  }
}

/** `count` numbers to be overwritten. In a workspace they may be anything, elsewhere they are 0. */
export function resultArray(count: number): Float64Array {
  return open > 0 && count > 0 && arena().fits(count + KERNEL_ROOM)
    ? arena().take(count)
    : new Float64Array(count);
}

/** A matrix to be overwritten. In a workspace its entries may be anything, elsewhere they are 0. */
export function resultMatrix(rows: number, cols: number): Matrix {
  return matrix(rows, cols, resultArray(rows * cols));
}
