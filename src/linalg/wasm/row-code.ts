/**
 * Code that the kernels on rows share: a walk along a row, and sums in the two-lane order.
 *
 * That order fixes which terms meet: even ones in lane 0, odd ones in lane 1, then the lanes, then the
 * last of an odd number. It says nothing about other rows, so the sums of several rows may advance
 * together, each in its own accumulator; alone, a sum waits for itself at every pair.
 *
 * @module
 */
import { advance, type FunctionBuilder, type Local, set, walk, when } from './assembler.ts';
import { type Code, f64, f64x2, i32, v128 } from './instructions.ts';
import { bytes } from './vector-loop.ts';

const PAIR = i32.const(16);

/** Reads the pair at a byte address, or the one entry there into both lanes. */
export type Load = (address: Code) => Code;

/** Statements for every pair of a row, and those for the entry that is left of an odd number. */
interface Walk {
  readonly pairs: Code[];
  readonly last: Code;
}

/** Runs `pair` on the byte offsets j of the pairs among `count` doubles, then `last` on what is left. */
export function alongRow(
  f: FunctionBuilder,
  count: Code,
  pair: (j: Local) => readonly Code[],
  last: (j: Local) => readonly Code[],
): Walk {
  const [j, end] = [f.local('i32'), f.local('i32')];
  return {
    pairs: [
      set(j, i32.const(0)),
      set(end, bytes(i32.and(count, i32.const(-2)))),
      walk(j, end, PAIR, ...pair(j)),
    ],
    last: when(i32.and(count, i32.const(1)), ...last(j)),
  };
}

/** What a sum adds: of a pair of entries, or of one entry twice, j bytes into the row. */
export type Term = (load: Load, j: Local) => Code;

/** Sets each total to the sum of its terms over `count` doubles, in the two-lane order. */
export function sumInLanes(
  f: FunctionBuilder,
  count: Code,
  totals: readonly Local[],
  terms: readonly Term[],
): Code[] {
  const lanes = totals.map(() => f.local('v128'));
  const { pairs, last } = alongRow(
    f,
    count,
    (j) => lanes.map((lane, r) => set(lane, f64x2.add(lane, terms[r](v128.load, j)))),
    (j) =>
      totals.map((total, r) =>
        set(total, f64.add(total, f64x2.lane0(terms[r](v128.loadSplat, j)))),
      ),
  );
  return [
    ...lanes.map((lane) => set(lane, f64x2.splat(f64.const(0)))),
    ...pairs,
    ...lanes.map((lane, r) => set(totals[r], f64.add(f64x2.lane0(lane), f64x2.lane1(lane)))),
    last,
  ];
}

/** Runs `body` for `rows` rows; each pointer is moved by its step, in bytes, after every row. */
export function alongRows(
  f: FunctionBuilder,
  rows: Code,
  pointers: readonly (readonly [Local, Code])[],
  ...body: Code[]
): Code {
  const moves = pointers.map(([pointer, step]) => advance(pointer, step));
  return walk(f.local('i32'), rows, i32.const(1), ...body, ...moves);
}
