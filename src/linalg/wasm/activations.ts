/**
 * The smooth activations on Wasm, value and slope in one pass, with the bits of
 * `../reference/activations.ts`.
 *
 * Each has a module of its own, compiled when it is first called.
 *
 * @module
 */
import type * as twins from '../reference/activations.ts';
import {
  advance,
  either,
  type FunctionBuilder,
  type Local,
  ModuleBuilder,
  set,
  walk,
} from './assembler.ts';
import { Constants } from './constants.ts';
import { eluPlusOne as eluPlusOneOf } from './elu-code.ts';
import { erfcxTableModule } from './erfcx-code.ts';
import { gelu as geluOf } from './gelu-code.ts';
import { geluTanh as geluTanhOf } from './gelu-tanh-code.ts';
import { type Code, f64, f64x2, i32, v128 } from './instructions.ts';
import { type Activated, Lines } from './lines.ts';
import { arena } from './memory.ts';
import { sigmoid as sigmoidOf, silu as siluOf } from './sigmoid-code.ts';
import { softplus as softplusOf } from './softplus-code.ts';
import { stream, type Use } from './streaming.ts';
import { tanh as tanhOf } from './tanh-code.ts';
import { bytes, params } from './vector-loop.ts';
import type { Wide } from './wide.ts';

/**
 * Below this many entries the twins are as fast or faster: copies included, gelu takes 87 ns an entry
 * against 89 of 4 entries, tanh 54 against 64 and sigmoid 36 against 42 of 16 (Node 20.20, EPYC, November
 * 2026). Of 4096 gelu takes 9.9, copies included, against 78.
 */
export const ACTIVATION_CROSSOVER = 16;

/** The same for eluPlusOne, whose twin is faster: 7.6 ns an entry against 12 of 256. */
export const ELU_CROSSOVER = 128;

/** What a module exports: addresses in bytes, `count` in doubles. */
export interface ActivationExports {
  apply(x: number, y: number, slope: number, count: number): void;
}

/** An activation: its lines, and on how many pairs at a time. */
interface Activation {
  readonly apply: (lines: Lines, x: Wide) => Activated;
  readonly pairs: number;
}

export type ActivationName =
  | 'gelu'
  | 'geluTanh'
  | 'silu'
  | 'tanh'
  | 'sigmoid'
  | 'softplus'
  | 'eluPlusOne';

/**
 * Three pairs instead of two gain 6 % in tanh, silu and sigmoid, where the module would be above 4 KiB,
 * and 11 % in eluPlusOne; they lose 13 % in gelu. One pair takes 18 to 44 % longer than two (Node 20.20,
 * EPYC, November 2026).
 */
const ACTIVATIONS: Readonly<Record<ActivationName, Activation>> = {
  gelu: { apply: geluOf, pairs: 2 },
  geluTanh: { apply: geluTanhOf, pairs: 2 },
  silu: { apply: siluOf, pairs: 2 },
  tanh: { apply: tanhOf, pairs: 2 },
  sigmoid: { apply: sigmoidOf, pairs: 2 },
  softplus: { apply: softplusOf, pairs: 2 },
  eluPlusOne: { apply: eluPlusOneOf, pairs: 3 },
};

/** The binaries of the modules of an activation. The last one has the function `apply`. */
export function activationModules(name: ActivationName): Uint8Array<ArrayBuffer>[] {
  const module = new ModuleBuilder();
  const constants = new Constants(name);
  constants.bringAlong(module);
  defineApply(module.function('apply'), constants, ACTIVATIONS[name]);
  const tables = name === 'gelu' ? [erfcxTableModule()] : []; // together they are above 4 KiB
  return [...tables, module.bytes()];
}

/**
 * Some pairs a turn. In the last turn there may be fewer entries than it takes: those that are missing
 * are copies of the last one, with its address. So the lines are written once.
 */
function defineApply(
  f: FunctionBuilder,
  constants: Constants,
  { apply, pairs: perTurn }: Activation,
): void {
  const [x, y, slope, count] = params(f, 4);
  const [end, full] = [f.local('i32'), f.local('i32')];
  const places = Array.from({ length: 2 * perTurn }, () => f.local('i32')); // the first stays 0
  const turn = i32.const(8 * places.length);
  const left = i32.sub(end, x);

  const pairs = Array.from({ length: perTurn }, () => f.local('v128'));
  const lines = new Lines(f, constants, perTurn);
  const { y: values, slope: slopes } = apply(lines, pairs);
  const results = [lines.keep(values), lines.keep(slopes)];
  const at = (pointer: Local, entry: number): Code => i32.add(pointer, places[entry]);

  f.define([
    set(end, i32.add(x, bytes(count))),
    walk(
      x,
      end,
      turn,
      set(full, i32.geU(left, turn)),
      either(
        full,
        pairs.map((pair, i) => set(pair, v128.load(x, 16 * i))),
        [
          ...places.slice(1).map((place, i) => {
            const exists = i32.ltU(i32.const(8 * (i + 1)), left);
            return set(place, i32.add(places[i], bytes(exists)));
          }),
          ...pairs.map((pair, i) =>
            set(pair, v128.loadLane1(at(x, 2 * i + 1), v128.loadLane0(at(x, 2 * i)))),
          ),
        ],
      ),
      ...lines.code,
      ...[y, slope].map((pointer, which) =>
        either(
          full,
          results[which].map((result, i) => v128.store(pointer, result, 16 * i)),
          results[which].flatMap((result, i) => [
            f64.store(at(pointer, 2 * i), f64x2.lane0(result)),
            f64.store(at(pointer, 2 * i + 1), f64x2.lane1(result)),
          ]),
        ),
      ),
      advance(y, turn),
      advance(slope, turn),
    ),
  ]);
}

const USES: readonly Use[] = ['write', 'write', 'read'];

function instantiate(name: ActivationName): ActivationExports {
  const all = activationModules(name).map((bytes) => arena().instantiate(bytes));
  return all[all.length - 1] as unknown as ActivationExports; // by construction
}

/** The kernel of an activation, compiled on its first call. */
function activation(name: ActivationName): typeof twins.gelu {
  let exports: ActivationExports | undefined;
  return (x, y, slope) => {
    exports ??= instantiate(name);
    const { apply } = exports;
    stream(USES, [y, slope, x], x.length, ([atY, atSlope, atX], n) => apply(atX, atY, atSlope, n));
  };
}

/** y = x·Φ(x). */
export const gelu: typeof twins.gelu = activation('gelu');

/** y = x·sigmoid(2·√(2/π)·(x + 0.044715·x³)). */
export const geluTanh: typeof twins.geluTanh = activation('geluTanh');

/** y = x·sigmoid(x). */
export const silu: typeof twins.silu = activation('silu');

/** y = tanh(x). */
export const tanh: typeof twins.tanh = activation('tanh');

/** y = 1/(1 + e⁻ˣ). */
export const sigmoid: typeof twins.sigmoid = activation('sigmoid');

/** y = log(1 + eˣ); its slope is sigmoid(x). */
export const softplus: typeof twins.softplus = activation('softplus');

/** y = x + 1 above 0, eˣ elsewhere. */
export const eluPlusOne: typeof twins.eluPlusOne = activation('eluPlusOne');
