/**
 * The trials of figure `alignment` as messages.
 *
 * @module
 */
import { answerThreads, type Service, Workers } from '../../io/index.ts';
import { type ToySettings, toyBlock } from '../toy-settings.ts';
import { type LinearTask, type LinearTrial, linearTrial } from './linear-trial.ts';
import { type PromptTask, type PromptTrial, promptTrial } from './prompt-trial.ts';

export type AlignmentHandlers = {
  readonly prompt: (task: PromptTask) => PromptTrial;
  readonly linear: (task: LinearTask) => LinearTrial;
};

const SERVICE: Service<ToySettings, AlignmentHandlers> = {
  url: import.meta.url,
  serve(settings) {
    const block = toyBlock(settings);
    return {
      prompt: (task) => promptTrial(block, task, settings.fineTuningRate),
      linear: linearTrial,
    };
  },
};

export const alignmentWorkers = (
  count: number,
  settings: ToySettings,
): Workers<ToySettings, AlignmentHandlers> => new Workers(count, SERVICE, settings);

answerThreads(SERVICE);
