/**
 * Loops over rows whose reductions advance together.
 *
 * @module
 */
import { brIf, type FunctionBuilder, type Local, loop, set, when } from './assembler.ts';
import { type Code, i32 } from './instructions.ts';

/**
 * Rows in a group. With 1, 2 and 4, in ns an entry of 128 rows of 128: layerNorm 1.6, 1.3 and 1.0, rmsNorm
 * 1.1, 0.9 and 0.9, layerNormBackward 1.1, 1.1 and 1.1 (Node 20.20, EPYC, November 2026).
 */
const WAYS = 4;

/** A local for each row of a group. */
export const locals = (f: FunctionBuilder, type: 'i32' | 'f64' | 'v128'): Local[] =>
  Array.from({ length: WAYS }, () => f.local(type));

/** Runs `group` on as many rows as it is given; it must advance r, which counts the rows done, to `rows`. */
export function inGroups(
  f: FunctionBuilder,
  r: Local,
  rows: Local,
  group: (ways: number) => Code[],
): Code[] {
  const together = f.local('i32');
  const until = (end: Local, ways: number): Code =>
    when(i32.ltU(r, end), loop(...group(ways), brIf(0, i32.ltU(r, end))));
  return [set(together, i32.and(rows, i32.const(-WAYS))), until(together, WAYS), until(rows, 1)];
}

/** bases[h] ← the start of row h from `x` on. */
export const setStarts = (bases: readonly Local[], x: Local, step: Local): Code[] =>
  bases.map((base, h) => set(base, h === 0 ? x : i32.add(bases[h - 1], step)));
