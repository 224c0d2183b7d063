/**
 * W·x and W + p·vᵀ on Wasm, with the bits of `../reference/matrix-vector.ts`.
 *
 * The rows of W pass through Wasm memory in pieces that stay in the cache.
 *
 * @module
 */
import type * as twins from '../reference/matrix-vector.ts';
import { advance, type FunctionBuilder, ModuleBuilder, set, tee, walk, when } from './assembler.ts';
import { type Code, f64, f64x2, i32, v128 } from './instructions.ts';
import { arena } from './memory.ts';
import { streamRows, type Use } from './streaming.ts';
import { bytes, DOUBLE, mapPairs, params } from './vector-loop.ts';

/**
 * Below this m·n the twins are as fast or faster: copies included, 4×4 runs at half their speed, 8×8 at
 * 1.0 to 1.2, 16×16 at 1.8 to 2.8, 64×64 at 2.8 to 4.2 (Node 20.20, EPYC, November 2026).
 */
export const MATRIX_VECTOR_CROSSOVER = 64;

/** What the module exports: addresses in bytes, sizes in doubles. W is m×n. */
export interface MatrixVectorExports {
  /** y = W·x. */
  matrixVector(W: number, x: number, y: number, m: number, n: number): void;
  /** out = W + p·vᵀ, leaving the entries whose product is 0; `out` may be W. */
  rankOneUpdate(W: number, p: number, v: number, out: number, m: number, n: number): void;
}

/** The binary of a module with these exports. */
export function matrixVectorModule(): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  const four = defineDots(module.function('dots4'), 4);
  const one = defineDots(module.function('dots1'), 1);
  defineMatrixVector(module.function('matrixVector'), four, one);
  const row = defineUpdateRow(module.function('updateRow'));
  defineRankOneUpdate(module.function('rankOneUpdate'), row);
  return module.bytes();
}

/**
 * `count` dot products of rows of W with x: the lanes of a sum are the even and the odd terms, as in
 * the two-lane order; rows side by side, because one sum alone waits for its additions.
 */
function defineDots(f: FunctionBuilder, count: number): FunctionBuilder {
  const [W, x, y, n] = params(f, 4);
  const rows = [W, ...Array.from({ length: count - 1 }, () => f.local('i32'))];
  const sums = rows.map(() => f.local('v128'));
  const [end, pair] = [f.local('i32'), f.local('v128')];
  const step = i32.const(16);
  const total = (sum: Code): Code => f64.add(f64x2.lane0(sum), f64x2.lane1(sum));
  f.define([
    ...rows.slice(1).map((row, r) => set(row, i32.add(rows[r], bytes(n)))),
    set(end, i32.add(x, bytes(i32.and(n, i32.const(-2))))),
    walk(
      x,
      end,
      step,
      set(pair, v128.load(x)),
      ...rows.map((row, r) => set(sums[r], f64x2.add(f64x2.mul(v128.load(row), pair), sums[r]))),
      ...rows.map((row) => advance(row, step)),
    ),
    ...sums.map((sum, r) => f64.store(y, total(sum), 8 * r)),
    when(
      i32.and(n, i32.const(1)), // the last term, at which all pointers now stand
      ...rows.map((row, r) =>
        f64.store(y, f64.add(f64.load(y, 8 * r), f64.mul(f64.load(row), f64.load(x))), 8 * r),
      ),
    ),
  ]);
  return f;
}

function defineMatrixVector(f: FunctionBuilder, four: FunctionBuilder, one: FunctionBuilder): void {
  const [W, x, y, m, n] = params(f, 5);
  const [i, fours] = [f.local('i32'), f.local('i32')];
  const rows = (dots: FunctionBuilder, count: number): Code[] => [
    dots.call(W, x, y, n),
    advance(W, i32.mul(bytes(n), i32.const(count))),
    advance(y, i32.const(8 * count)),
  ];
  f.define([
    set(fours, i32.and(m, i32.const(-4))),
    walk(i, fours, i32.const(4), ...rows(four, 4)),
    walk(i, m, i32.const(1), ...rows(one, 1)),
  ]);
}

/** One row of W, whose entry of p is `factor`. */
function defineUpdateRow(f: FunctionBuilder): FunctionBuilder {
  const [W, v, out, n] = params(f, 4);
  const factor = f.param('f64');
  const product = f.local('v128');
  const updated = (w: Code, entry: Code): Code =>
    v128.select(
      f64x2.add(w, tee(product, f64x2.mul(f64x2.splat(factor), entry))),
      w,
      f64x2.ne(product, f64x2.splat(f64.const(0))), // a NaN differs from 0
    );
  f.define(mapPairs(f, [W, v], out, n, updated));
  return f;
}

function defineRankOneUpdate(f: FunctionBuilder, row: FunctionBuilder): void {
  const [W, p, v, out, m, n] = params(f, 6);
  const end = f.local('i32');
  const next = [W, out].map((pointer) => advance(pointer, bytes(n)));
  f.define([
    set(end, i32.add(p, bytes(m))),
    walk(p, end, DOUBLE, row.call(W, v, out, n, f64.load(p)), ...next),
  ]);
}

let shared: MatrixVectorExports | undefined;

/** The compiled module. */
const kernel = (): MatrixVectorExports => {
  shared ??= arena().instantiate(matrixVectorModule()) as unknown as MatrixVectorExports; // by construction
  return shared;
};

const PRODUCT: readonly Use[] = ['write', 'read'];
const RANK_ONE: readonly Use[] = ['write', 'read', 'read'];

/** y = W·x with W m×n. */
export const matrixVector: typeof twins.matrixVector = (W, x, y, m, n) => {
  const { matrixVector: map } = kernel();
  const room = arena();
  const mark = room.used;
  const atX = room.reach(x, 0, n);
  streamRows(PRODUCT, [y, W], [1, n], m, ([atY, atW], rows) => map(atW, atX, atY, rows, n));
  room.release(mark);
};

/** out = W + p·vᵀ with W m×n; an entry of W whose product is 0 stays as it is. */
export const rankOneUpdate: typeof twins.rankOneUpdate = (W, p, v, out, m, n) => {
  const { rankOneUpdate: map } = kernel();
  const room = arena();
  const mark = room.used;
  const atV = room.reach(v, 0, n);
  streamRows(RANK_ONE, [out, W, p], [n, n, 1], m, ([atOut, atW, atP], rows) =>
    map(atW, atP, atV, atOut, rows, n),
  );
  room.release(mark);
};
