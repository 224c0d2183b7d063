/**
 * Products of the rows of a matrix on Wasm, with the bits of `../reference/row-products.ts`.
 *
 * @module
 */
import type * as twins from '../reference/row-products.ts';
import { advance, type FunctionBuilder, ModuleBuilder, set } from './assembler.ts';
import type { Crossover } from './crossover.ts';
import { f64, f64x2, i32 } from './instructions.ts';
import { arena } from './memory.ts';
import { alongRows, sumInLanes } from './row-code.ts';
import { inGroups, locals, setStarts } from './row-groups.ts';
import { BINARY, streamRows, UNARY, type Use } from './streaming.ts';
import { bytes, DOUBLE, mapPairs, params } from './vector-loop.ts';

/**
 * Of 16 rows of 8, in ns an entry: scaleRows 1.9 in Wasm memory and 2.9 with copies, the twin 2.1. Of 16
 * rows of 16: 1.0, 1.5 and 2.0. Of 128 of 128: scaleRows 0.2, 0.6 and 2.0, weightRows 0.2, 0.5 and 1.8,
 * sumOfRowProducts 0.3, 0.7 and 2.1 (Node 20.20, EPYC, November 2026).
 */
export const ROW_PRODUCTS_CROSSOVER: Crossover = { resident: 128, copied: 256 };

/** Of 16 rows of 16 1.0, 1.5 and 1.2, of 32 of 16 0.5, 1.0 and 1.2, of 128 of 128 0.3, 0.7 and 1.2. */
export const DOTS_CROSSOVER: Crossover = { resident: 256, copied: 512 };

/** What the module exports: addresses in bytes, then rows of `count` doubles; `out` may be x. */
export interface RowProductsExports {
  /** out[i,j] = x[i,j]·s[j]. */
  scaleRows(x: number, s: number, out: number, rows: number, count: number): void;
  /** out[j] += Σ_i x[i,j]·y[i,j], i ascending. */
  addRowProducts(x: number, y: number, out: number, rows: number, count: number): void;
  /** out[i,j] = w[i]·x[i,j]. */
  weightRows(w: number, x: number, out: number, rows: number, count: number): void;
  /** out[i] = Σ_j x[i,j]·y[i,j] in the two-lane order. */
  dotsOfRows(x: number, y: number, out: number, rows: number, count: number): void;
}

/** The binary of a module with these exports, and with the functions for one row. */
export function rowProductsModule(): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  const multiply = module.function('multiply');
  const [x, s, out, count] = params(multiply, 4);
  multiply.define(mapPairs(multiply, [x, s], out, count, f64x2.mul));
  defineScaleRows(module.function('scaleRows'), multiply);

  const addProducts = module.function('addProducts');
  const [a, b, before, sums, n] = params(addProducts, 5);
  const addProduct = mapPairs(addProducts, [a, b, before], sums, n, (left, right, sum) =>
    f64x2.add(sum, f64x2.mul(left, right)),
  );
  addProducts.define(addProduct);
  defineAddRowProducts(module.function('addRowProducts'), addProducts);

  const weight = module.function('weight');
  const factor = weight.param('f64');
  const [row, weighted, width] = params(weight, 3);
  weight.define(
    mapPairs(weight, [row], weighted, width, (pair) => f64x2.mul(f64x2.splat(factor), pair)),
  );
  defineWeightRows(module.function('weightRows'), weight);
  defineDotsOfRows(module.function('dotsOfRows'));
  return module.bytes();
}

function defineScaleRows(f: FunctionBuilder, multiply: FunctionBuilder): void {
  const [x, s, out, rows, count] = params(f, 5);
  const step = bytes(count);
  const pointers = [x, out].map((pointer) => [pointer, step] as const);
  f.define([alongRows(f, rows, pointers, multiply.call(x, s, out, count))]);
}

function defineAddRowProducts(f: FunctionBuilder, addProducts: FunctionBuilder): void {
  const [x, y, out, rows, count] = params(f, 5);
  const step = bytes(count);
  const pointers = [x, y].map((pointer) => [pointer, step] as const);
  f.define([alongRows(f, rows, pointers, addProducts.call(x, y, out, out, count))]);
}

function defineWeightRows(f: FunctionBuilder, weight: FunctionBuilder): void {
  const [w, x, out, rows, count] = params(f, 5);
  const step = bytes(count);
  const pointers = [[w, DOUBLE] as const, [x, step] as const, [out, step] as const];
  f.define([alongRows(f, rows, pointers, weight.call(f64.load(w), x, out, count))]);
}

function defineDotsOfRows(f: FunctionBuilder): void {
  const [x, y, out, rows, count] = params(f, 5);
  const [atX, atY, totals] = [locals(f, 'i32'), locals(f, 'i32'), locals(f, 'f64')];
  const [r, step] = [f.local('i32'), f.local('i32')];
  const group = (ways: number) => {
    const [xs, ys, sums] = [atX, atY, totals].map((all) => all.slice(0, ways));
    return [
      ...setStarts(xs, x, step),
      ...setStarts(ys, y, step),
      ...sumInLanes(
        f,
        count,
        sums,
        xs.map((row, h) => (load, j) => f64x2.mul(load(i32.add(row, j)), load(i32.add(ys[h], j)))),
      ),
      ...sums.map((sum, h) => f64.store(out, sum, 8 * h)),
      set(x, i32.add(xs[ways - 1], step)),
      set(y, i32.add(ys[ways - 1], step)),
      advance(out, bytes(i32.const(ways))),
      advance(r, i32.const(ways)),
    ];
  };
  f.define([set(step, bytes(count)), ...inGroups(f, r, rows, group)]);
}

let shared: RowProductsExports | undefined;

/** The compiled module. */
function kernel(): RowProductsExports {
  shared ??= arena().instantiate(rowProductsModule()) as unknown as RowProductsExports; // by construction
  return shared;
}

/** out[i,j] = x[i,j]·s[j]. */
export const scaleRows: typeof twins.scaleRows = (x, s, out, rows) => {
  const { scaleRows: map } = kernel();
  const n = s.length;
  const room = arena();
  const mark = room.used;
  const atS = room.reach(s, 0, n);
  streamRows(UNARY, [out, x], [n, n], rows, ([atOut, atX], count) =>
    map(atX, atS, atOut, count, n),
  );
  room.release(mark);
};

const READ_BOTH: readonly Use[] = ['read', 'read'];

/** out_j = Σ_i x[i,j]·y[i,j], i ascending from +0. */
export const sumOfRowProducts: typeof twins.sumOfRowProducts = (x, y, out, rows) => {
  const { addRowProducts } = kernel();
  const n = out.length;
  const room = arena();
  const mark = room.used;
  const here = room.holds(out);
  const atOut = here ? out.byteOffset : room.allocate(n);
  room.view.fill(0, atOut / 8, atOut / 8 + n);
  streamRows(READ_BOTH, [x, y], [n, n], rows, ([atX, atY], count) =>
    addRowProducts(atX, atY, atOut, count, n),
  );
  if (!here) room.copyOut(atOut, out, 0, n);
  room.release(mark);
};

/** out[i,j] = w[i]·x[i,j]. */
export const weightRows: typeof twins.weightRows = (w, x, out, cols) => {
  const { weightRows: map } = kernel();
  streamRows(BINARY, [out, x, w], [cols, cols, 1], w.length, ([atOut, atX, atW], rows) =>
    map(atW, atX, atOut, rows, cols),
  );
};

/** out_i = Σ_j x[i,j]·y[i,j] in the two-lane order. */
export const dotsOfRows: typeof twins.dotsOfRows = (x, y, out, cols) => {
  const { dotsOfRows: map } = kernel();
  streamRows(BINARY, [out, x, y], [1, cols, cols], out.length, ([atOut, atX, atY], rows) =>
    map(atX, atY, atOut, rows, cols),
  );
};
