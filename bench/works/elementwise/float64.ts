/**
 * The functions of work (b) in float64 JavaScript: ours, and the loops that everybody writes.
 *
 * Both write into an array that is there already, as the kernels do; the copies into and out of Wasm
 * memory are in our times. Our GELU and tanh give the derivative too, and so does the plain GELU, which
 * is our twin, since the language has no error function.
 *
 * @module
 */
import * as kernels from '../../../src/linalg/kernels.ts';
import * as twins from '../../../src/linalg/reference.ts';
import type { Program } from '../../runner/contract.ts';
import { type Arguments, argumentsFor, COLUMNS, EPSILON, type FunctionName } from './data.ts';

type Map = (data: Arguments, y: Float64Array, second: Float64Array) => void;

/** `second` is room for the derivative, or for the normalised rows. */
const OURS: Readonly<Record<FunctionName, Map>> = {
  exp: ({ x }, y) => kernels.exponential(x, y),
  tanh: ({ x }, y, slope) => kernels.tanh(x, y, slope),
  GELU: ({ x }, y, slope) => kernels.gelu(x, y, slope),
  softmax: ({ x, rows }, y) => kernels.softmaxRows(x, y, rows, COLUMNS),
  'layer norm': ({ x, rows, gain, shift }, y, z) => {
    kernels.layerNorm(EPSILON, x, gain, shift, y, z, new Float64Array(rows));
  },
};

const PLAIN: Readonly<Record<FunctionName, Map>> = {
  exp: ({ x }, y) => {
    for (let i = 0; i < x.length; i++) y[i] = Math.exp(x[i]);
  },
  tanh: ({ x }, y) => {
    for (let i = 0; i < x.length; i++) y[i] = Math.tanh(x[i]);
  },
  GELU: ({ x }, y, slope) => twins.gelu(x, y, slope),
  softmax: ({ x, rows }, y) => {
    for (let i = 0; i < rows; i++) plainSoftmax(x, y, i * COLUMNS);
  },
  'layer norm': ({ x, rows, gain, shift }, y) => {
    for (let i = 0; i < rows; i++) plainLayerNorm(x, gain, shift, y, i * COLUMNS);
  },
};

function plainSoftmax(x: Float64Array, y: Float64Array, from: number): void {
  const end = from + COLUMNS;
  let largest = -Infinity;
  for (let j = from; j < end; j++) if (x[j] > largest) largest = x[j];
  let total = 0;
  for (let j = from; j < end; j++) {
    y[j] = Math.exp(x[j] - largest);
    total += y[j];
  }
  for (let j = from; j < end; j++) y[j] /= total;
}

function plainLayerNorm(
  x: Float64Array,
  gain: Float64Array,
  shift: Float64Array,
  y: Float64Array,
  from: number,
): void {
  let total = 0;
  for (let j = 0; j < COLUMNS; j++) total += x[from + j];
  const mean = total / COLUMNS;
  let squares = 0;
  for (let j = 0; j < COLUMNS; j++) {
    const centred = x[from + j] - mean;
    squares += centred * centred;
  }
  const factor = 1 / Math.sqrt(squares / COLUMNS + EPSILON);
  for (let j = 0; j < COLUMNS; j++) {
    y[from + j] = (x[from + j] - mean) * factor * gain[j] + shift[j];
  }
}

function programOf(map: Map, rows: number): Program {
  const data = argumentsFor(rows);
  const [y, second] = [new Float64Array(data.x.length), new Float64Array(data.x.length)];
  const run = (): Float64Array => {
    map(data, y, second);
    return y;
  };
  return { run, result: run };
}

export const ours = async (name: FunctionName, rows: number): Promise<Program> =>
  programOf(OURS[name], rows);

export const plain = async (name: FunctionName, rows: number): Promise<Program> =>
  programOf(PLAIN[name], rows);
