/**
 * One Adam step on Wasm, with the bits of `../reference/adam.ts`.
 *
 * @module
 */
import type * as twins from '../reference/adam.ts';
import {
  advance,
  type FunctionBuilder,
  type Local,
  ModuleBuilder,
  set,
  walk,
} from './assembler.ts';
import { type Code, f64, f64x2, i32, v128 } from './instructions.ts';
import { arena } from './memory.ts';
import { stream, type Use } from './streaming.ts';
import { bytes, DOUBLE, params } from './vector-loop.ts';

/**
 * Below this many parameters the twin is as fast or faster: copies included, 64 run at half its speed,
 * 256 at 1.4 and 4096 at twice it (Node 20.20, EPYC, November 2026).
 */
export const ADAM_CROSSOVER = 256;

/** What the module exports: addresses in bytes, `count` in doubles; the rest as in the twin. */
export interface AdamExports {
  adam(
    theta: number,
    g: number,
    m: number,
    v: number,
    count: number,
    beta1: number,
    beta2: number,
    keep1: number,
    keep2: number,
    rate: number,
    correction2: number,
    epsilon: number,
  ): void;
}

/** The binary of a module with this export. */
export function adamModule(): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  defineAdam(module.function('adam'));
  return module.bytes();
}

/** Pair by pair; the entry that may be left is computed on a pair of copies of itself. */
function defineAdam(f: FunctionBuilder): void {
  const [theta, g, m, v, count] = params(f, 5);
  const scalars = Array.from({ length: 7 }, () => f.param('f64'));
  const pairs = scalars.map(() => f.local('v128'));
  const [beta1, beta2, keep1, keep2, rate, correction2, epsilon] = pairs;
  const [end, evenEnd] = [f.local('i32'), f.local('i32')];
  const [gradient, first, second] = [f.local('v128'), f.local('v128'), f.local('v128')];
  const { add, sub, mul, div, sqrt } = f64x2;

  const step = (
    load: (address: Code) => Code,
    store: (address: Code, pair: Code) => Code,
    size: Code,
  ): Code[] => [
    set(gradient, load(g)),
    set(first, add(mul(beta1, load(m)), mul(keep1, gradient))),
    set(second, add(mul(beta2, load(v)), mul(mul(keep2, gradient), gradient))),
    store(m, first),
    store(v, second),
    store(
      theta,
      sub(load(theta), div(mul(rate, first), add(div(sqrt(second), correction2), epsilon))),
    ),
    ...[g, m, v].map((pointer: Local) => advance(pointer, size)),
  ];
  const storeOne = (address: Code, pair: Code): Code => f64.store(address, f64x2.lane0(pair));
  const two = i32.const(16);
  f.define([
    ...pairs.map((pair, i) => set(pair, f64x2.splat(scalars[i]))),
    set(end, i32.add(theta, bytes(count))),
    set(evenEnd, i32.add(theta, bytes(i32.and(count, i32.const(-2))))),
    walk(theta, evenEnd, two, ...step(v128.load, v128.store, two)),
    walk(theta, end, DOUBLE, ...step(v128.loadSplat, storeOne, DOUBLE)),
  ]);
}

let shared: AdamExports | undefined;

const USES: readonly Use[] = ['update', 'update', 'update', 'read'];

/** In place: m, v and θ after one step with the gradient g. */
export const adam: typeof twins.adam = (step, theta, g, m, v) => {
  shared ??= arena().instantiate(adamModule()) as unknown as AdamExports; // by construction
  const { adam: map } = shared;
  const { beta1, beta2, epsilon, correction2 } = step;
  const rate = step.learningRate / step.correction1;
  stream(USES, [theta, m, v, g], theta.length, ([atTheta, atM, atV, atG], count) => {
    // biome-ignore format: the parameters in their order
    map(
      atTheta, atG, atM, atV, count, beta1, beta2, 1 - beta1, 1 - beta2, rate, correction2, epsilon,
    );
  });
};
