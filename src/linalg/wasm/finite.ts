/**
 * Are all entries of an array finite? The question on which attention's shortest way depends.
 *
 * @module
 */
import { ModuleBuilder, set, walk } from './assembler.ts';
import { f64, f64x2, i32, v128 } from './instructions.ts';
import { arena } from './memory.ts';
import { bytes, DOUBLE, params } from './vector-loop.ts';

/** What the module exports. */
export interface FiniteExports {
  /** 1 if the `count` doubles from `x` on are finite, else 0. */
  allFinite(x: number, count: number): number;
}

/** The binary of a module with this export. x − x is 0 for a finite x and NaN for any other. */
export function finiteModule(): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  const f = module.function('allFinite');
  const [x, count] = params(f, 2);
  const [turns, end, total] = [f.local('i32'), f.local('i32'), f.local('f64')];
  const sums = [f.local('v128'), f.local('v128')];
  const pair = f.local('v128');
  const both = f64x2.add(sums[0], sums[1]);
  f.define(
    [
      set(turns, i32.add(x, bytes(i32.and(count, i32.const(-4))))),
      set(end, i32.add(x, bytes(count))),
      walk(
        x,
        turns,
        i32.const(32),
        ...sums.flatMap((sum, h) => [
          set(pair, v128.load(x, 16 * h)),
          set(sum, f64x2.add(f64x2.sub(pair, pair), sum)),
        ]),
      ),
      set(sums[0], both),
      set(total, f64.add(f64x2.lane0(sums[0]), f64x2.lane1(sums[0]))),
      walk(x, end, DOUBLE, set(total, f64.add(total, f64.sub(f64.load(x), f64.load(x))))),
    ],
    f64.eq(total, total),
  );
  return module.bytes();
}

let shared: FiniteExports | undefined;

/** Are the `count` doubles from `address` on all finite? */
export function allFinite(address: number, count: number): boolean {
  shared ??= arena().instantiate(finiteModule()) as unknown as FiniteExports; // by construction
  return shared.allFinite(address, count) === 1;
}
