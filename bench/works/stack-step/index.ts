/**
 * Works (d) and (e): a training step of a Pre-LN stack, the data in JavaScript's memory before the
 * clock starts, the loss there when it stops.
 *
 * @module
 */
import type { Effort, Entry, Judge, Work } from '../../runner/contract.ts';
import { worstPart } from '../../runner/errors.ts';
import { jaxStep } from './jax.ts';
import { lossAndGradients, ours } from './ours.ts';
import { dataFor, EPSILON, LEARNING_RATE, parametersFor, type StackSizes } from './task.ts';
import { type Style, tfjsStep } from './tfjs.ts';

function entriesFor(sizes: StackSizes): Entry[] {
  const torch = (program: string) => ({
    script: 'stack_step.py',
    arguments: { ...sizes, epsilon: EPSILON, learningRate: LEARNING_RATE, program },
    inputs: () => {
      const { x, y } = dataFor(sizes);
      return [x.data, y.data, ...Object.values(parametersFor(sizes)).map(({ data }) => data)];
    },
  });
  return [
    { contestant: 'ours', program: () => ours(sizes, 1) },
    { contestant: 'ours', variant: '2 workers', threads: 2, program: () => ours(sizes, 2) },
    tfjsEntry('wasm', 'all rows', sizes),
    tfjsEntry('wasm', 'all rows, tuned', sizes),
    tfjsEntry('cpu', 'all rows', sizes),
    { contestant: 'jax-f32', variant: 'all rows', program: () => jaxStep(Float32Array, sizes) },
    // jax-js computes exp and erf to single precision in float64 too.
    {
      contestant: 'jax-f64',
      variant: 'all rows',
      program: () => jaxStep(Float64Array, sizes),
      tolerance: 1e-4,
    },
    { contestant: 'torch', variant: 'all rows', program: torch('all rows') },
    { contestant: 'torch', variant: 'last row', program: torch('last row') },
  ];
}

const tfjsEntry = (backend: 'cpu' | 'wasm', style: Style, sizes: StackSizes): Entry => ({
  contestant: `tfjs-${backend}`,
  variant: style,
  program: () => tfjsStep(backend, style, sizes),
});

/** Compares loss and every gradient with ours, each by its largest entry. */
function judgeFor(sizes: StackSizes): Judge {
  const { loss, gradients } = lossAndGradients(sizes);
  const parts = [[loss], ...Object.values(gradients).map(({ data }) => data)];
  return (result) => worstPart(result, parts);
}

function step(
  name: string,
  sizes: StackSizes,
  when: Work['when'],
  effort: Partial<Effort> = {},
): Work {
  const { layers, width, heads, hidden, tokens, batch } = sizes;
  return {
    name,
    family: 'stack-step',
    about:
      `training step: ${layers} Pre-LN layers, d_model ${width}, ${heads} heads, d_ff ${hidden}, ` +
      `${tokens} tokens, batch ${batch}, Adam`,
    entries: entriesFor(sizes),
    judge: async () => judgeFor(sizes),
    // Programs with other orders of summation: measured 2e-14 and 3e-6 (12 layers: 1e-13, 1e-5).
    tolerance: { float64: 1e-11, float32: 1e-3 },
    when,
    effort,
  };
}

const SMALL = { layers: 3, width: 64, heads: 2, hidden: 256, tokens: 41 } as const;
const LARGE = { layers: 12, width: 256, heads: 8, hidden: 1024, tokens: 41 } as const;

export const stackStepWorks: readonly Work[] = [
  step('step d', { ...SMALL, batch: 64 }, 'full', { warmUp: 3, samples: 8, seconds: 1 }),
  step('step d, batch 8', { ...SMALL, batch: 8 }, 'quick'),
  // Batch 8, or a run of the slowest contestants would take minutes.
  step('step e, batch 8', { ...LARGE, batch: 8 }, 'full', { samples: 1, seconds: 0 }),
];
