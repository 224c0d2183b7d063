/**
 * Work (b): functions of a million numbers, by entry or by rows of 1000.
 *
 * @module
 */
import type { Entry, PythonProgram, Work } from '../../runner/contract.ts';
import { argumentsFor, COLUMNS, EPSILON, type FunctionName, functionJudge } from './data.ts';
import { ours, plain } from './float64.ts';
import { jaxProgram, tfjsProgram } from './libraries.ts';

function entriesFor(name: FunctionName, rows: number): Entry[] {
  const python: PythonProgram = {
    script: 'elementwise.py',
    arguments: { name, rows, columns: COLUMNS, epsilon: EPSILON },
    inputs: () => {
      const { x, gain, shift } = argumentsFor(rows);
      return [x, gain, shift];
    },
  };
  return [
    { contestant: 'ours', program: () => ours(name, rows) },
    { contestant: 'plain', program: () => plain(name, rows) },
    { contestant: 'tfjs-cpu', program: () => tfjsProgram('cpu', name, rows) },
    { contestant: 'tfjs-wasm', program: () => tfjsProgram('wasm', name, rows) },
    { contestant: 'jax-f32', program: () => jaxProgram(Float32Array, name, rows) },
    // jax-js computes these functions to single precision in float64 too.
    {
      contestant: 'jax-f64',
      program: () => jaxProgram(Float64Array, name, rows),
      tolerance: 1e-5,
    },
    // NumPy has no error function.
    ...(name === 'GELU' ? [] : [{ contestant: 'numpy', program: python } as const]),
    { contestant: 'torch', program: python },
  ];
}

function mapping(name: FunctionName, rows: number, when: Work['when']): Work {
  return {
    name: `${name} ${rows === 1000 ? '1e6' : '1e5'}`,
    family: 'elementwise',
    about: `${name} of ${rows} rows of ${COLUMNS} numbers`,
    rate: { unit: 'entries/µs', amount: (rows * COLUMNS) / 1e6 },
    entries: entriesFor(name, rows),
    judge: async () => functionJudge(name, argumentsFor(rows)),
    // Some units of rounding; tfjs's erf is good to 1.5e-7.
    tolerance: { float64: 1e-14, float32: 1e-5 },
    when,
  };
}

const NAMES = ['exp', 'tanh', 'GELU', 'softmax', 'layer norm'] as const;

export const elementwiseWorks: readonly Work[] = [
  ...NAMES.map((name) => mapping(name, 1000, 'full')),
  ...(['exp', 'GELU', 'softmax'] as const).map((name) => mapping(name, 100, 'quick')),
];
