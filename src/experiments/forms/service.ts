/**
 * The trials of figure `forms` as messages.
 *
 * @module
 */
import { answerThreads, type Service, Workers } from '../../io/index.ts';
import { type ToySettings, toyBlock } from '../toy-settings.ts';
import { type FormsTask, type FormsTrial, formsTrial } from './trial.ts';

export type FormsHandlers = { readonly trial: (task: FormsTask) => FormsTrial };

const SERVICE: Service<ToySettings, FormsHandlers> = {
  url: import.meta.url,
  serve(settings) {
    const block = toyBlock(settings);
    return { trial: (task) => formsTrial(block, task) };
  },
};

export const formsWorkers = (
  count: number,
  settings: ToySettings,
): Workers<ToySettings, FormsHandlers> => new Workers(count, SERVICE, settings);

answerThreads(SERVICE);
