/**
 * The Wasm module of layer and root-mean-square normalisation, forwards.
 *
 * Reductions of four rows advance together, since each alone would wait for its own additions. Then row
 * by row a second sweep divides; it computes again what the reductions were made of, which is cheaper
 * than to keep it, and it starts only when the divisor of the row is known to be good.
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
  tee,
} from './assembler.ts';
import { type Code, f64, f64x2, i32, v128 } from './instructions.ts';
import { alongRow, type Load, sumInLanes, type Term } from './row-code.ts';
import { inGroups, locals, setStarts } from './row-groups.ts';
import { bytes, DOUBLE, params } from './vector-loop.ts';

/**
 * What the module exports: addresses in bytes, then rows of `count` doubles. Both return the first row
 * whose divisor is not positive and finite, with nothing written from that row on, or −1.
 */
export interface NormsExports {
  layerNorm(
    epsilon: number,
    x: number,
    g: number,
    b: number,
    y: number,
    z: number,
    s: number,
    rows: number,
    count: number,
  ): number;
  rmsNorm(
    epsilon: number,
    offset: number,
    x: number,
    g: number,
    y: number,
    z: number,
    s: number,
    rows: number,
    count: number,
  ): number;
}

const { add, sub, mul, div, splat, lane0 } = f64x2;

/** The binary of a module with these exports, and with the functions for one row. */
export function normsModule(): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  const layer = defineLayerRow(module.function('layerNormRow'));
  const rms = defineRmsRow(module.function('rmsNormRow'));
  defineLayerNorm(module.function('layerNorm'), layer);
  defineRmsNorm(module.function('rmsNorm'), rms);
  return module.bytes();
}

/** z = (x − mean)/divisor and y = gain of z, along one row. */
function defineRow(
  f: FunctionBuilder,
  { x, y, z, count }: Readonly<Record<'x' | 'y' | 'z' | 'count', Local>>,
  normal: (x: Code) => Code,
  gain: (z: Local, read: (row: Local) => Code) => Code,
): FunctionBuilder {
  const quotient = f.local('v128');
  const write = (load: Load, store: (address: Code, pair: Code) => Code, j: Local): Code[] => [
    set(quotient, normal(load(i32.add(x, j)))),
    store(i32.add(z, j), quotient),
    store(
      i32.add(y, j),
      gain(quotient, (row) => load(i32.add(row, j))),
    ),
  ];
  const { pairs, last } = alongRow(
    f,
    count,
    (j) => write(v128.load, v128.store, j),
    (j) => write(v128.loadSplat, (address, pair) => f64.store(address, lane0(pair)), j),
  );
  f.define([...pairs, last]);
  return f;
}

function defineLayerRow(f: FunctionBuilder): FunctionBuilder {
  const [mean, divisor] = [f.param('f64'), f.param('f64')];
  const [x, g, b, y, z, count] = params(f, 6);
  return defineRow(
    f,
    { x, y, z, count },
    (entry) => div(sub(entry, splat(mean)), splat(divisor)),
    (quotient, read) => add(mul(quotient, read(g)), read(b)),
  );
}

function defineRmsRow(f: FunctionBuilder): FunctionBuilder {
  const [offset, divisor] = [f.param('f64'), f.param('f64')];
  const [x, g, y, z, count] = params(f, 5);
  return defineRow(
    f,
    { x, y, z, count },
    (entry) => div(entry, splat(divisor)),
    (quotient, read) => mul(quotient, add(splat(offset), read(g))),
  );
}

interface Forward {
  readonly epsilon: Local;
  readonly pointers: Readonly<Record<'x' | 'y' | 'z' | 's', Local>>;
  readonly rows: Local;
  readonly count: Local;
  /** Of these rows, the ones that are subtracted; absent if none are. */
  readonly means?: readonly Local[];
  /** What to write for row h of a group, once its divisor is good. */
  readonly row: (h: number, divisor: Local) => Code;
}

function defineForward(f: FunctionBuilder, forward: Forward): void {
  const { epsilon, pointers, rows, count, means, row } = forward;
  const { x, y, z, s } = pointers;
  const [bases, divisors, entries] = [locals(f, 'i32'), locals(f, 'f64'), locals(f, 'v128')];
  const [r, step, width] = [f.local('i32'), f.local('i32'), f.local('f64')];
  const entry =
    (base: Local): Term =>
    (load, j) =>
      load(i32.add(base, j));
  const square =
    (base: Local, h: number): Term =>
    (load, j) => {
      const read = entry(base)(load, j);
      return mul(tee(entries[h], means ? sub(read, splat(means[h])) : read), entries[h]);
    };
  const good = (divisor: Local): Code =>
    i32.and(f64.gt(divisor, f64.const(0)), f64.gt(f64.const(Infinity), divisor));

  const group = (ways: number): Code[] => {
    const starts = bases.slice(0, ways);
    const averages = means?.slice(0, ways) ?? [];
    return [
      ...setStarts(starts, x, step),
      ...(means ? sumInLanes(f, count, averages, starts.map(entry)) : []),
      ...averages.map((mean) => set(mean, f64.div(mean, width))),
      ...sumInLanes(f, count, divisors.slice(0, ways), starts.map(square)),
      ...divisors.slice(0, ways).flatMap((divisor, h) => [
        set(divisor, f64.sqrt(f64.add(f64.div(divisor, width), epsilon))),
        brIf(2, i32.eqz(good(divisor))), // out of the block
        f64.store(s, divisor),
        row(h, divisor),
        ...[x, y, z].map((pointer) => advance(pointer, step)),
        advance(s, DOUBLE),
        advance(r, i32.const(1)),
      ]),
    ];
  };
  f.define(
    [
      set(step, bytes(count)),
      set(width, f64.ofU(count)),
      block(...inGroups(f, r, rows, group), set(r, i32.const(-1))),
    ],
    r,
  );
}

function defineLayerNorm(f: FunctionBuilder, one: FunctionBuilder): void {
  const epsilon = f.param('f64');
  const [x, g, b, y, z, s, rows, count] = params(f, 8);
  const means = locals(f, 'f64');
  const row = (h: number, divisor: Local) => one.call(means[h], divisor, x, g, b, y, z, count);
  defineForward(f, { epsilon, pointers: { x, y, z, s }, rows, count, means, row });
}

function defineRmsNorm(f: FunctionBuilder, one: FunctionBuilder): void {
  const [epsilon, offset] = [f.param('f64'), f.param('f64')];
  const [x, g, y, z, s, rows, count] = params(f, 7);
  const row = (_: number, divisor: Local) => one.call(offset, divisor, x, g, y, z, count);
  defineForward(f, { epsilon, pointers: { x, y, z, s }, rows, count, row });
}
