/**
 * The loop that the kernels on vectors share: two pairs a turn, then what is left, one by one.
 *
 * The last entries are computed on a pair of copies of themselves, so each map is written once.
 *
 * @module
 */
import { advance, type FunctionBuilder, type Local, set, walk } from './assembler.ts';
import { type Code, f64, f64x2, i32, sequence, v128 } from './instructions.ts';

/** Bytes of a double, and of what one turn of the loop takes. */
export const DOUBLE: Code = i32.const(8);
const TURN = i32.const(32);

/** The address `entries` doubles long. */
export const bytes = (entries: Code): Code => i32.shl(entries, i32.const(3));

/** Declares `count` integer parameters. */
export const params = (f: FunctionBuilder, count: number): Local[] =>
  Array.from({ length: count }, () => f.param('i32'));

/**
 * Writes apply(x₀, x₁, …) to the `count` doubles from `out` on, x being the doubles from `inputs` on.
 * All pointers are moved past what they read or wrote; `out` may be one of the inputs' addresses.
 */
export function mapPairs(
  f: FunctionBuilder,
  inputs: readonly Local[],
  out: Local,
  count: Code,
  apply: (...pairs: Code[]) => Code,
): Code[] {
  const [end, turns] = [f.local('i32'), f.local('i32')];
  const pairs = inputs.map(() => f.local('v128'));
  const applied = (load: (input: Local) => Code): Code =>
    sequence('v128', ...pairs.map((pair, i) => set(pair, load(inputs[i]))), apply(...pairs));
  const at = (offset: number): Code =>
    v128.store(
      out,
      applied((input) => v128.load(input, offset)),
      offset,
    );
  const last = f64x2.lane0(applied((input) => v128.loadSplat(input)));
  const move = (step: Code): Code[] => inputs.map((input) => advance(input, step));
  return [
    set(end, i32.add(out, bytes(count))),
    set(turns, i32.add(out, bytes(i32.and(count, i32.const(-4))))),
    walk(out, turns, TURN, at(0), at(16), ...move(TURN)),
    walk(out, end, DOUBLE, f64.store(out, last), ...move(DOUBLE)),
  ];
}
