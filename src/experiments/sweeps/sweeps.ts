/**
 * Figure sweeps: Theorem 1 in networks of several blocks, over the sweeps of arXiv:2512.11255.
 *
 * Protocol: in-context linear regression of d inputs; 5 blocks with residual connections, width d + 1, perceptrons of
 * two hidden layers; Adam on half the mean squared error at the query. Tasks a step, context points, d, heads, layer
 * norm and causality are changed one at a time. On fresh prompts, at every position of every block: what the
 * patched block gives from one token, against the block with its context. Source: arXiv:2512.11255, section 4, and the
 * code that its authors published; what neither fixes is a setting.
 *
 * @module
 */
import { Random } from '../../linalg/index.ts';
import {
  decodeState,
  encodeState,
  foldPrompts,
  initialise,
  type LinearPrompt,
  linearPrompt,
} from '../../model/index.ts';
import { type Experiment, type ExperimentContext, experiment } from '../experiment.ts';
import { requireSameSettings, type Trained, trainStored } from '../stored-training.ts';
import {
  type Configuration,
  configurations,
  problemOf,
  requireHeads,
  SETTINGS,
  type SweepValues,
} from './configurations.ts';
import { sweepsFigure } from './figure.ts';
import { decodeOutcome, encodeOutcome, type Outcome } from './outcome.ts';
import { type SweepWorkers, sourceOf, sweepWorkers } from './service.ts';
import type { BlockTrial } from './trial.ts';

/** Random streams of the seed; a number for each training follows. */
const STREAM = { initialise: 71, train: 72, measure: 73 } as const;

type Context = ExperimentContext<typeof SETTINGS>;

export const sweeps: Experiment = experiment({
  id: 'sweeps',
  summary: 'the theorem at every block and token, over the sweeps of arXiv:2512.11255',
  settings: SETTINGS,
  usesToy: false,
  check: requireHeads,
  async run(context) {
    const workers = sweepWorkers(context.workers);
    try {
      const outcomes: Outcome[] = [];
      for (const configuration of configurations(context.values)) {
        for (let training = 0; training < context.values.seeds; training++) {
          const outcome = await outcomeOf(context, workers, configuration, training);
          if (!outcome) return null;
          outcomes.push(outcome);
        }
      }
      return sweepsFigure(context.values, context.judged, outcomes);
    } finally {
      await workers.close();
    }
  },
});

/** One training and what is measured after it; from the store if it was finished before. */
async function outcomeOf(
  context: Context,
  workers: SweepWorkers,
  configuration: Configuration,
  training: number,
): Promise<Outcome | null> {
  const { store, values, seed, onProgress } = context;
  const name = `sweeps.${configuration.name.replace(/[^a-z0-9]+/g, '-')}-${training + 1}`;
  const settings = settingsOf(values, configuration, seed, training);
  const stored = store.read(`${name}.${MEASURED}`);
  if (stored) {
    const { settings: own, arrays } = decodeState(stored);
    requireSameSettings(name, own, settings);
    return { configuration, ...decodeOutcome(configuration, arrays) };
  }
  const stage = `sweeps: ${configuration.name}, ${training + 1} of ${values.seeds}`;
  const trained = await train(context, workers, configuration, { name, stage, settings, training });
  if (!trained) return null;
  const { parameters, losses } = trained;
  const random = new Random(seed, STREAM.measure, training);
  const tasks = draw(configuration, values.prompts, random).map((prompt) => ({
    ...{ configuration, parameters, prompt },
  }));
  const trials: BlockTrial[][] = [];
  for await (const trial of workers.each('trial', tasks)) {
    trials.push(trial);
    if (!(await onProgress(`${stage}, measured`, trials.length, tasks.length))) return null;
  }
  const arrays = encodeOutcome({ losses, trials });
  store.write(`${name}.${MEASURED}`, encodeState({ kind: MEASURED, settings, arrays }));
  return { configuration, losses, trials };
}

const MEASURED = 'measured';

interface Plan {
  readonly name: string;
  readonly stage: string;
  readonly settings: Readonly<Record<string, number | string | boolean>>;
  readonly training: number;
}

async function train(
  context: Context,
  workers: SweepWorkers,
  configuration: Configuration,
  { name, stage, settings, training }: Plan,
): Promise<Trained | null> {
  const { seed, values } = context;
  const { tasks, pairs, steps, blocks } = configuration;
  const problem = problemOf(configuration);
  const most = Math.max(1, Math.floor(values.rows / (pairs + 1)));
  const source = sourceOf(workers, configuration);
  return trainStored(context, {
    ...{ name, stage, settings, problem, steps },
    initial: initialise(problem.shapes, new Random(seed, STREAM.initialise, training)),
    learningRate: blocks <= 2 ? values.shallowRate : values.rate,
    random: new Random(seed, STREAM.train, training),
    draw(random) {
      const prompts = draw(configuration, tasks, random);
      return Array.from({ length: Math.ceil(tasks / most) }, (_, k) => {
        const { sequences, targets } = foldPrompts(prompts.slice(k * most, (k + 1) * most));
        return [sequences, targets];
      });
    },
    ...(source && { source }),
  });
}

const draw = ({ dimension, pairs }: Configuration, count: number, random: Random): LinearPrompt[] =>
  Array.from({ length: count }, () => linearPrompt({ dimension, pairs }, random));

/** All that decides an outcome. */
function settingsOf(
  { rate, shallowRate, prompts, rows }: SweepValues,
  configuration: Configuration,
  seed: number,
  training: number,
): Plan['settings'] {
  return { ...configuration, rate, shallowRate, prompts, rows, seed, training };
}
