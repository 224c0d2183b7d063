/**
 * The trials of figure `gradient` as messages.
 *
 * @module
 */
import { answerThreads, type Service, Workers } from '../../io/index.ts';
import { type BiasesTask, type BiasesTrial, biasesTrial } from './biases-trial.ts';
import { type StepsTask, type StepsTrial, stepsTrial } from './steps-trial.ts';

export type GradientHandlers = {
  readonly steps: (task: StepsTask) => StepsTrial;
  readonly biases: (task: BiasesTask) => BiasesTrial;
};

const SERVICE: Service<null, GradientHandlers> = {
  url: import.meta.url,
  serve: () => ({ steps: stepsTrial, biases: biasesTrial }),
};

export const gradientWorkers = (count: number): Workers<null, GradientHandlers> =>
  new Workers(count, SERVICE, null);

answerThreads(SERVICE);
