/**
 * Networks and patches in simulated arithmetic of fewer bits, and the random networks they are tried on.
 *
 * @module
 */
import { type Evaluator, eager, float32, roundingTo } from '../autograd/index.ts';
import {
  FLOAT32,
  type Matrix,
  matrix,
  type Random,
  rowOf,
  withSignificand,
} from '../linalg/index.ts';
import {
  asRun,
  type Block,
  type BlockPatch,
  type BlockRun,
  type BlockValues,
  type Mixed,
  mapParameters,
  type ParameterShapes,
  type Parameters,
} from '../model/index.ts';

/** Bits of the significand of a double: nothing is rounded to anything shorter. */
export const DOUBLE_BITS = 53;

/**
 * What computes with so many bits of significand: 53 is float64 itself, 24 float32 with a rounding at every
 * term of a matrix product (`float32`), anything less one rounding for each operation (`roundingTo`): 8 is
 * bfloat16.
 *
 * @throws DomainError for another number of bits than 53 or 2 to 51.
 */
export function evaluatorOf(bits: number): Evaluator<Matrix> {
  if (bits === DOUBLE_BITS) return eager;
  return bits === FLOAT32.precision ? float32 : roundingTo(withSignificand(bits));
}

/** Every parameter as it would be stored. */
export const stored = (on: Evaluator<Matrix>, parameters: Parameters): Parameters =>
  mapParameters(parameters, (value) => on.constant(value));

/** Every number of the patch as it would be stored. The patch is computed in float64 before. */
export function storedPatch(
  on: Evaluator<Matrix>,
  { weights, biases, gains }: BlockPatch,
): BlockPatch {
  const round = (x: Float64Array): Float64Array => on.constant(matrix(1, x.length, x)).data;
  const each = <T, R>(record: Readonly<Record<string, T>>, f: (value: T) => R): Record<string, R> =>
    Object.fromEntries(Object.entries(record).map(([name, value]) => [name, f(value)]));
  return {
    weights: each(weights, ({ p, v }) => ({ p: round(p), v: round(v) })),
    biases: each(biases, round),
    ...(gains && { gains: each(gains, round) }),
  };
}

/** What a block did at row i. */
export function runAt(values: BlockValues<Matrix>, i: number): BlockRun {
  const row = (x: Matrix): Matrix => matrix(1, x.cols, rowOf(x, i));
  const sites = Object.entries(values.sites).map(([name, { input, output }]) => [
    name,
    { input: row(input), output: row(output) },
  ]);
  return asRun({
    attention: row(values.attention),
    residual: values.residual && row(values.residual),
    input: row(values.input),
    sites: Object.fromEntries(sites),
    preActivation: row(values.preActivation),
    hidden: row(values.hidden),
    update: row(values.update),
    sum: row(values.sum),
    output: row(values.output),
  });
}

/** A block's parts at one token of which no other token is left. */
export interface Alone {
  readonly mixed: Mixed<Matrix>;
  /** Without a patch. */
  readonly run: BlockRun;
}

/** What a block does at the token x, one row, without any context. */
export function runAlone(
  on: Evaluator<Matrix>,
  block: Block,
  own: Parameters,
  x: Matrix,
  position: number,
): Alone {
  const mixed = block.mix(on, own, x, 1, 'each', [position]);
  return { mixed, run: asRun(block.finish(on, own, mixed)) };
}

/**
 * Parameters drawn from N(0, 1/fan-in); gains and shifts of norms are what they start as, plus `spread` times
 * a standard normal.
 */
export const normalParameters = (shapes: ParameterShapes, random: Random, spread = 0): Parameters =>
  mapParameters(shapes, ({ rows, cols, fanIn, constant }) => {
    const value = matrix(rows, cols);
    random.fillNormal(value.data);
    const scale = constant === undefined ? 1 / Math.sqrt(fanIn) : spread;
    return matrix(
      rows,
      cols,
      value.data.map((entry) => (constant ?? 0) + scale * entry),
    );
  });
