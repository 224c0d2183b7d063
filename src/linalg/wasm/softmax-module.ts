/**
 * The Wasm module of the softmax: of one row, of all rows of a matrix, forwards and backwards.
 *
 * @module
 */
import {
  advance,
  block,
  brIf,
  type FunctionBuilder,
  ModuleBuilder,
  set,
  walk,
  when,
} from './assembler.ts';
import { withExpTable } from './exp-code.ts';
import { type Code, f64, i32 } from './instructions.ts';
import { defineMaximum } from './maximum-code.ts';
import { alongRows } from './row-code.ts';
import { defineDerivative, defineDivide, definePowers } from './softmax-code.ts';
import { bytes, params } from './vector-loop.ts';

/** What the module exports: addresses in bytes, counts in doubles; `out` may be `x`, `dx` may be `dy`. */
export interface SoftmaxExports {
  /** max x_i as Math.max has it; −∞ for none. */
  maximum(x: number, count: number): number;
  /** out = exp(x − shift). */
  exp(shift: number, x: number, out: number, count: number): void;
  /** out = softmax(x), given its finite maximum; returns Σ exp(x − maximum) in the two-lane order. */
  weights(maximum: number, x: number, out: number, count: number): number;
  /** out = softmax(x), if the largest entry is finite; returns the largest. */
  softmax(x: number, out: number, count: number): number;
  /** The same row by row. Returns the first row whose largest entry is not finite, or −1. */
  softmaxRows(x: number, out: number, rows: number, count: number): number;
  /** dx = factor·(y·(dy − Σ dy·y)), the sum in the two-lane order. */
  derivative(factor: number, y: number, dy: number, dx: number, count: number): void;
  /** The same row by row, with the factor 1. */
  derivativeRows(y: number, dy: number, dx: number, rows: number, count: number): void;
}

/** The binary of a module with these exports. */
export function softmaxModule(): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  withExpTable(module);
  const powers = definePowers(module);
  defineExp(module.function('exp'), powers);
  const softmax = defineSoftmax(module, powers);
  defineSoftmaxRows(module.function('softmaxRows'), softmax);
  const derivative = defineDerivative(module.function('derivative'));
  defineDerivativeRows(module.function('derivativeRows'), derivative);
  return module.bytes();
}

/** Powers whose sum nobody asks for. */
function defineExp(f: FunctionBuilder, powers: FunctionBuilder): void {
  const shift = f.param('f64');
  const [x, out, count] = params(f, 3);
  f.define([set(f.local('f64'), powers.call(f64.const(1), shift, x, out, count))]);
}

function defineSoftmax(module: ModuleBuilder, powers: FunctionBuilder): FunctionBuilder {
  const maximum = defineMaximum(module);
  const divide = defineDivide(module.function('divide'));

  const weights = module.function('weights');
  const shift = weights.param('f64');
  const [from, to, n] = params(weights, 3);
  const total = weights.local('f64');
  weights.define(
    [set(total, powers.call(f64.const(1), shift, from, to, n)), divide.call(total, to, to, n)],
    total,
  );

  const f = module.function('softmax');
  const [x, out, count] = params(f, 3);
  const [m, sum] = [f.local('f64'), f.local('f64')];
  f.define(
    [set(m, maximum.call(x, count)), when(finite(m), set(sum, weights.call(m, x, out, count)))],
    m,
  );
  return f;
}

const finite = (x: Code): Code => f64.eq(f64.sub(x, x), f64.const(0));

function defineSoftmaxRows(f: FunctionBuilder, softmax: FunctionBuilder): void {
  const [x, out, rows, count] = params(f, 4);
  const [r, step, m] = [f.local('i32'), f.local('i32'), f.local('f64')];
  f.define(
    [
      set(step, bytes(count)),
      block(
        walk(
          r,
          rows,
          i32.const(1),
          set(m, softmax.call(x, out, count)),
          brIf(2, i32.eqz(finite(m))), // out of the block
          advance(x, step),
          advance(out, step),
        ),
        set(r, i32.const(-1)),
      ),
    ],
    r,
  );
}

function defineDerivativeRows(f: FunctionBuilder, derivative: FunctionBuilder): void {
  const [y, dy, dx, rows, count] = params(f, 5);
  const step = bytes(count);
  f.define([
    alongRows(
      f,
      rows,
      [y, dy, dx].map((pointer) => [pointer, step] as const),
      derivative.call(f64.const(1), y, dy, dx, count),
    ),
  ]);
}
