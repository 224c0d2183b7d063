/**
 * Attention with one query row a sequence, all heads of all sequences in one call.
 *
 * The products are walks along the tokens here: a tile of four rows (`attention-tiles.ts`) would
 * compute three for nothing. The query sees every token, so there is nothing to hide.
 *
 * @module
 */
import {
  advance,
  block,
  brIf,
  type FunctionBuilder,
  type Local,
  ModuleBuilder,
  set,
  walk,
} from './assembler.ts';
import { defineWeights } from './attention-rows.ts';
import { withExpTable } from './exp-code.ts';
import { type Code, f64, f64x2, i32, v128 } from './instructions.ts';
import { arena } from './memory.ts';
import { defineDerivative } from './softmax-code.ts';
import { bytes, DOUBLE, params } from './vector-loop.ts';

type Sizes = [batch: number, tokens: number, heads: number, kvHeads: number, width: number];

/** What the module exports: addresses in bytes, sizes as in the twin. */
export interface AttentionQueryExports {
  /** p and o, which must be 0, from q, k and v; returns 0 if a score is not finite, else 1. */
  forward(
    ...args: [q: number, k: number, v: number, p: number, o: number, ...Sizes, scale: number]
  ): number;
  /** dq, dk and dv, which must be 0, from the rest; `dp` is room for as many doubles as tokens. */
  backward(
    ...args: [
      ...[q: number, k: number, v: number, p: number, dO: number, dp: number],
      ...[dq: number, dk: number, dv: number],
      ...Sizes,
      scale: number,
    ]
  ): void;
}

/** The binary of a module with these exports. */
export function attentionQueryModule(): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  withExpTable(module);
  const weights = defineWeights(module);
  const derivative = defineDerivative(module.function('derivative'));
  const dots = defineDots(module.function('dots'));
  const combine = defineCombine(module.function('combine'));
  const spread = defineSpread(
    module.function('spread'),
    defineRowUpdate(module.function('rowUpdate')),
  );
  defineForward(module.function('forward'), dots, weights, combine);
  defineBackward(module.function('backward'), dots, derivative, combine, spread);
  return module.bytes();
}

const PAIR = i32.const(16);

/** s_j = Σ_c x_c·y_jc for every token j, c ascending: four tokens at a time, two in a pair of lanes; then one by one. */
function defineDots(f: FunctionBuilder): FunctionBuilder {
  const [x, y, stride, s, tokens, width] = params(f, 6);
  const [j, fours, c, end] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
  const rows = [0, 1, 2, 3].map(() => f.local('i32'));
  const sums = [f.local('v128'), f.local('v128')];
  const [entry, sum] = [f.local('v128'), f.local('f64')];
  const at = (row: Local): Code => i32.add(row, c);
  const zero = f64.const(0);
  f.define([
    set(end, bytes(width)),
    set(fours, i32.and(tokens, i32.const(-4))),
    set(rows[0], y),
    walk(
      j,
      fours,
      i32.const(4),
      ...rows.slice(1).map((row, r) => set(row, i32.add(rows[r], stride))),
      ...sums.map((pair) => set(pair, f64x2.splat(zero))),
      set(c, i32.const(0)),
      walk(
        c,
        end,
        DOUBLE,
        set(entry, v128.loadSplat(i32.add(x, c))),
        ...sums.map((pair, h) => {
          const tokens = v128.loadLane1(at(rows[2 * h + 1]), v128.loadLane0(at(rows[2 * h])));
          return set(pair, f64x2.add(f64x2.mul(entry, tokens), pair));
        }),
      ),
      ...sums.map((pair, h) => v128.store(s, pair, 16 * h)),
      advance(s, i32.const(32)),
      set(rows[0], i32.add(rows[3], stride)),
    ),
    walk(
      j,
      tokens,
      i32.const(1),
      set(sum, zero),
      set(c, i32.const(0)),
      walk(
        c,
        end,
        DOUBLE,
        set(sum, f64.add(f64.mul(f64.load(i32.add(x, c)), f64.load(at(rows[0]))), sum)),
      ),
      f64.store(s, sum),
      advance(s, DOUBLE),
      advance(rows[0], stride),
    ),
  ]);
  return f;
}

/** o_c = Σ_j w_j·y_jc, j ascending from what o holds: four entries at a time, along all tokens; then one by one. */
function defineCombine(f: FunctionBuilder): FunctionBuilder {
  const [w, y, stride, o, tokens, width] = params(f, 6);
  const [at, row, end, endFours, endAll] = [0, 1, 2, 3, 4].map(() => f.local('i32'));
  const pairs = [f.local('v128'), f.local('v128')];
  const [weight, entry] = [f.local('v128'), f.local('f64')];
  const alongTokens = (...body: Code[]): Code[] => [
    set(at, w),
    set(row, y),
    walk(at, end, DOUBLE, ...body, advance(row, stride)),
  ];
  f.define([
    set(end, i32.add(w, bytes(tokens))),
    set(endFours, i32.add(o, bytes(i32.and(width, i32.const(-4))))),
    set(endAll, i32.add(o, bytes(width))),
    walk(
      o,
      endFours,
      i32.const(32),
      ...pairs.map((pair, h) => set(pair, v128.load(o, 16 * h))),
      ...alongTokens(
        set(weight, v128.loadSplat(at)),
        ...pairs.map((pair, h) =>
          set(pair, f64x2.add(f64x2.mul(weight, v128.load(row, 16 * h)), pair)),
        ),
      ),
      ...pairs.map((pair, h) => v128.store(o, pair, 16 * h)),
      advance(y, i32.const(32)),
    ),
    walk(
      o,
      endAll,
      DOUBLE,
      set(entry, f64.load(o)),
      ...alongTokens(set(entry, f64.add(f64.mul(f64.load(at), f64.load(row)), entry))),
      f64.store(o, entry),
      advance(y, DOUBLE),
    ),
  ]);
  return f;
}

/** y ← y + weight·x of `width` entries. */
function defineRowUpdate(f: FunctionBuilder): FunctionBuilder {
  const weight = f.param('f64');
  const [x, y, width] = params(f, 3);
  const [pairs, end] = [f.local('i32'), f.local('i32')];
  const next = (step: Code): Code => advance(x, step);
  const pair = f64x2.add(v128.load(y), f64x2.mul(f64x2.splat(weight), v128.load(x)));
  f.define([
    set(pairs, i32.add(y, bytes(i32.and(width, i32.const(-2))))),
    set(end, i32.add(y, bytes(width))),
    walk(y, pairs, PAIR, v128.store(y, pair), next(PAIR)),
    walk(
      y,
      end,
      DOUBLE,
      f64.store(y, f64.add(f64.load(y), f64.mul(weight, f64.load(x)))),
      next(DOUBLE),
    ),
  ]);
  return f;
}

/** y_jc ← y_jc + w_j·x_c for every token j and every c. */
function defineSpread(f: FunctionBuilder, rowUpdate: FunctionBuilder): FunctionBuilder {
  const [w, x, y, stride, tokens, width] = params(f, 6);
  const end = f.local('i32');
  f.define([
    set(end, i32.add(w, bytes(tokens))),
    walk(w, end, DOUBLE, rowUpdate.call(f64.load(w), x, y, width), advance(y, stride)),
  ]);
  return f;
}

/** Runs `body` for every head of every sequence; `g` is the offset of its keys and values in bytes. */
function alongHeads(
  f: FunctionBuilder,
  [batch, tokens, heads, kvHeads, width]: readonly Local[],
  body: (g: Local, stride: Local) => readonly Code[],
): Code[] {
  const [b, h, g, stride, sequence] = [0, 1, 2, 3, 4].map(() => f.local('i32'));
  return [
    set(stride, bytes(i32.mul(kvHeads, width))),
    walk(
      b,
      batch,
      i32.const(1),
      set(h, i32.const(0)),
      walk(
        h,
        heads,
        i32.const(1),
        set(g, bytes(i32.mul(i32.divU(i32.mul(h, kvHeads), heads), width))),
        set(g, i32.add(g, sequence)),
        ...body(g, stride),
      ),
      advance(sequence, i32.mul(stride, tokens)),
    ),
  ];
}

function defineForward(
  f: FunctionBuilder,
  dots: FunctionBuilder,
  weights: FunctionBuilder,
  combine: FunctionBuilder,
): void {
  const [q, k, v, p, o, ...sizes] = params(f, 10);
  const scale = f.param('f64');
  const [, tokens, , , width] = sizes;
  const fine = f.local('i32');
  const heads = alongHeads(f, sizes, (g, stride) => [
    dots.call(q, i32.add(k, g), stride, p, tokens, width),
    set(fine, weights.call(scale, p, tokens)),
    brIf(4, i32.eqz(fine)), // out of the block
    combine.call(p, i32.add(v, g), stride, o, tokens, width),
    ...[q, o].map((pointer) => advance(pointer, bytes(width))),
    advance(p, bytes(tokens)),
  ]);
  f.define([set(fine, i32.const(1)), block(...heads)], fine);
}

function defineBackward(
  f: FunctionBuilder,
  dots: FunctionBuilder,
  derivative: FunctionBuilder,
  combine: FunctionBuilder,
  spread: FunctionBuilder,
): void {
  const [q, k, v, p, dO, dp, dq, dk, dv, ...sizes] = params(f, 14);
  const scale = f.param('f64');
  const [, tokens, , , width] = sizes;
  f.define(
    alongHeads(f, sizes, (g, stride) => [
      dots.call(dO, i32.add(v, g), stride, dp, tokens, width),
      spread.call(p, dO, i32.add(dv, g), stride, tokens, width),
      derivative.call(scale, p, dp, dp, tokens),
      combine.call(dp, i32.add(k, g), stride, dq, tokens, width),
      spread.call(dp, q, i32.add(dk, g), stride, tokens, width),
      ...[q, dO, dq].map((pointer) => advance(pointer, bytes(width))),
      advance(p, bytes(tokens)),
    ]),
  );
}

let shared: AttentionQueryExports | undefined;

/** The compiled functions, on the memory of the arena. */
export function attentionQuery(): AttentionQueryExports {
  shared ??= arena().instantiate(attentionQueryModule()) as unknown as AttentionQueryExports; // by construction
  return shared;
}
