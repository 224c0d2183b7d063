/**
 * The work of figure `instruction` as messages: gradients of its training, and what is measured afterwards.
 *
 * @module
 */
import {
  answerThreads,
  type GradientHandlers,
  gradientHandlers,
  type Service,
  Workers,
} from '../../io/index.ts';
import {
  type CalibrationTask,
  type CalibrationTrial,
  calibrationTrial,
} from './calibration-trial.ts';
import { type ExactTask, type ExactTrial, exactTrial } from './exact-trial.ts';
import { type ModelSizes, modelOf, problemOf } from './tasks.ts';

/** The model, and the questions of a training step. */
export interface InstructionSetup extends ModelSizes {
  readonly batch: number;
}

export type InstructionHandlers = GradientHandlers & {
  readonly exact: (task: ExactTask) => ExactTrial;
  readonly calibration: (task: CalibrationTask) => CalibrationTrial;
};

export type InstructionWorkers = Workers<InstructionSetup, InstructionHandlers>;

const SERVICE: Service<InstructionSetup, InstructionHandlers> = {
  url: import.meta.url,
  serve({ batch, ...sizes }) {
    const model = modelOf(sizes);
    return {
      ...gradientHandlers(problemOf(sizes, batch)),
      exact: (task) => exactTrial(model, task),
      calibration: (task) => calibrationTrial(model, task),
    };
  },
};

export const instructionWorkers = (count: number, setup: InstructionSetup): InstructionWorkers =>
  new Workers(count, SERVICE, setup);

answerThreads(SERVICE);
