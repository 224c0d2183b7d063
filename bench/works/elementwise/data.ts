/**
 * The functions of work (b), their arguments, and their exact values at some places.
 *
 * @module
 */
import { add, divide, LOW } from '../../../scripts/accuracy/pairs.ts';
import { REFERENCES } from '../../../scripts/accuracy/reference.ts';
import {
  addDoubleDouble,
  type DoubleDouble,
  divideDoubleDouble,
  fromDoubleDouble,
  multiplyDoubleDouble,
  Random,
  sqrtDoubleDouble,
  subtractDoubleDouble,
  toDoubleDouble,
} from '../../../src/linalg/index.ts';
import type { Judge } from '../../runner/contract.ts';
import { relativeError } from '../../runner/errors.ts';

export type FunctionName = 'exp' | 'tanh' | 'GELU' | 'softmax' | 'layer norm';

/** Entries of a row. `softmax` and `layer norm` act on rows, the others on each entry. */
export const COLUMNS = 1000;
export const EPSILON = 1e-5;

export interface Arguments {
  readonly rows: number;
  readonly x: Float64Array;
  /** Gain and shift of the norm, one row. */
  readonly gain: Float64Array;
  readonly shift: Float64Array;
}

/** Standard normal x, gains around 1, shifts around 0; all of them numbers that float32 has. */
export function argumentsFor(rows: number): Arguments {
  const random = new Random(1, rows);
  const draw = (count: number, centre: number, width: number): Float64Array => {
    const normal = new Float64Array(count);
    random.fillNormal(normal);
    return normal.map((z) => Math.fround(centre + width * z));
  };
  return {
    rows,
    x: draw(rows * COLUMNS, 0, 1),
    gain: draw(COLUMNS, 1, 0.1),
    shift: draw(COLUMNS, 0, 0.1),
  };
}

/** Every so many rows are compared, all of their entries. */
const STRIDE = 37;

/** Compares with values in double-double. */
export function functionJudge(name: FunctionName, data: Arguments): Judge {
  const compared: number[] = [];
  for (let row = 0; row < data.rows; row += STRIDE) compared.push(row);
  const rowOf = (from: Float64Array, row: number): Float64Array =>
    from.subarray(row * COLUMNS, (row + 1) * COLUMNS);
  const exact = compared.flatMap((row) => [...exactRow(name, rowOf(data.x, row), data)]);
  return (result) =>
    result.length === data.x.length
      ? relativeError(
          compared.flatMap((row) => [...rowOf(result, row)]),
          exact,
        )
      : Infinity;
}

function exactRow(name: FunctionName, x: Float64Array, data: Arguments): Float64Array {
  if (name === 'softmax') return exactSoftmax(x);
  if (name === 'layer norm') return exactLayerNorm(x, data);
  return x.map(REFERENCES[{ exp: 'exp', tanh: 'tanh', GELU: 'gelu' }[name]]);
}

/** No shift by the maximum is needed: these exponentials are of ordinary size. */
function exactSoftmax(x: Float64Array): Float64Array {
  const lows = new Float64Array(x.length);
  const highs = x.map((entry, j) => {
    const high = REFERENCES.exp(entry);
    lows[j] = LOW[0];
    return high;
  });
  let [total, totalLow] = [0, 0];
  highs.forEach((high, j) => {
    total = add(total, totalLow, high, lows[j]);
    totalLow = LOW[0];
  });
  return highs.map((high, j) => divide(high, lows[j], total, totalLow));
}

function exactLayerNorm(x: Float64Array, { gain, shift }: Arguments): Float64Array {
  const mean = (values: readonly DoubleDouble[]): DoubleDouble =>
    divideDoubleDouble(values.reduce(addDoubleDouble), toDoubleDouble(values.length));
  const entries = Array.from(x, (entry) => toDoubleDouble(entry));
  const centre = mean(entries);
  const centred = entries.map((entry) => subtractDoubleDouble(entry, centre));
  const variance = mean(centred.map((entry) => multiplyDoubleDouble(entry, entry)));
  const divisor = sqrtDoubleDouble(addDoubleDouble(variance, toDoubleDouble(EPSILON)));
  return Float64Array.from(centred, (entry, j) => {
    const z = divideDoubleDouble(entry, divisor);
    const scaled = multiplyDoubleDouble(z, toDoubleDouble(gain[j]));
    return fromDoubleDouble(addDoubleDouble(scaled, toDoubleDouble(shift[j])));
  });
}
