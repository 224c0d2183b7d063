/**
 * Recurrent layers on the task of the toy.
 *
 * Protocol: Elman, LSTM and two state space layers in place of the toy's attention, trained as the toy is
 * but for fewer steps; then, on fresh prompts, what each further token changes in the weights and in the
 * prediction. Source: the comparison with an RNN of arXiv:2507.16003v3; layers and steps are our own.
 *
 * @module
 */
import { type Matrix, Random } from '../../linalg/index.ts';
import {
  blockRegression,
  foldPrompts,
  initialise,
  linearPrompt,
  type Parameters,
  predict,
} from '../../model/index.ts';
import { type Experiment, type ExperimentContext, experiment } from '../experiment.ts';
import { sourceOf } from '../gradients-of.ts';
import { mean } from '../statistics.ts';
import { type TrainingPlan, trainStored } from '../stored-training.ts';
import { drawPrompts } from '../toy-run.ts';
import { STREAM, type ToySettings } from '../toy-settings.ts';
import { recurrentFigure } from './figure.ts';
import { type RecurrentTrial, type RecurrentWorkers, recurrentWorkers } from './service.ts';
import {
  KINDS,
  type Kind,
  NAMES,
  ownValues,
  RECURRENT_SETTINGS,
  recurrentBlock,
} from './settings.ts';

type Context = ExperimentContext<typeof RECURRENT_SETTINGS>;

/** One layer, trained and measured. */
export interface Measured {
  readonly kind: Kind;
  /** Loss of each step's fresh batch, before that step. */
  readonly losses: readonly number[];
  readonly trials: readonly RecurrentTrial[];
  /** Mean squared error on the validation prompts of figure 1. */
  readonly validation: number;
}

const squared = (x: number): number => x * x;

export const recurrent: Experiment<typeof RECURRENT_SETTINGS> = experiment({
  id: 'recurrent',
  summary: 'recurrent layers in place of attention: updates that do not fade',
  usesToy: true,
  settings: RECURRENT_SETTINGS,
  async run(context) {
    const toy = await context.toy();
    if (!toy) return null;
    const { settings, training } = toy.run;
    const workers = recurrentWorkers(context.workers, { toy: settings, values: context.values });
    const measured: Measured[] = [];
    try {
      for (const kind of KINDS) {
        const trained =
          kind === 'attention' ? training : await trainKind(kind, settings, context, workers);
        const found = trained && (await measure(kind, settings, context, trained, workers));
        if (!found) return null;
        measured.push(found);
      }
    } finally {
      await workers.close();
    }
    return recurrentFigure(settings, context, measured);
  },
});

/** Streams of the seed, those of the toy's `Training`. */
const TRAINING = { initialise: 1, train: 2 } as const;

/** The streams of the seed are those of the toy: every layer learns from the same prompts. */
function trainKind(
  kind: Kind,
  toy: ToySettings,
  context: Context,
  workers: RecurrentWorkers,
): ReturnType<typeof trainStored> {
  const block = recurrentBlock(kind, toy, context.values);
  const { batch, learningRate, seed } = toy;
  const plan: TrainingPlan = {
    name: `recurrent.${kind}`,
    stage: `recurrent: training, ${NAMES[kind]}`,
    problem: blockRegression(block, { batch }),
    initial: initialise(block.shapes, new Random(seed, TRAINING.initialise)),
    learningRate,
    steps: context.values.steps,
    random: new Random(seed, TRAINING.train),
    draw: (random) => drawBatch(toy, random),
    settings: { ...toy, ...ownValues(context.values) },
    ...sourceOf(workers, kind),
  };
  return trainStored(context, plan);
}

/** A batch as its micro-batches, drawn as `Training` draws it. */
function drawBatch(
  { dimension, pairs, batch, microBatch }: ToySettings,
  random: Random,
): Matrix[][] {
  const drawn: Matrix[][] = [];
  for (let from = 0; from < batch; from += microBatch) {
    const length = Math.min(microBatch, batch - from);
    const prompts = Array.from({ length }, () => linearPrompt({ dimension, pairs }, random));
    const { sequences, targets } = foldPrompts(prompts);
    drawn.push([sequences, targets]);
  }
  return drawn;
}

async function measure(
  kind: Kind,
  toy: ToySettings,
  { values, onProgress }: Context,
  { parameters, losses }: { readonly parameters: Parameters; readonly losses: readonly number[] },
  workers: RecurrentWorkers,
): Promise<Measured | null> {
  const prompts = drawPrompts(toy, STREAM.marginals, toy.marginalTrials);
  const tasks = prompts.map((prompt) => ({ kind, parameters, prompt }));
  const trials: RecurrentTrial[] = [];
  for await (const trial of workers.each('trial', tasks)) {
    trials.push(trial);
    const goesOn = await onProgress(`recurrent: ${NAMES[kind]}`, trials.length, prompts.length);
    if (!goesOn) return null;
  }
  const validation = drawPrompts(toy, STREAM.validation, toy.validationPrompts);
  const predictions = predict(recurrentBlock(kind, toy, values), parameters, validation);
  const squares = validation.map(({ target }, i) => squared(predictions[i] - target));
  return { kind, losses, trials, validation: mean(squares) };
}
