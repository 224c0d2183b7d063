/**
 * eˣ entry by entry, and the softmax of rows, on Wasm, with the bits of `../special/exp.ts` and
 * `../reference/softmax.ts`.
 *
 * @module
 */
import type * as twins from '../reference/softmax.ts';
import type { Crossover } from './crossover.ts';
import { arena } from './memory.ts';
import { type SoftmaxExports, softmaxModule } from './softmax-module.ts';
import { BINARY, stream, streamRows, streamUntil, UNARY } from './streaming.ts';

export { type SoftmaxExports, softmaxModule } from './softmax-module.ts';

/**
 * In ns an entry, in Wasm memory, with copies, and the twin: 16 entries take 8.6, 13.5 and 13.2, 4096
 * take 4.2, 4.5 and 13.3; rows of a matrix the same (Node 20.20, EPYC, November 2026).
 */
export const SOFTMAX_CROSSOVER: Crossover = { resident: 16, copied: 32 };

/** Backwards: 64 entries take 3.1, 5.2 and 3.3, 256 take 1.2, 2.0 and 2.9, 4096 take 0.7, 1.2 and 2.8. */
export const SOFTMAX_BACKWARD_CROSSOVER: Crossover = { resident: 64, copied: 256 };

let shared: SoftmaxExports | undefined;

/** The compiled module. */
export function softmaxKernel(): SoftmaxExports {
  shared ??= arena().instantiate(softmaxModule()) as unknown as SoftmaxExports; // by construction
  return shared;
}

/**
 * Below this many entries a loop over `exp` of one double is as fast or faster: 7.9 ns an entry, copies
 * included, against 9.9 of 64, 11.2 against 10.0 of 32 (Node 20.20, EPYC, November 2026).
 */
export const EXP_CROSSOVER = 64;

/** out_i = exp(x_i), with the bits of `exp` in `special/`; `out` may be x. */
export function exp(x: Float64Array, out: Float64Array): void {
  const { exp: map } = softmaxKernel();
  // x − 0 is x.
  stream(UNARY, [out, x], out.length, ([atOut, atX], count) => map(0, atX, atOut, count));
}

/** The row softmax y[from + j], j < n; returns the largest x, and leaves y alone if it is not finite. */
export const softmax: typeof twins.softmax = (x, y, from, n) => {
  const { softmax: map } = softmaxKernel();
  const room = arena();
  const mark = room.used;
  const atX = room.reach(x, from, n);
  const here = room.holds(y);
  const atY = here ? y.byteOffset + 8 * from : room.allocate(n);
  const m = map(atX, atY, n);
  if (!here && Number.isFinite(m)) room.copyOut(atY, y, from, n);
  room.release(mark);
  return m;
};

/** dx = y·(dy − Σ dy·y) of one row: y from `fromY` on, dy and dx from `from` on. */
export const softmaxBackward: typeof twins.softmaxBackward = (y, fromY, dy, dx, from, n) => {
  const { derivative: map } = softmaxKernel();
  const room = arena();
  const mark = room.used;
  const [atY, atDy] = [room.reach(y, fromY, n), room.reach(dy, from, n)];
  const here = room.holds(dx);
  const atDx = here ? dx.byteOffset + 8 * from : room.allocate(n);
  map(1, atY, atDy, atDx, n);
  if (!here) room.copyOut(atDx, dx, from, n);
  room.release(mark);
};

/** The softmax of each row; the first row whose largest entry is not finite, or −1. */
export const softmaxRows: typeof twins.softmaxRows = (x, y, rows, n) => {
  const { softmaxRows: map } = softmaxKernel();
  return streamUntil(UNARY, [y, x], [n, n], rows, ([atY, atX], count) => map(atX, atY, count, n));
};

/** dx = y·(dy − Σ dy·y), row by row. */
export const softmaxRowsBackward: typeof twins.softmaxRowsBackward = (y, dy, dx, rows, n) => {
  const { derivativeRows: map } = softmaxKernel();
  streamRows(BINARY, [dx, y, dy], [n, n, n], rows, ([atDx, atY, atDy], count) =>
    map(atY, atDy, atDx, count, n),
  );
};
