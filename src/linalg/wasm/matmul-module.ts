/**
 * The Wasm module of the matrix products: two packers and a tile of 4×4 entries of c.
 *
 * Lanes and tiles run over entries of c, never over the summed index p, and a tile goes on from what
 * c holds. So each entry meets the additions of the plain twin, in their order: the same bits.
 *
 * Packed operands are panels of four lines (rows of the left factor, columns of the right one), p
 * ascending, filled up with zeros: other numbers would not reach c either, but might be slow. Digits
 * show the order in memory:
 *
 *     left, 4×kc:   0 4 8 …      right, kc×4:   0 1 2 3
 *                   1 5 9 …                     4 5 6 7
 *                   2 6 …                       …
 *                   3 7 …
 *
 * All strides are in bytes. Sizes are at least 1: trusted.
 *
 * @module
 */
import {
  advance,
  brIf,
  either,
  type FunctionBuilder,
  type Local,
  loop,
  ModuleBuilder,
  set,
  walk,
  when,
} from './assembler.ts';
import { type Code, f64, f64x2, i32, v128 } from './instructions.ts';
import { bytes, params } from './vector-loop.ts';

const LINES = [0, 1, 2, 3] as const;
const PANEL_STEP = i32.const(32); // bytes of four doubles

/** What the module exports. Addresses and strides are in bytes. */
export interface MatmulExports {
  /** Panels from lines `stride` apart, whose entries are neighbours: rows of a, or of b in a·bᵀ. */
  packLines(from: number, stride: number, to: number, lines: number, kc: number): void;
  /** Panels from entries `stride` apart, whose lines are neighbours: rows of b, or of a in aᵀ·b. */
  packAcross(from: number, stride: number, to: number, lines: number, kc: number): void;
  /**
   * c += left·right for packed left mc×kc and right kc×nc, whose panels are `leftStep` and `rightStep`
   * bytes apart: at least 32·kc. `scratch` is room for 16 doubles.
   */
  block(
    left: number,
    leftStep: number,
    right: number,
    rightStep: number,
    c: number,
    stride: number,
    mc: number,
    nc: number,
    kc: number,
    scratch: number,
  ): void;
  /** The 4×4 tile alone: c += left·right for one panel each, the right one ending at `end`. */
  tile(left: number, right: number, end: number, c: number, stride: number): void;
}

/** The binary of a module with these exports. */
export function matmulModule(): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  const tile = defineTile(module.function('tile'));
  const copy = defineCopy(module.function('copy'));
  defineBlock(module.function('block'), tile, copy);
  const edge = defineEdge(module.function('packEdge'));
  definePacker(module.function('packLines'), edge, false);
  definePacker(module.function('packAcross'), edge, true);
  return module.bytes();
}

/**
 * c[r,0…3] += Σ_p left[r,p]·right[p,0…3] for r = 0 … 3. Sixteen entries in eight pairs are as many
 * as stay in registers; one p a turn, and `product + sum` in this order: on Node 20 a turn of four p
 * takes twice the time, the other order a quarter more.
 */
function defineTile(f: FunctionBuilder): FunctionBuilder {
  const [left, right, end, c, stride] = params(f, 5);
  const rows = [c, ...[1, 2, 3].map(() => f.local('i32'))];
  const sums = LINES.map(() => [f.local('v128'), f.local('v128')]);
  const [pair0, pair1, entry] = [f.local('v128'), f.local('v128'), f.local('v128')];

  f.define([
    ...rows.slice(1).map((row, r) => set(row, i32.add(rows[r], stride))),
    ...LINES.flatMap((r) => sums[r].map((sum, h) => set(sum, v128.load(rows[r], 16 * h)))),
    loop(
      set(pair0, v128.load(right, 0)),
      set(pair1, v128.load(right, 16)),
      ...LINES.flatMap((r) => [
        set(entry, v128.loadSplat(left, 8 * r)),
        set(sums[r][0], f64x2.add(f64x2.mul(entry, pair0), sums[r][0])),
        set(sums[r][1], f64x2.add(f64x2.mul(entry, pair1), sums[r][1])),
      ]),
      advance(left, PANEL_STEP),
      advance(right, PANEL_STEP),
      brIf(0, i32.ne(right, end)),
    ),
    ...LINES.flatMap((r) => sums[r].map((sum, h) => v128.store(rows[r], sum, 16 * h))),
  ]);
  return f;
}

/** to[r,q] = from[r,q] for r < rows, q < cols. */
function defineCopy(f: FunctionBuilder): FunctionBuilder {
  const [from, fromStride, to, toStride, rows, cols] = params(f, 6);
  const [r, at, end] = [f.local('i32'), f.local('i32'), f.local('i32')];
  f.define([
    walk(
      r,
      rows,
      i32.const(1),
      set(at, i32.const(0)),
      set(end, bytes(cols)),
      walk(at, end, i32.const(8), f64.store(i32.add(to, at), f64.load(i32.add(from, at)))),
      advance(from, fromStride),
      advance(to, toStride),
    ),
  ]);
  return f;
}

/** All tiles of a block; those that stick out of c work on a copy in `scratch`. */
function defineBlock(f: FunctionBuilder, tile: FunctionBuilder, copy: FunctionBuilder): void {
  const [left, leftStep, right, rightStep, c, stride, mc, nc, kc, scratch] = params(f, 10);
  const [i, j, rows, cols] = LINES.map(() => f.local('i32'));
  const [panel, fourRows, a, at, end] = [...LINES, 4].map(() => f.local('i32'));
  const four = i32.const(4);
  const whole = i32.and(i32.eq(rows, four), i32.eq(cols, four));
  f.define([
    set(panel, i32.mul(kc, PANEL_STEP)), // bytes
    set(fourRows, i32.mul(stride, four)),
    walk(
      j,
      nc,
      four,
      ...setToAtMost4(cols, i32.sub(nc, j)),
      set(end, i32.add(right, panel)),
      set(a, left),
      set(at, i32.add(c, bytes(j))),
      set(i, i32.const(0)),
      walk(
        i,
        mc,
        four,
        ...setToAtMost4(rows, i32.sub(mc, i)),
        either(
          whole,
          [tile.call(a, right, end, at, stride)],
          [
            copy.call(at, stride, scratch, PANEL_STEP, rows, cols),
            tile.call(a, right, end, scratch, PANEL_STEP),
            copy.call(scratch, PANEL_STEP, at, stride, rows, cols),
          ],
        ),
        advance(a, leftStep),
        advance(at, fourRows),
      ),
      advance(right, rightStep),
    ),
  ]);
}

/** One panel of `lines` < 4 lines and zeros: entry p of line l is at from + l·byLine + p·byEntry. */
function defineEdge(f: FunctionBuilder): FunctionBuilder {
  const [from, byLine, byEntry, to, lines, kc] = params(f, 6);
  const [end, l, at] = [f.local('i32'), f.local('i32'), f.local('i32')];
  f.define([
    set(end, i32.add(to, i32.mul(kc, PANEL_STEP))),
    walk(
      to,
      end,
      PANEL_STEP,
      ...[0, 8, 16, 24].map((offset) => f64.store(to, f64.const(0), offset)),
      set(l, i32.const(0)),
      set(at, from),
      walk(
        l,
        lines,
        i32.const(1),
        f64.store(i32.add(to, bytes(l)), f64.load(at)),
        advance(at, byLine),
      ),
      advance(from, byEntry),
    ),
  ]);
  return f;
}

/** Packs four lines at a time, and what is left of them through `edge`. */
function definePacker(f: FunctionBuilder, edge: FunctionBuilder, across: boolean): void {
  const [from, stride, to, lines, kc] = params(f, 5);
  const [at, end, panel] = [f.local('i32'), f.local('i32'), f.local('i32')];
  const rows = [at, ...[1, 2, 3].map(() => f.local('i32'))];
  const entry = i32.const(8);
  const step = across
    ? [
        v128.store(to, v128.load(at, 0), 0),
        v128.store(to, v128.load(at, 16), 16),
        advance(at, stride),
      ]
    : [
        ...LINES.map((l) => f64.store(to, f64.load(rows[l]), 8 * l)),
        ...rows.map((row) => advance(row, entry)),
      ];
  f.define([
    set(panel, i32.mul(kc, PANEL_STEP)), // bytes
    when(
      i32.geU(lines, i32.const(4)),
      loop(
        set(at, from),
        ...rows.slice(1).map((row, l) => set(row, i32.add(rows[l], stride))),
        set(end, i32.add(to, panel)),
        walk(to, end, PANEL_STEP, ...step),
        advance(from, across ? PANEL_STEP : i32.shl(stride, i32.const(2))),
        advance(lines, i32.const(-4)),
        brIf(0, i32.geU(lines, i32.const(4))),
      ),
    ),
    when(
      lines,
      across
        ? edge.call(from, entry, stride, to, lines, kc)
        : edge.call(from, stride, entry, to, lines, kc),
    ),
  ]);
}

/** x ← min(4, value). */
const setToAtMost4 = (x: Local, value: Code): Code[] => [
  set(x, value),
  when(i32.ltU(i32.const(4), x), set(x, i32.const(4))),
];
