/**
 * The steps of a row softmax that several modules need: powers with their sum, division, derivative.
 *
 * @module
 */
import { type FunctionBuilder, set } from './assembler.ts';
import { expOn } from './exp-code.ts';
import { f64, f64x2, i32, v128 } from './instructions.ts';
import { alongRow, sumInLanes } from './row-code.ts';
import { mapPairs, params } from './vector-loop.ts';

const { add, sub, mul, div, splat, lane0, lane1 } = f64x2;

/**
 * (factor, shift, x, out, count): out = exp(x·factor − shift); returns the sum of out in the two-lane
 * order. `out` may be x. The module must have the table of `exp-code.ts`.
 */
export function definePowers(f: FunctionBuilder): FunctionBuilder {
  const [factor, shift] = [f.param('f64'), f.param('f64')];
  const [x, out, count] = params(f, 3);
  const [total, power, lanes] = [f.local('f64'), f.local('v128'), f.local('v128')];
  const exp = expOn(f);
  const { pairs, last } = alongRow(
    f,
    count,
    (j) => [
      set(power, exp(sub(mul(v128.load(i32.add(x, j)), splat(factor)), splat(shift)))),
      v128.store(i32.add(out, j), power),
      set(lanes, add(lanes, power)),
    ],
    (j) => [
      set(power, exp(sub(mul(v128.loadSplat(i32.add(x, j)), splat(factor)), splat(shift)))),
      f64.store(i32.add(out, j), lane0(power)),
      set(total, f64.add(total, lane0(power))),
    ],
  );
  f.define([...pairs, set(total, f64.add(lane0(lanes), lane1(lanes))), last], total);
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
