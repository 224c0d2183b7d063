/**
 * Sum, dot product and maximum of long arrays on Wasm, with the bits of `../reference/reductions.ts`.
 *
 * The two lanes of a sum are kept in memory from piece to piece. What comes after them, their sum and the
 * last term of an odd number, is left to the caller's side.
 *
 * @module
 */
import type * as twins from '../reference/reductions.ts';
import { type FunctionBuilder, ModuleBuilder, set } from './assembler.ts';
import type { Crossover } from './crossover.ts';
import { type Code, f64x2, i32, v128 } from './instructions.ts';
import { defineMaximum } from './maximum-code.ts';
import { arena } from './memory.ts';
import { alongRow } from './row-code.ts';
import { PIECE } from './streaming.ts';
import { params } from './vector-loop.ts';

/**
 * The two sums of a twin wait for their additions as these do, so copies never pay: of 16384 entries 0.42 ns
 * an entry in Wasm memory, 0.57 with copies, the twin 0.58; of 1024 0.48, 0.58, 0.60 (Node 20.20, EPYC, November 2026).
 */
export const SUM_CROSSOVER: Crossover = { resident: 1024, copied: Infinity };

/** Of 256 entries 0.78, 1.05 and 1.11, of 512 0.60, 0.85 and 1.08, of 16384 0.43, 0.74 and 1.03. */
export const DOT_CROSSOVER: Crossover = { resident: 256, copied: 512 };

/** Of 64 entries 0.97, 1.25 and 1.41, of 16384 0.16, 0.31 and 1.09. */
export const MAXIMUM_CROSSOVER: Crossover = { resident: 64, copied: 64 };

/** What the module exports: addresses in bytes, counts in doubles, those of the sums even. */
export interface ReductionsExports {
  /** The pair at `lanes` += Σ of the pairs of x. */
  sum(x: number, count: number, lanes: number): void;
  /** The pair at `lanes` += Σ of the pairs of x·y. */
  dot(x: number, y: number, count: number, lanes: number): void;
  maximum(x: number, count: number): number;
}

/** The binary of a module with these exports. */
export function reductionsModule(): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  defineMaximum(module);
  const sum = module.function('sum');
  const [x, count, lanes] = params(sum, 3);
  defineSum(sum, count, lanes, (j) => v128.load(i32.add(x, j)));
  const dot = module.function('dot');
  const [left, right, terms, lanesOfDot] = params(dot, 4);
  defineSum(dot, terms, lanesOfDot, (j) =>
    f64x2.mul(v128.load(i32.add(left, j)), v128.load(i32.add(right, j))),
  );
  return module.bytes();
}

function defineSum(f: FunctionBuilder, count: Code, lanes: Code, term: (j: Code) => Code): void {
  const sums = f.local('v128');
  const { pairs } = alongRow(
    f,
    count,
    (j) => [set(sums, f64x2.add(sums, term(j)))],
    () => [],
  );
  f.define([set(sums, v128.load(lanes)), ...pairs, v128.store(lanes, sums)]);
}

let shared: ReductionsExports | undefined;

/** The compiled module. */
function kernel(): ReductionsExports {
  shared ??= arena().instantiate(reductionsModule()) as unknown as ReductionsExports; // by construction
  return shared;
}

/** s0 + s1 when `add` has added all pairs, piece by piece, to the lanes at an address. */
function lanesAfter(
  even: number,
  add: (lanes: number, done: number, count: number) => void,
): number {
  const room = arena();
  const mark = room.used;
  const lanes = room.allocate(2);
  room.view.fill(0, lanes / 8, lanes / 8 + 2);
  const start = room.used;
  for (let done = 0; done < even; done += PIECE) {
    add(lanes, done, Math.min(PIECE, even - done));
    room.release(start);
  }
  const total = room.view[lanes / 8] + room.view[lanes / 8 + 1];
  room.release(mark);
  return total;
}

/** Σ x[from + i], i < n, in the two-lane order. */
export const sum: typeof twins.sum = (x, from, n) => {
  const { sum: addTo } = kernel();
  const room = arena();
  const even = n - (n % 2);
  const s = lanesAfter(even, (lanes, done, count) =>
    addTo(room.reach(x, from + done, count), count, lanes),
  );
  return n === even ? s : s + x[from + even];
};

/** Σ x[fromX + i]·y[fromY + i], i < n, in the two-lane order. */
export const dot: typeof twins.dot = (x, fromX, y, fromY, n) => {
  const { dot: addTo } = kernel();
  const room = arena();
  const even = n - (n % 2);
  const same = x === y && fromX === fromY;
  const s = lanesAfter(even, (lanes, done, count) => {
    const atX = room.reach(x, fromX + done, count);
    addTo(atX, same ? atX : room.reach(y, fromY + done, count), count, lanes);
  });
  return n === even ? s : s + x[fromX + even] * y[fromY + even];
};

/** max x[from + i], i < n. */
export const maximum: typeof twins.maximum = (x, from, n) => {
  const { maximum: largestOf } = kernel();
  const room = arena();
  const mark = room.used;
  let largest = -Infinity;
  for (let done = 0; done < n; done += PIECE) {
    const count = Math.min(PIECE, n - done);
    largest = Math.max(largest, largestOf(room.reach(x, from + done, count), count));
    room.release(mark);
  }
  return largest;
};
