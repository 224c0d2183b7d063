/**
 * In-context learning of function classes by small transformers.
 *
 * Protocol: for each class one model, trained on fresh prompts of 1 to N pairs; then its squared error
 * after each number of pairs beside the rules that the class has, the linear one also on shifted inputs; and
 * on test prompts the theorem: the network without the context, patched block by block, predicts the same.
 * Source: Garg et al., arXiv:2208.01066, sections 3 to 5, far smaller.
 *
 * @module
 */
import { type Matrix, Random } from '../../linalg/index.ts';
import {
  type FunctionClass,
  foldPrompts,
  functionPrompts,
  type InputShift,
  initialise,
  type LinearPrompt,
  type Parameters,
} from '../../model/index.ts';
import { type Experiment, type ExperimentContext, experiment } from '../experiment.ts';
import { sourceOf } from '../gradients-of.ts';
import { type Trained, type TrainingPlan, trainStored } from '../stored-training.ts';
import { functionsFigure } from './figure.ts';
import { functionModel, functionRegression } from './model.ts';
import { type FunctionWorkers, functionWorkers } from './service.ts';
import {
  FUNCTIONS_SETTINGS,
  type FunctionsValues,
  type Learned,
  learnedClasses,
  pairsOf,
  requireFunctions,
  SHIFTED,
  SHIFTS,
} from './settings.ts';
import type { PromptErrors, PromptProof } from './trial.ts';

type Context = ExperimentContext<typeof FUNCTIONS_SETTINGS>;

/** One class, learned and measured. */
export interface Measured {
  readonly learned: Learned;
  readonly errors: readonly PromptErrors[];
  readonly proofs: readonly PromptProof[];
  /** On shifted inputs; empty for all classes but one. */
  readonly shifts: readonly { readonly name: string; readonly errors: readonly PromptErrors[] }[];
}

export const functions: Experiment<typeof FUNCTIONS_SETTINGS> = experiment({
  id: 'functions',
  summary: 'function classes learned in context, beside the rules they have',
  usesToy: false,
  settings: FUNCTIONS_SETTINGS,
  check: requireFunctions,
  async run(context) {
    const { values, judged } = context;
    const workers = functionWorkers(context.workers, values);
    const measured: Measured[] = [];
    try {
      for (const [k, learned] of learnedClasses(values).entries()) {
        const trained = await learn(learned, k, context, workers);
        const found = trained && (await measure(learned, k, trained, context, workers));
        if (!found) return null;
        measured.push(found);
      }
    } finally {
      await workers.close();
    }
    return functionsFigure(values, judged, measured);
  },
});

/** Random streams of the seed, one a purpose, and one in each for every class. */
const STREAM = { initialise: 1210, train: 1211, test: 1212, shift: 1213 } as const;

function learn(
  { id, title, functionClass }: Learned,
  k: number,
  { values, seed, store, onProgress }: Context,
  workers: FunctionWorkers,
): Promise<Trained | null> {
  const problem = functionRegression(functionModel(values), values.batch);
  const plan: TrainingPlan = {
    name: `functions.${id}`,
    stage: `functions: training, ${title}`,
    problem,
    initial: initialise(problem.shapes, new Random(seed, STREAM.initialise, k)),
    learningRate: values.learningRate,
    steps: values.steps,
    random: new Random(seed, STREAM.train, k),
    draw: (random) => drawBatch(functionClass, values, random),
    settings: { ...values, seed, id },
    ...sourceOf(workers, null),
  };
  return trainStored({ store, onProgress }, plan);
}

/** The micro-batches of a batch, each of prompts of one length: 1 to N pairs, all equally likely. */
function drawBatch(
  functionClass: FunctionClass,
  { dimension, pairs: most, batch, microBatch }: FunctionsValues,
  random: Random,
): Matrix[][] {
  const drawn: Matrix[][] = [];
  for (let from = 0; from < batch; from += microBatch) {
    const prompts = Math.min(microBatch, batch - from);
    const pairs = 1 + random.integer(most);
    const { sequences, targets } = foldPrompts(
      functionPrompts({ functionClass, dimension, pairs, prompts }, random),
    );
    drawn.push([sequences, targets]);
  }
  return drawn;
}

/** Test prompts that go to a worker together. */
const TOGETHER = 16;

async function measure(
  learned: Learned,
  k: number,
  { parameters }: Trained,
  { values, seed, onProgress }: Context,
  workers: FunctionWorkers,
): Promise<Measured | null> {
  const { id, title, functionClass } = learned;
  const { dimension, prompts: count, proofs: proved } = values;
  const draw = (random: Random, shift?: InputShift): LinearPrompt[] => {
    const pairs = shift ? pairsOf(shift, values) : values.pairs;
    const options = { functionClass, dimension, pairs, prompts: count };
    return functionPrompts({ ...options, ...(shift && { shift }) }, random);
  };
  const errorsOf = async (
    stage: string,
    prompts: readonly LinearPrompt[],
  ): Promise<PromptErrors[] | null> => {
    const errors: PromptErrors[] = [];
    for await (const some of workers.each('errors', tasksOf(id, parameters, prompts))) {
      errors.push(...some);
      if (!(await onProgress(stage, errors.length, count))) return null;
    }
    return errors;
  };
  const prompts = draw(new Random(seed, STREAM.test, k));
  const errors = await errorsOf(`functions: ${title}`, prompts);
  if (!errors) return null;
  const proofs: PromptProof[] = [];
  const tasks = prompts.slice(0, proved).map((prompt) => ({ parameters, prompt }));
  for await (const proof of workers.each('proof', tasks)) {
    proofs.push(proof);
    if (!(await onProgress(`functions: theorem, ${title}`, proofs.length, proved))) return null;
  }
  const shifts: Measured['shifts'][number][] = [];
  for (const [s, shift] of (id === SHIFTED ? SHIFTS : []).entries()) {
    const shifted = draw(new Random(seed, STREAM.shift, s), shift);
    const name = shift.name.replaceAll('-', ' ');
    const found = await errorsOf(`functions: ${name}`, shifted);
    if (!found) return null;
    shifts.push({ name, errors: found });
  }
  return { learned, errors, proofs, shifts };
}

function tasksOf(
  id: string,
  parameters: Parameters,
  prompts: readonly LinearPrompt[],
): { id: string; parameters: Parameters; prompts: readonly LinearPrompt[] }[] {
  const count = Math.ceil(prompts.length / TOGETHER);
  return Array.from({ length: count }, (_, t) => {
    return { id, parameters, prompts: prompts.slice(t * TOGETHER, (t + 1) * TOGETHER) };
  });
}
