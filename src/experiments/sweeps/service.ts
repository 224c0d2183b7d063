/**
 * The work of figure `sweeps` as messages: gradients of any configuration, and prompts to measure on.
 *
 * @module
 */
import {
  answerThreads,
  type GradientTask,
  gradientHandlers,
  gradientsOn,
  type Service,
  Workers,
} from '../../io/index.ts';
import type { GradientSource, LinearPrompt, Parameters } from '../../model/index.ts';
import { type Configuration, modelOf, problemOf } from './configurations.ts';
import { type BlockTrial, sweepTrial } from './trial.ts';

interface GradientsOf {
  readonly configuration: Configuration;
  readonly task: GradientTask;
}

/** One prompt, and the network that is measured on it. */
export interface TrialTask {
  readonly configuration: Configuration;
  readonly parameters: Parameters;
  readonly prompt: LinearPrompt;
}

export type SweepHandlers = {
  readonly gradientsOf: (message: GradientsOf) => readonly number[];
  readonly trial: (task: TrialTask) => BlockTrial[];
};

export type SweepWorkers = Workers<null, SweepHandlers>;

const SERVICE: Service<null, SweepHandlers> = {
  url: import.meta.url,
  serve: () => ({
    gradientsOf: ({ configuration, task }) =>
      gradientHandlers(problemOf(configuration)).gradients(task),
    trial: ({ configuration, parameters, prompt }) =>
      sweepTrial(modelOf(configuration), parameters, prompt),
  }),
};

export const sweepWorkers = (count: number): SweepWorkers => new Workers(count, SERVICE, null);

/** Gradients of one configuration from the threads; undefined where there are none. */
export const sourceOf = (
  workers: SweepWorkers,
  configuration: Configuration,
): GradientSource | undefined =>
  workers.count === 1
    ? undefined
    : gradientsOn({
        count: workers.count,
        run: (_, tasks) =>
          workers.run(
            'gradientsOf',
            tasks.map((task) => ({ configuration, task })),
          ),
      });

answerThreads(SERVICE);
