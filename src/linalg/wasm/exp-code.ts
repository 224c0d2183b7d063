/**
 * eˣ on a pair of doubles: the operations of `../special/exp.ts` in the same order, so the same bits.
 *
 * Only the powers of two come from elsewhere: not from a table, but from their exponent field. Both
 * factors are normal numbers, |k| ≤ 1076 being halved.
 *
 * @module
 */
import { EXP_CONSTANTS } from '../special/exp.ts';
import type { FunctionBuilder, ModuleBuilder } from './assembler.ts';
import { Constants } from './constants.ts';
import { expOfReduced, reduce, scaled } from './exp-parts-code.ts';
import { type Code, sequence } from './instructions.ts';
import { Lines } from './lines.ts';
import { pmax, pmin, type Wide } from './wide.ts';

const { highest, lowest } = EXP_CONSTANTS;

/** One table for all modules: `expOn` names the same constants in the same order every time. */
const constants = new Constants('exp');

/** Brings the constants along with a module. */
export const withExpTable = (module: ModuleBuilder): void => constants.bringAlong(module);

/** Statements of `f` after which the results are e to the power of the pairs, side by side. */
export function expOfPairs(f: FunctionBuilder, pairs: Wide): { code: Code[]; results: Wide } {
  const lines = new Lines(f, constants, pairs.length);
  const above = pmax(pmin(pairs, lines.pair(highest)), lines.pair(lowest)); // NaN stays NaN
  const reduced = reduce(lines, lines.keep(above));
  const mantissa = expOfReduced(lines, reduced);
  const results = lines.keep(scaled(lines, reduced.shifted)(mantissa));
  return { code: lines.code, results };
}

/** What computes e to the power of a pair, inside `f`, of a module that has the table. */
export const expOn =
  (f: FunctionBuilder) =>
  (pair: Code): Code => {
    const { code, results } = expOfPairs(f, [pair]);
    return sequence('v128', ...code, results[0]);
  };
