/**
 * eˣ entry by entry, and the row softmax, on Wasm, with the bits of `../special/exp.ts` and
 * `../reference/softmax.ts`.
 *
 * @module
 */
import type * as twins from '../reference/softmax.ts';
import { type FunctionBuilder, ModuleBuilder, set, walk, when } from './assembler.ts';
import { expOn, withExpTable } from './exp-code.ts';
import { f64, f64x2, i32, v128 } from './instructions.ts';
import { arena } from './memory.ts';
import { stream, UNARY } from './streaming.ts';
import { bytes, DOUBLE, mapPairs, params } from './vector-loop.ts';

/**
 * Below this many entries the twins are as fast or faster: copies included, both run at 1.1 to 1.4 times
 * their speed on 8 entries, at 1.9 times on 4096 (Node 20.20, EPYC, November 2026).
 */
export const SOFTMAX_CROSSOVER = 8;

/** What the module exports: addresses in bytes, counts in doubles; `out` may be `x`. */
export interface SoftmaxExports {
  /** max x_i as Math.max has it; −∞ for none. */
  maximum(x: number, count: number): number;
  /** Σ x_i in the two-lane order. */
  sum(x: number, count: number): number;
  /** out = exp(x − shift). */
  exp(shift: number, x: number, out: number, count: number): void;
  /** out = x/divisor. */
  divide(divisor: number, x: number, out: number, count: number): void;
  /** out = softmax(x), if the largest entry is finite; returns the largest. */
  softmax(x: number, out: number, count: number): number;
}

/** The binary of a module with these exports. */
export function softmaxModule(): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  withExpTable(module);
  const maximum = defineMaximum(module.function('maximum'));
  const sum = defineSum(module.function('sum'));
  const exp = defineExp(module.function('exp'));
  const divide = defineDivide(module.function('divide'));

  const f = module.function('softmax');
  const [x, out, count] = params(f, 3);
  const m = f.local('f64');
  const finite = f64.eq(f64.sub(m, m), f64.const(0));
  f.define(
    [
      set(m, maximum.call(x, count)),
      when(finite, exp.call(m, x, out, count), divide.call(sum.call(out, count), out, out, count)),
    ],
    m,
  );
  return module.bytes();
}

/**
 * The order of the entries does not matter to a maximum, so each lane of two pairs has its own: one
 * pair alone waits for itself.
 */
function defineMaximum(f: FunctionBuilder): FunctionBuilder {
  const [x, count] = params(f, 2);
  const [turns, end, largest] = [f.local('i32'), f.local('i32'), f.local('f64')];
  const lanes = [f.local('v128'), f.local('v128')];
  const both = f64x2.max(lanes[0], lanes[1]);
  f.define(
    [
      ...lanes.map((lane) => set(lane, f64x2.splat(f64.const(-Infinity)))),
      set(turns, i32.add(x, bytes(i32.and(count, i32.const(-4))))),
      set(end, i32.add(x, bytes(count))),
      walk(
        x,
        turns,
        i32.const(32),
        ...lanes.map((lane, h) => set(lane, f64x2.max(lane, v128.load(x, 16 * h)))),
      ),
      set(lanes[0], both),
      set(largest, f64.max(f64x2.lane0(lanes[0]), f64x2.lane1(lanes[0]))),
      walk(x, end, DOUBLE, set(largest, f64.max(largest, f64.load(x)))),
    ],
    largest,
  );
  return f;
}

/** Even terms in one lane, odd ones in the other, then the last of an odd number. */
function defineSum(f: FunctionBuilder): FunctionBuilder {
  const [x, count] = params(f, 2);
  const [pairs, end, total, lanes] = [
    f.local('i32'),
    f.local('i32'),
    f.local('f64'),
    f.local('v128'),
  ];
  f.define(
    [
      set(pairs, i32.add(x, bytes(i32.and(count, i32.const(-2))))),
      set(end, i32.add(x, bytes(count))),
      walk(x, pairs, i32.const(16), set(lanes, f64x2.add(v128.load(x), lanes))),
      set(total, f64.add(f64x2.lane0(lanes), f64x2.lane1(lanes))),
      walk(x, end, DOUBLE, set(total, f64.add(total, f64.load(x)))),
    ],
    total,
  );
  return f;
}

function defineExp(f: FunctionBuilder): FunctionBuilder {
  const shift = f.param('f64');
  const [x, out, count] = params(f, 3);
  const exp = expOn(f);
  const apply = mapPairs(f, [x], out, count, (pair) => exp(f64x2.sub(pair, f64x2.splat(shift))));
  f.define(apply);
  return f;
}

function defineDivide(f: FunctionBuilder): FunctionBuilder {
  const divisor = f.param('f64');
  const [x, out, count] = params(f, 3);
  f.define(mapPairs(f, [x], out, count, (pair) => f64x2.div(pair, f64x2.splat(divisor))));
  return f;
}

let shared: SoftmaxExports | undefined;

/** The compiled module. */
function kernel(): SoftmaxExports {
  shared ??= arena().instantiate(softmaxModule()) as unknown as SoftmaxExports; // by construction
  return shared;
}

/** out_i = exp(x_i), with the bits of `exp` in `special/`; `out` may be x. */
export function exp(x: Float64Array, out: Float64Array): void {
  const { exp: map } = kernel();
  // x − 0 is x.
  stream(UNARY, [out, x], out.length, ([atOut, atX], count) => map(0, atX, atOut, count));
}

/** The row softmax y[from + j], j < n; returns the largest x, and leaves y alone if it is not finite. */
export const softmax: typeof twins.softmax = (x, y, from, n) => {
  const { softmax: map } = kernel();
  const room = arena();
  if (room.holds(x) && room.holds(y))
    return map(x.byteOffset + 8 * from, y.byteOffset + 8 * from, n);
  const mark = room.used;
  const at = room.allocate(n);
  room.copyIn(at, x, from, n);
  const m = map(at, at, n);
  if (Number.isFinite(m)) room.copyOut(at, y, from, n);
  room.release(mark);
  return m;
};
