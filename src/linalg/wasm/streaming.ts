/**
 * How operands reach a kernel that works from the first entry to the last.
 *
 * An array that lives in Wasm memory already is worked on where it is. Any other passes through in
 * pieces that stay in the cache: copied in, worked on, copied out.
 *
 * @module
 */
import { arena } from './memory.ts';

/** Doubles of one operand in one piece: 32 KiB, so that three of them stay in the L2 cache. */
export const PIECE = 4096;

/** What a kernel does with an operand. */
export type Use = 'read' | 'write' | 'update';

/** Works on one piece of `rows` rows, the first of them row `from`, with operands at byte addresses. */
type Run = (addresses: readonly number[], rows: number, from: number) => void;

/** The same, returning the row of the piece, counted from 0, at which it stopped, or −1. */
type RunUntil = (addresses: readonly number[], rows: number, from: number) => number;

/**
 * Calls `run` on pieces of whole rows, ascending, until `rows` rows are done.
 *
 * Operand i has `widths[i]` doubles a row. Two operands may be one array if the kernel works in place.
 */
export function streamRows(
  uses: readonly Use[],
  operands: readonly Float64Array[],
  widths: readonly number[],
  rows: number,
  run: Run,
): void {
  streamUntil(uses, operands, widths, rows, (addresses, count, from) => {
    run(addresses, count, from);
    return -1;
  });
}

/**
 * The same until `run` stops at a row: nothing is copied out from that row on. Returns the row, or −1.
 */
export function streamUntil(
  uses: readonly Use[],
  operands: readonly Float64Array[],
  widths: readonly number[],
  rows: number,
  run: RunUntil,
): number {
  const room = arena();
  const copied = operands.map((operand) => !room.holds(operand));
  if (!copied.includes(true)) {
    const there = operands.map(({ byteOffset }) => byteOffset);
    return run(there, rows, 0);
  }
  const mark = room.used;
  const widest = widths.reduce((most, width, i) => (copied[i] ? Math.max(most, width) : most), 1);
  const step = Math.min(rows, Math.max(1, Math.floor(PIECE / widest)));
  const addresses = operands.map((operand, i) =>
    copied[i] ? room.allocate(step * widths[i]) : operand.byteOffset,
  );
  let stopped = -1;
  for (let from = 0; from < rows && stopped < 0; from += step) {
    const count = Math.min(step, rows - from);
    for (let i = 0; i < operands.length; i++) {
      const width = widths[i];
      if (!copied[i]) addresses[i] = operands[i].byteOffset + 8 * from * width;
      else if (uses[i] !== 'write') {
        room.copyIn(addresses[i], operands[i], from * width, count * width);
      }
    }
    const at = run(addresses, count, from);
    if (at >= 0) stopped = from + at;
    const done = at >= 0 ? at : count;
    for (let i = 0; i < operands.length; i++) {
      const width = widths[i];
      if (copied[i] && uses[i] !== 'read') {
        room.copyOut(addresses[i], operands[i], from * width, done * width);
      }
    }
  }
  room.release(mark);
  return stopped;
}

const ONES: readonly number[] = [1, 1, 1, 1, 1, 1, 1, 1];

/** `streamRows` of operands of `count` entries, one a row. */
export const stream = (
  uses: readonly Use[],
  operands: readonly Float64Array[],
  count: number,
  run: Run,
): void => streamRows(uses, operands, ONES, count, run);

/** out = map(x). */
export const UNARY: readonly Use[] = ['write', 'read'];

/** out = map(x, y). */
export const BINARY: readonly Use[] = ['write', 'read', 'read'];
