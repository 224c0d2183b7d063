/**
 * Work (c): a training step of the toy transformer, drawing its prompts included.
 *
 * @module
 */
import { TOY_DEFAULTS, type ToySettings } from '../../../src/experiments/toy-settings.ts';
import type { Entry, Judge, Program, PythonProgram, Work } from '../../runner/contract.ts';
import { joined, worstPart } from '../../runner/errors.ts';
import { firstStep, newTraining, parametersFor, promptSource } from './task.ts';
import { type Rows, tfjsToyStep } from './tfjs.ts';

async function ours(settings: ToySettings): Promise<Program> {
  const training = newTraining(settings);
  return {
    run: () => training.advance(),
    result: () => joined(firstStep(training)),
  };
}

function torch(rows: Rows, settings: ToySettings): PythonProgram {
  const { dimension, pairs, width, heads, hidden, batch, learningRate } = settings;
  return {
    script: 'toy_step.py',
    arguments: { dimension, pairs, width, heads, hidden, batch, learningRate, rows },
    inputs: () => {
      const { sequences, targets } = promptSource(settings)();
      const parameters = Object.values(parametersFor(settings));
      return [sequences.data, targets.data, ...parameters.map(({ data }) => data)];
    },
  };
}

function entriesFor(settings: ToySettings): Entry[] {
  const both = (
    contestant: Entry['contestant'],
    program: (rows: Rows) => Entry['program'],
  ): Entry[] =>
    (['query row', 'all rows'] as const).map((rows) => ({
      contestant,
      variant: rows,
      program: program(rows),
    }));
  return [
    { contestant: 'ours', variant: 'query row', program: () => ours(settings) },
    ...both('tfjs-wasm', (rows) => () => tfjsToyStep('wasm', rows, settings)),
    ...both('tfjs-cpu', (rows) => () => tfjsToyStep('cpu', rows, settings)),
    ...both('torch', (rows) => torch(rows, settings)),
  ];
}

/** Compares with our training's first step. */
function judgeFor(settings: ToySettings): Judge {
  const parts = firstStep(newTraining(settings));
  return (result) => worstPart(result, parts);
}

function step(name: string, batch: number, when: Work['when']): Work {
  const settings = { ...TOY_DEFAULTS, batch };
  const { pairs, width, heads, hidden } = settings;
  return {
    name,
    family: 'toy-step',
    about:
      `training step of the toy: ${batch} prompts of ${pairs + 1} tokens, attention ${width}, ` +
      `${heads} heads, hidden ${hidden}`,
    entries: entriesFor(settings),
    judge: async () => judgeFor(settings),
    // Programs with other orders of summation: measured 1.4e-15 and 3e-7. Adam's first step is η·sign(g):
    // a gradient whose sign rounding changes would move a parameter of 0.5 by 0.002, so none may.
    tolerance: { float64: 1e-12, float32: 1e-4 },
    when,
  };
}

export const toyStepWorks: readonly Work[] = [
  step('step c', TOY_DEFAULTS.batch, 'full'),
  step('step c, batch 8', 8, 'quick'),
];
