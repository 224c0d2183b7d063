/**
 * The work of a toy run as messages: gradients of training, and the prompts of the figures.
 *
 * @module
 */
import {
  answerThreads,
  type GradientHandlers,
  gradientHandlers,
  type Service,
  Workers,
} from '../io/index.ts';
import { blockRegression, type LinearPrompt, type Parameters } from '../model/index.ts';
import { type ToySettings, toyBlock } from './toy-settings.ts';
import {
  certificateTrial,
  type FineTuningPoint,
  fineTuningTrial,
  type MarginalTrial,
  marginalTrial,
  type ValidationTrial,
  validationTrial,
} from './toy-trials.ts';

/** One prompt, and the model that is measured on it. */
export interface PromptTask {
  readonly parameters: Parameters;
  readonly prompt: LinearPrompt;
}

export type ToyHandlers = GradientHandlers & {
  readonly validation: (task: PromptTask) => ValidationTrial;
  readonly certificate: (task: PromptTask) => number;
  readonly marginals: (task: PromptTask) => MarginalTrial;
  readonly fineTuning: (task: PromptTask) => FineTuningPoint[];
};

export type ToyWorkers = Workers<ToySettings, ToyHandlers>;

const SERVICE: Service<ToySettings, ToyHandlers> = {
  url: import.meta.url,
  serve(settings) {
    const block = toyBlock(settings);
    const { batch, fineTuningRate } = settings;
    return {
      ...gradientHandlers(blockRegression(block, { batch })),
      validation: ({ parameters, prompt }) => validationTrial(block, parameters, prompt),
      certificate: ({ parameters, prompt }) => certificateTrial(block, parameters, prompt),
      marginals: ({ parameters, prompt }) => marginalTrial(block, parameters, prompt),
      fineTuning: ({ parameters, prompt }) =>
        fineTuningTrial(block, parameters, prompt, fineTuningRate),
    };
  },
};

/** Workers for a run with these settings; results have the same bits for any number of them. */
export const toyWorkers = (count: number, settings: ToySettings): ToyWorkers =>
  new Workers(count, SERVICE, settings);

answerThreads(SERVICE);
