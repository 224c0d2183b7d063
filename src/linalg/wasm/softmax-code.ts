/**
 * The steps of a row softmax that several modules need: powers with their sum, division, derivative.
 *
 * @module
 */
import { advance, type FunctionBuilder, type ModuleBuilder, set, walk, when } from './assembler.ts';
import { expOfPairs, expOn } from './exp-code.ts';
import { type Code, f64, f64x2, i32, v128 } from './instructions.ts';
import { sumInLanes } from './row-code.ts';
import { bytes, mapPairs, params } from './vector-loop.ts';

const { add, sub, mul, div, splat, lane0, lane1 } = f64x2;

/**
 * Pairs whose powers are computed side by side. With 1, 2, 3 and 4 the powers take 4.5, 3.3, 3.7 and 3.6 ns
 * an entry (Node 20.20, EPYC, November 2026).
 */
const WIDTH = 2;

/**
 * Defines (factor, shift, x, out, count): out = exp(x·factor − shift); returns the sum of out in the
 * two-lane order. `out` may be x. The module must have the table of `exp-code.ts`.
 */
export function definePowers(module: ModuleBuilder): FunctionBuilder {
  const power = module.function('power');
  const exponent = power.param('v128');
  power.define([], expOn(power)(exponent));

  const f = module.function('powers');
  const [factor, shift] = [f.param('f64'), f.param('f64')];
  const [x, out, count] = params(f, 3);
  const [turns, end] = [f.local('i32'), f.local('i32')];
  const [total, lanes, one] = [f.local('f64'), f.local('v128'), f.local('v128')];
  const exponents = Array.from({ length: WIDTH }, () => f.local('v128'));
  const { code, results } = expOfPairs(f, exponents);
  const turn = 16 * WIDTH;
  const exponentOf = (pair: Code): Code => sub(mul(pair, splat(factor)), splat(shift));

  f.define(
    [
      set(end, i32.add(x, bytes(count))),
      set(turns, i32.sub(end, i32.const(turn - 1))),
      walk(
        x,
        turns,
        i32.const(turn),
        ...exponents.map((pair, i) => set(pair, exponentOf(v128.load(x, 16 * i)))),
        ...code,
        ...results.flatMap((result, i) => [
          v128.store(out, result, 16 * i),
          set(lanes, add(lanes, result)),
        ]),
        advance(out, i32.const(turn)),
      ),
      set(turns, i32.sub(end, i32.const(15))),
      walk(
        x,
        turns,
        i32.const(16),
        set(one, power.call(exponentOf(v128.load(x)))),
        v128.store(out, one),
        set(lanes, add(lanes, one)),
        advance(out, i32.const(16)),
      ),
      set(total, f64.add(lane0(lanes), lane1(lanes))),
      when(
        i32.ltU(x, end),
        set(one, power.call(exponentOf(v128.loadSplat(x)))),
        f64.store(out, lane0(one)),
        set(total, f64.add(total, lane0(one))),
      ),
    ],
    total,
  );
  return f;
}

/** (divisor, x, out, count): out = x/divisor. */
export function defineDivide(f: FunctionBuilder): FunctionBuilder {
  const divisor = f.param('f64');
  const [x, out, count] = params(f, 3);
  f.define(mapPairs(f, [x], out, count, (pair) => div(pair, splat(divisor))));
  return f;
}

/** (factor, y, dy, dx, count): dx = (y·(dy − Σ dy·y))·factor, the sum in the two-lane order. */
export function defineDerivative(f: FunctionBuilder): FunctionBuilder {
  const factor = f.param('f64');
  const [y, dy, dx, count] = params(f, 4);
  const mean = f.local('f64');
  f.define([
    ...sumInLanes(f, count, [mean], [(load, j) => mul(load(i32.add(dy, j)), load(i32.add(y, j)))]),
    ...mapPairs(f, [y, dy], dx, count, (p, g) => mul(mul(p, sub(g, splat(mean))), splat(factor))),
  ]);
  return f;
}
