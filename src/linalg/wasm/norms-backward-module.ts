/**
 * The Wasm module of layer and root-mean-square normalisation, backwards.
 *
 * As forwards: reductions of four rows together, then a sweep along each row.
 *
 * @module
 */
import { advance, type FunctionBuilder, type Local, ModuleBuilder, set, tee } from './assembler.ts';
import { type Code, f64, f64x2, i32 } from './instructions.ts';
import { sumInLanes, type Term } from './row-code.ts';
import { inGroups, locals, setStarts } from './row-groups.ts';
import { bytes, DOUBLE, mapPairs, params } from './vector-loop.ts';

/** What the module exports: addresses in bytes, then rows of `count` doubles. */
export interface NormsBackwardExports {
  layerNormBackward(
    g: number,
    z: number,
    s: number,
    dy: number,
    dx: number,
    rows: number,
    count: number,
  ): void;
  rmsNormBackward(
    offset: number,
    g: number,
    z: number,
    s: number,
    dy: number,
    dx: number,
    rows: number,
    count: number,
  ): void;
}

const { add, sub, mul, div, splat } = f64x2;

/** The binary of a module with these exports, and with the functions for one row. */
export function normsBackwardModule(): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  const layer = defineLayerRow(module.function('layerNormRow'));
  const rms = defineRmsRow(module.function('rmsNormRow'));
  defineLayerNormBackward(module.function('layerNormBackward'), layer);
  defineRmsNormBackward(module.function('rmsNormBackward'), rms);
  return module.bytes();
}

/** (mean, along, divisor, g, z, dy, dx, count): dx = ((dy·g − mean) − z·along)/divisor. */
function defineLayerRow(f: FunctionBuilder): FunctionBuilder {
  const [mean, along, divisor] = [f.param('f64'), f.param('f64'), f.param('f64')];
  const [g, z, dy, dx, count] = params(f, 5);
  f.define(
    mapPairs(f, [g, z, dy], dx, count, (gain, normal, gradient) =>
      div(sub(sub(mul(gradient, gain), splat(mean)), mul(normal, splat(along))), splat(divisor)),
    ),
  );
  return f;
}

/** (offset, along, divisor, g, z, dy, dx, count): dx = (dy·(offset + g) − z·along)/divisor. */
function defineRmsRow(f: FunctionBuilder): FunctionBuilder {
  const [offset, along, divisor] = [f.param('f64'), f.param('f64'), f.param('f64')];
  const [g, z, dy, dx, count] = params(f, 5);
  f.define(
    mapPairs(f, [g, z, dy], dx, count, (gain, normal, gradient) =>
      div(sub(mul(gradient, add(splat(offset), gain)), mul(normal, splat(along))), splat(divisor)),
    ),
  );
  return f;
}

interface Backward {
  readonly pointers: Readonly<Record<'g' | 'z' | 's' | 'dy' | 'dx', Local>>;
  readonly rows: Local;
  readonly count: Local;
  /** What dy is multiplied by, from an entry of g. */
  readonly gain: (g: Code) => Code;
  /** The means of dy·gain in a group of rows; absent if they are not needed. */
  readonly means?: readonly Local[];
  /** What to write for row h of a group, from the mean of dy·gain·z and the divisor. */
  readonly row: (h: number, along: Local, divisor: Code) => Code;
}

function defineBackward(f: FunctionBuilder, backward: Backward): void {
  const { pointers, rows, count, gain, means, row } = backward;
  const { g, z, s, dy, dx } = pointers;
  const [atDy, atZ] = [locals(f, 'i32'), locals(f, 'i32')];
  const [alongs, entries, factor] = [locals(f, 'f64'), locals(f, 'v128'), f.local('v128')];
  const [r, step, width] = [f.local('i32'), f.local('i32'), f.local('f64')];
  // t = dy·gain, computed where it is first needed: terms run in their order.
  const t =
    (h: number): Term =>
    (load, j) => {
      const read = gain(load(i32.add(g, j)));
      return tee(entries[h], mul(load(i32.add(atDy[h], j)), h === 0 ? tee(factor, read) : factor));
    };
  const timesZ =
    (h: number, first: Term | Local): Term =>
    (load, j) =>
      mul(typeof first === 'function' ? first(load, j) : first, load(i32.add(atZ[h], j)));

  const group = (ways: number): Code[] => {
    const each = Array.from({ length: ways }, (_, h) => h);
    const totals = each.flatMap((h) => (means ? [means[h], alongs[h]] : [alongs[h]]));
    const terms = each.flatMap((h) => (means ? [t(h), timesZ(h, entries[h])] : [timesZ(h, t(h))]));
    return [
      ...setStarts(atDy.slice(0, ways), dy, step),
      ...setStarts(atZ.slice(0, ways), z, step),
      ...sumInLanes(f, count, totals, terms),
      ...totals.map((total) => set(total, f64.div(total, width))),
      ...each.flatMap((h) => [
        row(h, alongs[h], f64.load(s)),
        ...[z, dy, dx].map((pointer) => advance(pointer, step)),
        advance(s, DOUBLE),
        advance(r, i32.const(1)),
      ]),
    ];
  };
  f.define([set(step, bytes(count)), set(width, f64.ofU(count)), ...inGroups(f, r, rows, group)]);
}

function defineLayerNormBackward(f: FunctionBuilder, one: FunctionBuilder): void {
  const [g, z, s, dy, dx, rows, count] = params(f, 7);
  const means = locals(f, 'f64');
  const row = (h: number, along: Local, divisor: Code): Code =>
    one.call(means[h], along, divisor, g, z, dy, dx, count);
  defineBackward(f, { pointers: { g, z, s, dy, dx }, rows, count, gain: (x) => x, means, row });
}

function defineRmsNormBackward(f: FunctionBuilder, one: FunctionBuilder): void {
  const offset = f.param('f64');
  const [g, z, s, dy, dx, rows, count] = params(f, 7);
  const gain = (entry: Code): Code => add(splat(offset), entry);
  const row = (_: number, along: Local, divisor: Code): Code =>
    one.call(offset, along, divisor, g, z, dy, dx, count);
  defineBackward(f, { pointers: { g, z, s, dy, dx }, rows, count, gain, row });
}
