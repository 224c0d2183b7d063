/**
 * The trials of figure `thought` as messages.
 *
 * @module
 */
import { answerThreads, type Service, Workers } from '../../io/index.ts';
import { type ToySettings, toyBlock } from '../toy-settings.ts';
import { type ContextTask, type ContextTrial, contextTrial } from './context-trial.ts';
import { type GaussianTask, type GaussianTrial, gaussianTrial } from './gaussian-trial.ts';

export type ThoughtHandlers = {
  readonly context: (task: ContextTask) => ContextTrial;
  readonly gaussian: (task: GaussianTask) => GaussianTrial;
};

const SERVICE: Service<ToySettings, ThoughtHandlers> = {
  url: import.meta.url,
  serve(settings) {
    const block = toyBlock(settings);
    return { context: (task) => contextTrial(block, task), gaussian: gaussianTrial };
  },
};

export const thoughtWorkers = (
  count: number,
  settings: ToySettings,
): Workers<ToySettings, ThoughtHandlers> => new Workers(count, SERVICE, settings);

answerThreads(SERVICE);
