/**
 * The maps that act on each entry by itself, on Wasm, with the bits of `../reference/elementwise.ts`.
 *
 * @module
 */
import type * as twins from '../reference/elementwise.ts';
import { advance, type FunctionBuilder, type Local, ModuleBuilder, walk } from './assembler.ts';
import { type Crossover, pays } from './crossover.ts';
import { type Code, f64, f64x2, i32, v128 } from './instructions.ts';
import { arena } from './memory.ts';
import { BINARY, stream, streamRows, UNARY, type Use } from './streaming.ts';
import { bytes, mapPairs, params } from './vector-loop.ts';

/**
 * Below this many entries the twin is as fast or faster. In Wasm memory, nanoseconds an entry against
 * the twin's: 1.4 … 2.9 : 1.7 … 3.5 of 128 entries, 0.3 … 0.5 : 1.6 … 2.9 of 4096, 0.2 … 1.0 : 1.3 … 10
 * of 10⁶. relu and its derivative, whose twins have branches, gain the most, on more than fit a branch
 * predictor. Copied: 1.2 … 3.3 : 1.7 … 3.2 of 256, 0.6 … 1.0 : 1.6 … 2.9 of 4096 (Node 20.20, EPYC, November
 * 2026).
 */
export const ELEMENTWISE_CROSSOVER: Crossover = { resident: 128, copied: 512 };

/**
 * From here on copies cost as much as the twin's sums: of 10⁶ entries 2.5 : 2.6 for a sum of two, against
 * 0.8 … 1.2 : 1.9 … 2.3 of 65536.
 */
const COPIED_LIMIT = 65536;

/** Does a map pay that is one sum or product an entry, and whose result is x? */
export const lightPays = (x: Float64Array): boolean =>
  pays(x.length, ELEMENTWISE_CROSSOVER, x) && (x.length <= COPIED_LIMIT || arena().holds(x));

type Binary = (x: number, y: number, out: number, count: number) => void;

/** What the module exports: addresses in bytes, counts in doubles; `out` may be an input. */
export interface ElementwiseExports {
  readonly add: Binary;
  readonly subtract: Binary;
  readonly multiply: Binary;
  /** From y and dy. */
  readonly reluBackward: Binary;
  relu(x: number, out: number, count: number): void;
  scale(factor: number, x: number, out: number, count: number): void;
  /** out = x + 1·bᵀ with x of `rows` rows of `count`. */
  addToRows(x: number, b: number, out: number, rows: number, count: number): void;
  /** out += Σ_i x[i], i ascending, x of `rows` rows of `count`. */
  addRows(x: number, out: number, rows: number, count: number): void;
}

/** The binary of a module with these exports. */
export function elementwiseModule(): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  const add = defineBinary(module.function('add'), f64x2.add);
  defineBinary(module.function('subtract'), f64x2.sub);
  defineBinary(module.function('multiply'), f64x2.mul);
  defineRelu(module.function('relu'));
  defineBinary(module.function('reluBackward'), (y, dy) => v128.and(dy, f64x2.gt(y, ZERO)));
  defineScale(module.function('scale'));
  defineAddToRows(module.function('addToRows'), add);
  defineAddRows(module.function('addRows'), add);
  return module.bytes();
}

const ZERO = f64x2.splat(f64.const(0));

function defineBinary(f: FunctionBuilder, apply: (x: Code, y: Code) => Code): FunctionBuilder {
  const [x, y, out, count] = params(f, 4);
  f.define(mapPairs(f, [x, y], out, count, apply));
  return f;
}

/** +0 where x ≤ 0, x elsewhere: a NaN is not ≤ 0. */
function defineRelu(f: FunctionBuilder): void {
  const [x, out, count] = params(f, 3);
  f.define(mapPairs(f, [x], out, count, (pair) => v128.andNot(pair, f64x2.le(pair, ZERO))));
}

function defineScale(f: FunctionBuilder): void {
  const factor = f.param('f64');
  const [x, out, count] = params(f, 3);
  f.define(mapPairs(f, [x], out, count, (pair) => f64x2.mul(f64x2.splat(factor), pair)));
}

function defineAddToRows(f: FunctionBuilder, add: FunctionBuilder): void {
  const [x, b, out, rows, count] = params(f, 5);
  const row = add.call(x, b, out, count);
  f.define(alongRows(f, rows, row, advance(x, bytes(count)), advance(out, bytes(count))));
}

function defineAddRows(f: FunctionBuilder, add: FunctionBuilder): void {
  const [x, out, rows, count] = params(f, 4);
  f.define(alongRows(f, rows, add.call(out, x, out, count), advance(x, bytes(count))));
}

const alongRows = (f: FunctionBuilder, rows: Local, ...body: Code[]): Code[] => [
  walk(f.local('i32'), rows, i32.const(1), ...body),
];

let shared: ElementwiseExports | undefined;

/** The compiled module. */
function kernel(): ElementwiseExports {
  shared ??= arena().instantiate(elementwiseModule()) as unknown as ElementwiseExports; // by construction
  return shared;
}

/** out = map(x, y). */
function binary(map: Binary, x: Float64Array, y: Float64Array, out: Float64Array): void {
  stream(BINARY, [out, x, y], out.length, ([atOut, atX, atY], count) =>
    map(atX, atY, atOut, count),
  );
}

/** out = x + y. */
export const add: typeof twins.add = (x, y, out) => binary(kernel().add, x, y, out);

/** out = x − y. */
export const subtract: typeof twins.subtract = (x, y, out) => binary(kernel().subtract, x, y, out);

/** out = x·y, entry by entry. */
export const multiply: typeof twins.multiply = (x, y, out) => binary(kernel().multiply, x, y, out);

/** out = dy where y > 0, else +0. */
export const reluBackward: typeof twins.reluBackward = (y, dy, out) =>
  binary(kernel().reluBackward, y, dy, out);

/** out = x where x > 0, else +0; a NaN stays NaN. */
export const relu: typeof twins.relu = (x, out) => {
  const { relu: map } = kernel();
  stream(UNARY, [out, x], out.length, ([atOut, atX], count) => map(atX, atOut, count));
};

/** out = factor·x. */
export const scale: typeof twins.scale = (factor, x, out) => {
  const { scale: map } = kernel();
  stream(UNARY, [out, x], out.length, ([atOut, atX], count) => map(factor, atX, atOut, count));
};

/** out = x + 1·bᵀ with x of `rows` rows, b added to each. */
export const addToRows: typeof twins.addToRows = (x, b, out, rows) => {
  const { addToRows: map } = kernel();
  const n = b.length;
  const room = arena();
  const mark = room.used;
  const atB = room.reach(b, 0, n);
  streamRows(UNARY, [out, x], [n, n], rows, ([atOut, atX], count) =>
    map(atX, atB, atOut, count, n),
  );
  room.release(mark);
};

const READ: readonly Use[] = ['read'];

/** out_j = Σ_i x[i,j], i ascending from +0. */
export const sumOfRows: typeof twins.sumOfRows = (x, out, rows) => {
  const { addRows } = kernel();
  const n = out.length;
  const room = arena();
  const mark = room.used;
  const atOut = room.allocate(n);
  room.view.fill(0, atOut / 8, atOut / 8 + n);
  streamRows(READ, [x], [n], rows, ([atX], count) => addRows(atX, atOut, count, n));
  room.copyOut(atOut, out, 0, n);
  room.release(mark);
};
