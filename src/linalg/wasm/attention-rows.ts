/**
 * From scores to weights of attention and back, on rows in Wasm memory, with the bits of
 * `../reference/attention.ts`.
 *
 * Row r is `stride` bytes from row r − 1 and has `tokens` entries, of which it sees the first `end`:
 * firstEnd + r of them if `causal` is 1, all of them if it is 0. The others become +0.
 *
 * @module
 */
import {
  advance,
  block,
  brIf,
  either,
  type FunctionBuilder,
  type Local,
  ModuleBuilder,
  set,
  walk,
  when,
} from './assembler.ts';
import { withExpTable } from './exp-code.ts';
import { type Code, f64, f64x2, i32, v128 } from './instructions.ts';
import { arena } from './memory.ts';
import { alongRow } from './row-code.ts';
import { defineDerivative, defineDivide, definePowers } from './softmax-code.ts';
import { bytes, params } from './vector-loop.ts';

/** What the module exports: addresses and strides in bytes, the rest in rows and doubles. */
export interface AttentionRowsExports {
  /**
   * In place: s ← softmax(s·scale) over the entries that each row sees. Returns the first row with
   * an s·scale among them that is not finite, that row and those after it left as they were; or −1.
   */
  scoresToWeights(
    scores: number,
    stride: number,
    rows: number,
    firstEnd: number,
    causal: number,
    tokens: number,
    scale: number,
  ): number;
  /** In place: dp ← (p·(dp − Σ dp·p))·scale over the entries that each row of p sees. */
  weightsBackward(
    weights: number,
    dp: number,
    stride: number,
    rows: number,
    firstEnd: number,
    causal: number,
    tokens: number,
    scale: number,
  ): void;
}

/** The binary of a module with these exports. */
export function attentionRowsModule(): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  withExpTable(module);
  const clear = defineClear(module.function('clear'));
  const weights = defineWeights(module);
  const derivative = defineDerivative(module.function('derivative'));
  defineScoresToWeights(module.function('scoresToWeights'), weights, clear);
  defineWeightsBackward(module.function('weightsBackward'), derivative, clear);
  return module.bytes();
}

/** (x, from, end): +0 in the entries from ≤ j < end of the row x. */
function defineClear(f: FunctionBuilder): FunctionBuilder {
  const [x, from, end] = params(f, 3);
  const zero = f64.const(0);
  const at = (j: Local): Code => i32.add(x, j);
  const { pairs, last } = alongRow(
    f,
    i32.sub(end, from),
    (j) => [v128.store(at(j), f64x2.splat(zero))],
    (j) => [f64.store(at(j), zero)],
  );
  f.define([advance(x, bytes(from)), ...pairs, last]);
  return f;
}

/**
 * (scale, x, count): max x·scale, or NaN if one of these products is not finite; −∞ for none.
 *
 * Of the signs of zeros nothing is promised: in exp(s − max) they do not matter. x − x is 0 for a finite
 * x and NaN for any other.
 */
function defineLargest(f: FunctionBuilder): FunctionBuilder {
  const scale = f.param('f64');
  const [x, count] = params(f, 2);
  const [largest, faults, scaled] = [f.local('v128'), f.local('v128'), f.local('v128')];
  const total = f.local('f64');
  const see = (load: (address: Code) => Code, j: Local): Code[] => [
    set(scaled, f64x2.mul(load(i32.add(x, j)), f64x2.splat(scale))),
    set(largest, f64x2.pmax(largest, scaled)),
    set(faults, f64x2.add(faults, f64x2.sub(scaled, scaled))),
  ];
  const { pairs, last } = alongRow(
    f,
    count,
    (j) => see(v128.load, j),
    (j) => see(v128.loadSplat, j),
  );
  const [lane0, lane1] = [f64x2.lane0, f64x2.lane1];
  f.define(
    [
      set(largest, f64x2.splat(f64.const(-Infinity))),
      ...pairs,
      last,
      set(total, f64.add(lane0(faults), lane1(faults))),
    ],
    f64.add(f64.max(lane0(largest), lane1(largest)), total),
  );
  return f;
}

/** (scale, x, count): in place softmax(x·scale); returns 0, and leaves x alone, if one is not finite. */
export function defineWeights(module: ModuleBuilder): FunctionBuilder {
  const largestOf = defineLargest(module.function('largest'));
  const powers = definePowers(module);
  const divide = defineDivide(module.function('divide'));
  const f = module.function('weights');
  const scale = f.param('f64');
  const [x, count] = params(f, 2);
  const largest = f.local('f64');
  const finite = f64.eq(largest, largest);
  f.define(
    [
      set(largest, largestOf.call(scale, x, count)),
      when(finite, divide.call(powers.call(scale, largest, x, x, count), x, x, count)),
    ],
    finite,
  );
  return f;
}

/** end ← what row r sees. */
const setEnd = (end: Local, r: Local, firstEnd: Local, causal: Local, tokens: Local): Code =>
  either(causal, [set(end, i32.add(firstEnd, r))], [set(end, tokens)]);

function defineScoresToWeights(
  f: FunctionBuilder,
  weights: FunctionBuilder,
  clear: FunctionBuilder,
): void {
  const [scores, stride, rows, firstEnd, causal, tokens] = params(f, 6);
  const scale = f.param('f64');
  const [r, end] = [f.local('i32'), f.local('i32')];
  f.define(
    [
      block(
        walk(
          r,
          rows,
          i32.const(1),
          setEnd(end, r, firstEnd, causal, tokens),
          brIf(2, i32.eqz(weights.call(scale, scores, end))), // out of the block
          clear.call(scores, end, tokens),
          advance(scores, stride),
        ),
        set(r, i32.const(-1)),
      ),
    ],
    r,
  );
}

function defineWeightsBackward(
  f: FunctionBuilder,
  derivative: FunctionBuilder,
  clear: FunctionBuilder,
): void {
  const [weights, dp, stride, rows, firstEnd, causal, tokens] = params(f, 7);
  const scale = f.param('f64');
  const [r, end] = [f.local('i32'), f.local('i32')];
  f.define([
    walk(
      r,
      rows,
      i32.const(1),
      setEnd(end, r, firstEnd, causal, tokens),
      derivative.call(scale, weights, dp, dp, end),
      clear.call(dp, end, tokens),
      advance(weights, stride),
      advance(dp, stride),
    ),
  ]);
}

let shared: AttentionRowsExports | undefined;

/** The compiled functions, on the memory of the arena. */
export function attentionRows(): AttentionRowsExports {
  shared ??= arena().instantiate(attentionRowsModule()) as unknown as AttentionRowsExports; // by construction
  return shared;
}
