/**
 * Rows by number on Wasm, with the bits of `../reference/gather.ts`, where the rows are in Wasm memory:
 * to copy a table there because some of its rows are wanted would not pay.
 *
 * @module
 */
import type * as twins from '../reference/gather.ts';
import { type FunctionBuilder, type Local, ModuleBuilder, set } from './assembler.ts';
import { type Code, f64, f64x2, i32 } from './instructions.ts';
import { arena, wasmReady } from './memory.ts';
import { alongRows } from './row-code.ts';
import { bytes, DOUBLE, mapPairs, params } from './vector-loop.ts';

/**
 * What the module exports: addresses in bytes. `indices` are the `rows` numbers, as doubles, of rows of the
 * table; row i of the list belongs to row indices[i]. Rows have `count` doubles.
 */
export interface GatherExports {
  /** list[i,:] = table[indices[i],:]. */
  takeRows(table: number, indices: number, list: number, rows: number, count: number): void;
  /** table[indices[i],:] += list[i,:], i ascending. */
  addToTakenRows(table: number, indices: number, list: number, rows: number, count: number): void;
}

/** The binary of a module with these exports, and with the functions for one row. */
export function gatherModule(): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  const copy = module.function('copy');
  const [from, to, count] = params(copy, 3);
  copy.define(mapPairs(copy, [from], to, count, (pair) => pair));
  const add = module.function('add');
  const [x, before, sum, n] = params(add, 4);
  add.define(mapPairs(add, [before, x], sum, n, f64x2.add));

  defineGather(module.function('takeRows'), (row, item, width) => copy.call(row, item, width));
  defineGather(module.function('addToTakenRows'), (row, item, width) =>
    add.call(item, row, row, width),
  );
  return module.bytes();
}

/** Runs `work` on row indices[i] of the table and row i of the list, i ascending. */
function defineGather(
  f: FunctionBuilder,
  work: (row: Local, item: Local, width: Local) => Code,
): void {
  const [table, indices, list, rows, count] = params(f, 5);
  const row = f.local('i32');
  const step = bytes(count);
  const pointers = [[indices, DOUBLE] as const, [list, step] as const];
  f.define([
    alongRows(
      f,
      rows,
      pointers,
      set(row, i32.add(table, i32.mul(i32.truncU(f64.load(indices)), step))),
      work(row, list, count),
    ),
  ]);
}

let shared: GatherExports | undefined;

/** The compiled module. */
function kernel(): GatherExports {
  shared ??= arena().instantiate(gatherModule()) as unknown as GatherExports; // by construction
  return shared;
}

/**
 * Below this many entries the twins are as fast or faster: of 8 rows of 8, in ns an entry, takeRows takes
 * 1.5 against 2.2 and addToTakenRows 1.9 against 2.7; of 128 of 128 0.2 against 1.8 and 0.3 against 2.0
 * (Node 20.20, EPYC, November 2026).
 */
const GATHER_CROSSOVER = 64;

/** Do these kernels pay? They do where both matrices are in Wasm memory, and only there they may be called. */
export const gatherPays = (x: Float64Array, out: Float64Array): boolean =>
  Math.min(x.length, out.length) >= GATHER_CROSSOVER &&
  wasmReady() &&
  arena().holds(x) &&
  arena().holds(out);

/** out[i,:] = x[indices[i],:]; x and out must be in Wasm memory. */
export const takeRows: typeof twins.takeRows = (x, indices, out, cols) => {
  const { takeRows: map } = kernel();
  const room = arena();
  const mark = room.used;
  const at = room.reach(indices, 0, indices.length);
  map(x.byteOffset, at, out.byteOffset, indices.length, cols);
  room.release(mark);
};

/** out[k,:] = Σ dy[i,:] over the i with indices[i] = k, i ascending; dy and out must be in Wasm memory. */
export const addToTakenRows: typeof twins.addToTakenRows = (dy, indices, out, cols) => {
  const { addToTakenRows: map } = kernel();
  const room = arena();
  const mark = room.used;
  const at = room.reach(indices, 0, indices.length);
  out.fill(0);
  map(out.byteOffset, at, dy.byteOffset, indices.length, cols);
  room.release(mark);
};
