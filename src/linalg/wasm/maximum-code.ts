/**
 * The largest of many doubles, as Math.max has it.
 *
 * @module
 */
import {
  type FunctionBuilder,
  type Local,
  type ModuleBuilder,
  set,
  walk,
  when,
} from './assembler.ts';
import { type Code, f64, f64x2, i32, v128 } from './instructions.ts';
import { bytes, DOUBLE, params } from './vector-loop.ts';

const { lane0, lane1, max, ne, pmax, splat } = f64x2;

/**
 * Defines (x, count): max x_i; −∞ for none, NaN if one is NaN, and +0 is above −0.
 *
 * The instruction `max` knows all that and is eight on x86. So a first look is made with `pmax`, which is
 * one, but passes over NaN and takes the zeros for equal: what is NaN is kept apart, and only if the
 * result is a zero a second look decides about its sign.
 */
export function defineMaximum(module: ModuleBuilder): FunctionBuilder {
  const secondLook = defineSecondLook(module.function('exactMaximum'));
  const f = module.function('maximum');
  const [x, count] = params(f, 2);
  const [lane, other] = [f.local('v128'), f.local('v128')];
  const [nans, otherNans] = [f.local('v128'), f.local('v128')];
  const [pair, start, largest, nan] = [
    f.local('v128'),
    f.local('i32'),
    f.local('f64'),
    f.local('f64'),
  ];
  const look = (to: Local, nansTo: Local, offset: number): Code[] => [
    set(pair, v128.load(x, offset)),
    set(to, pmax(to, pair)),
    set(nansTo, v128.or(nansTo, ne(pair, pair))),
  ];
  f.define(
    [
      set(start, x),
      ...along(f, x, count, 4, [lane, other], largest, [
        ...look(lane, nans, 0),
        ...look(other, otherNans, 16),
      ]),
      // A lane of ones is NaN, a lane of zeros +0.
      set(nans, v128.or(nans, otherNans)),
      set(nan, f64.add(lane0(nans), lane1(nans))),
      set(largest, f64.max(largest, f64.add(nan, f64.const(-Infinity)))),
      when(f64.eq(largest, f64.const(0)), set(largest, secondLook.call(start, count))),
    ],
    largest,
  );
  return f;
}

function defineSecondLook(f: FunctionBuilder): FunctionBuilder {
  const [x, count] = params(f, 2);
  const [lane, largest] = [f.local('v128'), f.local('f64')];
  f.define(along(f, x, count, 2, [lane], largest, [set(lane, max(lane, v128.load(x)))]), largest);
  return f;
}

/** largest ← the largest of `lanes`, each from −∞ on through turns of `step` entries, and of the rest. */
function along(
  f: FunctionBuilder,
  x: Local,
  count: Local,
  step: 2 | 4,
  lanes: readonly Local[],
  largest: Local,
  turn: readonly Code[],
): Code[] {
  const [turns, end] = [f.local('i32'), f.local('i32')];
  return [
    ...lanes.map((lane) => set(lane, splat(f64.const(-Infinity)))),
    set(turns, i32.add(x, bytes(i32.and(count, i32.const(-step))))),
    set(end, i32.add(x, bytes(count))),
    walk(x, turns, bytes(i32.const(step)), ...turn),
    set(largest, f64.const(-Infinity)),
    ...lanes.flatMap((lane) =>
      [lane0, lane1].map((part) => set(largest, f64.max(largest, part(lane)))),
    ),
    walk(x, end, DOUBLE, set(largest, f64.max(largest, f64.load(x)))),
  ];
}
