/**
 * An evaluator of 320 bits: what a block does without rounding, to 200 bits and more.
 *
 * @module
 */
import type { Evaluator, Op } from '../../src/autograd/index.ts';
import { type Matrix, matrix } from '../../src/linalg/index.ts';
import { absolute, add, divide, integer, multiply, root, subtract, ZERO } from './big-float.ts';
import { type Big, bigExpOf, exactly } from './big-functions.ts';
import { BIG_ACTIVATIONS } from './big-special.ts';

export type BigMatrix = readonly (readonly Big[])[];

/** The matrix as it is. */
export const bigOf = ({ rows, cols, data }: Matrix): BigMatrix =>
  Array.from({ length: rows }, (_, i) =>
    Array.from({ length: cols }, (_, j) => exactly(data[i * cols + j])),
  );

/** x ≤ y */
export const atMost = (x: Big, y: Big): boolean => subtract(y, x).mantissa >= 0n;

/** |x − y| */
export const apart = (x: Big, y: Big): Big => absolute(subtract(x, y));

/** Near enough to be looked at. */
export function toNumber({ mantissa, exponent }: Big): number {
  const bits = mantissa.toString(2).length - 60;
  return bits > 0
    ? Number(mantissa >> BigInt(bits)) * 2 ** (exponent + bits)
    : Number(mantissa) * 2 ** exponent;
}

type Row = readonly Big[];
const sum = (x: Row): Big => x.reduce(add, ZERO);
const dot = (x: Row, y: Row): Big => sum(x.map((entry, j) => multiply(entry, y[j])));

function normalised(c: Row, { attributes }: Op, gain: Row): Big[] {
  const mean = divide(dot(c, c), integer(c.length));
  const divisor = root(add(mean, exactly(Number(attributes?.epsilon))));
  const offset = integer(Number(attributes?.offset ?? 0));
  return c.map((entry, j) => multiply(divide(entry, divisor), add(offset, gain[j])));
}

function routed(x: Row, k: number): Big[] {
  const selected = x.map((entry) => x.filter((other) => atMost(entry, other)).length <= k);
  const powers = x.map((entry, e) => (selected[e] ? bigExpOf(entry) : ZERO));
  const total = sum(powers);
  return powers.map((power) => divide(power, total));
}

const each = (x: BigMatrix, f: (entry: Big, i: number, j: number) => Big): BigMatrix =>
  x.map((row, i) => row.map((entry, j) => f(entry, i, j)));

const RULES: Readonly<Record<string, (args: readonly BigMatrix[], op: Op) => BigMatrix>> = {
  ...Object.fromEntries(
    Object.entries(BIG_ACTIVATIONS).map(([name, f]) => [
      name,
      ([x]: readonly BigMatrix[]) => each(x, f),
    ]),
  ),
  linear: ([x, W]) => x.map((row) => W.map((weights) => dot(weights, row))),
  add: ([x, y]) => each(x, (entry, i, j) => add(entry, y[i][j])),
  addBias: ([x, [b]]) => each(x, (entry, _, j) => add(entry, b[j])),
  multiply: ([x, y]) => each(x, (entry, i, j) => multiply(entry, y[i][j])),
  scaleRows: ([x, [s]]) => each(x, (entry, _, j) => multiply(entry, s[j])),
  weightRows: ([x, w]) => each(x, (entry, i) => multiply(entry, w[i][0])),
  scale: ([x], { attributes }) =>
    each(x, (entry) => multiply(entry, exactly(Number(attributes?.factor)))),
  column: ([x], { attributes }) => x.map((row) => [row[Number(attributes?.which)]]),
  rmsNorm: ([x, [g]], op) => x.map((row) => normalised(row, op, g)),
  layerNorm: ([x, [g], [b]], op) =>
    x.map((row) => {
      const mean = divide(sum(row), integer(row.length));
      const centred = row.map((entry) => subtract(entry, mean));
      return normalised(centred, op, g).map((entry, j) => add(entry, b[j]));
    }),
  topKRouting: ([x], { attributes }) => x.map((row) => routed(row, Number(attributes?.k))),
};

export const big: Evaluator<BigMatrix> = {
  constant: bigOf,
  read: (x) => matrix(x.length, x[0].length, Float64Array.from(x.flat(), toNumber)),
  apply: (op, ...args) => RULES[op.name.replace(/\(.*/, '')](args, op as Op),
};
