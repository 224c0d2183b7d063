/**
 * eˣ on a pair of doubles: the operations of `../special/exp.ts` in the same order, so the same bits.
 *
 * Only the powers of two come from elsewhere: not from a table, but from their exponent field. Both
 * factors are normal numbers, |k| ≤ 1076 being halved.
 *
 * @module
 */
import { EXP_CONSTANTS, LN2_HIGH, LN2_LOW } from '../special/exp.ts';
import { type FunctionBuilder, type ModuleBuilder, set } from './assembler.ts';
import { type Code, f64x2, i32, i64x2, sequence, v128 } from './instructions.ts';

/** Names and values of the constants; those of the function in `special/` explain them. */
const CONSTANTS = {
  log2e: EXP_CONSTANTS.log2e,
  ln2High: LN2_HIGH,
  ln2Low: LN2_LOW,
  rounder: EXP_CONSTANTS.rounder,
  highest: EXP_CONSTANTS.highest,
  lowest: EXP_CONSTANTS.lowest,
  one: 1,
  /** The integer 1023 in the bits of a double: the exponent field of 2⁰. */
  bias: 1023 * Number.MIN_VALUE,
  q0: EXP_CONSTANTS.q[0],
  q1: EXP_CONSTANTS.q[1],
  q2: EXP_CONSTANTS.q[2],
  q3: EXP_CONSTANTS.q[3],
  q4: EXP_CONSTANTS.q[4],
  q5: EXP_CONSTANTS.q[5],
  q6: EXP_CONSTANTS.q[6],
  q7: EXP_CONSTANTS.q[7],
  q8: EXP_CONSTANTS.q[8],
  q9: EXP_CONSTANTS.q[9],
  q10: EXP_CONSTANTS.q[10],
} as const;

const NAMES = Object.keys(CONSTANTS) as (keyof typeof CONSTANTS)[]; // its own keys, no others

/** Where the table of constants is in memory, each twice: loading a pair is cheaper than making it. */
const TABLE = 0;

const constant = (name: keyof typeof CONSTANTS): Code =>
  v128.load(i32.const(TABLE), 16 * NAMES.indexOf(name));

/** Brings the constants along with a module. */
export function withExpTable(module: ModuleBuilder): void {
  module.table(
    TABLE,
    NAMES.flatMap((name) => [CONSTANTS[name], CONSTANTS[name]]),
  );
}

/** What computes e to the power of a pair, inside `f`, of a module that has the table. */
export function expOn(f: FunctionBuilder): (pair: Code) => Code {
  const { add, sub, mul } = f64x2;
  const local = () => f.local('v128');
  const [bounded, shifted, k, high, low, r, rError] = Array.from({ length: 7 }, local);
  const [z, even, odd, sum, sumError, small, half, whole] = Array.from({ length: 8 }, local);
  /** a + z·rest. */
  const horner = (a: keyof typeof CONSTANTS, rest: Code): Code => add(constant(a), mul(z, rest));
  const power = (exponent: Code): Code =>
    i64x2.shl(i64x2.add(exponent, constant('bias')), i32.const(52));

  return (pair) =>
    sequence(
      'v128',
      set(bounded, f64x2.pmax(f64x2.pmin(pair, constant('highest')), constant('lowest'))),
      set(shifted, add(mul(bounded, constant('log2e')), constant('rounder'))),
      set(k, sub(shifted, constant('rounder'))),
      set(high, sub(bounded, mul(k, constant('ln2High')))),
      set(low, mul(k, constant('ln2Low'))),
      set(r, sub(high, low)),
      set(rError, sub(sub(high, r), low)),
      set(z, mul(r, r)),
      set(even, horner('q2', horner('q4', horner('q6', horner('q8', constant('q10')))))),
      set(odd, horner('q1', horner('q3', horner('q5', horner('q7', constant('q9')))))),
      set(sum, add(constant('one'), r)),
      set(sumError, sub(r, sub(sum, constant('one')))),
      set(small, add(mul(z, add(mul(r, odd), mul(z, even))), add(mul(rError, sum), sumError))),
      set(small, add(mul(constant('q0'), z), small)),
      // The lower bits of 1.5·2⁵² + k are those of k. Where x is NaN they mean nothing, and sum is NaN.
      set(whole, i64x2.sub(shifted, constant('rounder'))),
      set(half, i64x2.shrS(whole, i32.const(1))),
      mul(mul(add(sum, small), power(half)), power(i64x2.sub(whole, half))),
    );
}
