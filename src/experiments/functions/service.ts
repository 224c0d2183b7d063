/**
 * The work of figure `functions` as messages: gradients for any class, and test prompts.
 *
 * @module
 */
import { answerThreads, gradientHandlers, type Service, Workers } from '../../io/index.ts';
import type { LinearPrompt, Parameters } from '../../model/index.ts';
import type { GradientsOf } from '../gradients-of.ts';
import { functionModel, functionRegression } from './model.ts';
import { type FunctionsValues, learnedClasses } from './settings.ts';
import { errorsOn, type PromptErrors, type PromptProof, proveOn } from './trial.ts';

/** Some prompts, the model that is measured on them, and the class whose baselines are. */
interface ErrorsTask {
  readonly id: string;
  readonly parameters: Parameters;
  readonly prompts: readonly LinearPrompt[];
}

interface ProofTask {
  readonly parameters: Parameters;
  readonly prompt: LinearPrompt;
}

type Handlers = {
  /** All classes have the same problem: the prompts are in the message. */
  readonly gradientsOf: (message: GradientsOf<null>) => readonly number[];
  readonly errors: (task: ErrorsTask) => PromptErrors[];
  readonly proof: (task: ProofTask) => PromptProof;
};

export type FunctionWorkers = Workers<FunctionsValues, Handlers>;

const SERVICE: Service<FunctionsValues, Handlers> = {
  url: import.meta.url,
  serve(values) {
    const model = functionModel(values);
    const { gradients } = gradientHandlers(functionRegression(model, values.batch));
    const classes = learnedClasses(values);
    return {
      gradientsOf: ({ task }) => gradients(task),
      errors({ id, parameters, prompts }) {
        const baselines = classes.find((each) => each.id === id)?.baselines ?? [];
        return errorsOn(model, parameters, baselines, prompts);
      },
      proof: ({ parameters, prompt }) => proveOn(model, parameters, prompt),
    };
  },
};

export const functionWorkers = (count: number, values: FunctionsValues): FunctionWorkers =>
  new Workers(count, SERVICE, values);

answerThreads(SERVICE);
