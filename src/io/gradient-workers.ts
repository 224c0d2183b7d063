/**
 * Gradients from other threads.
 *
 * Parameters cross once a step to each thread, together with its share of the micro-batches; every
 * micro-batch's gradient comes back by itself, since their sum is defined in one order.
 *
 * @module
 */
import type { Matrix } from '../linalg/index.ts';
import {
  type Gradient,
  type GradientSource,
  gradientOf,
  type Parameters,
  type Problem,
} from '../model/index.ts';

/** Micro-batches that follow one another in a batch, and where to take their gradients. */
export interface GradientTask {
  readonly parameters: Parameters;
  readonly microBatches: readonly (readonly Matrix[])[];
}

/** The function of a service that computes gradients; its name there is `gradients`. */
export type GradientHandlers = {
  readonly gradients: (task: GradientTask) => readonly Gradient[];
};

/** That function for one problem. */
export const gradientHandlers = (problem: Problem): GradientHandlers => ({
  gradients: ({ parameters, microBatches }) =>
    microBatches.map((microBatch) => gradientOf(problem, parameters, microBatch)),
});

/** Workers, as far as gradients go. */
export interface GradientWorkers {
  readonly count: number;
  run(name: 'gradients', tasks: readonly GradientTask[]): Promise<(readonly Gradient[])[]>;
}

/** A source that gives each worker one run of neighbouring micro-batches, as equal as may be. */
export function gradientsOn(workers: GradientWorkers): GradientSource {
  return async (parameters, microBatches) => {
    const shares = Math.min(workers.count, microBatches.length);
    const start = (share: number): number => Math.round((share * microBatches.length) / shares);
    const tasks = Array.from({ length: shares }, (_, share) => ({
      parameters,
      microBatches: microBatches.slice(start(share), start(share + 1)),
    }));
    return (await workers.run('gradients', tasks)).flat();
  };
}
