/**
 * Figure instruction: an instruction taken out of the prompt and put into the weights.
 *
 * Protocol: a small GPT-2 is trained on sums and products of three digits, asked for by an instruction token, from
 * all 1000 questions of both. Then the instruction is taken away: exact patches for each question and token,
 * nothing in its place, and static changes of the weights fitted to K calibration questions with their answers,
 * judged by other questions. Source: arXiv:2510.08734, algorithm 1 and table 1, with a model that can be trained
 * here in place of a pretrained one.
 *
 * @module
 */
import { gradientsOn } from '../../io/index.ts';
import { DomainError, Random } from '../../linalg/index.ts';
import { initialise, type Parameters } from '../../model/index.ts';
import {
  countFrom,
  type Experiment,
  type ExperimentContext,
  experiment,
  POSITIVE,
  type Values,
} from '../experiment.ts';
import { type Trained, trainStored } from '../stored-training.ts';
import { greedyAnswers, shareRight } from './answers.ts';
import type { CalibrationTask, CalibrationTrial } from './calibration-trial.ts';
import type { ExactTask, ExactTrial } from './exact-trial.ts';
import { instructionFigure, type Shares } from './panels.ts';
import { type InstructionWorkers, instructionWorkers } from './service.ts';
import {
  answerOf,
  foldQuestions,
  modelOf,
  problemOf,
  promptOf,
  QUESTIONS,
  TASKS,
} from './tasks.ts';

const SETTINGS = {
  blocks: { value: 2, help: 'blocks of the model' },
  width: { value: 32, quick: 16, help: 'entries of a token, four heads' },
  hidden: { value: 128, quick: 32, help: 'hidden entries of its perceptrons' },
  steps: { value: 1500, quick: 100, help: 'training steps' },
  batch: { value: 128, quick: 32, range: countFrom(2), help: 'questions a step' },
  rate: { value: 3e-3, range: POSITIVE, help: 'rate of Adam' },
  exact: { value: 100, quick: 10, help: 'questions of each task with exact patches' },
  calibration: { value: 160, quick: 10, help: 'the largest K, calibration questions' },
  heldOut: { value: 100, quick: 20, help: 'other questions that judge a change' },
  draws: { value: 8, quick: 2, help: 'draws of both, for each task' },
  ridge: { value: 1e-3, range: POSITIVE, help: 'ρ_0 of the ridge ρ_0·‖Z‖²/tr Z' },
};

type Own = Values<typeof SETTINGS>;

type Context = ExperimentContext<typeof SETTINGS>;

const HEADS = 4;

/** A batch is always in as many parts, so that threads change no bit. */
const PARTS = 2;

/** Random streams of the seed. */
const STREAM = { initialise: 91, train: 92, exact: 93, draws: 94 } as const;

const COUNTS = [1, 2, 5, 10, 20, 40, 80, 160];

const countsOf = ({ calibration }: Own): number[] => [
  ...COUNTS.filter((K) => K < calibration),
  calibration,
];

const sizesOf = ({ blocks, width, hidden }: Own) => ({ blocks, width, heads: HEADS, hidden });

export const instruction: Experiment = experiment({
  id: 'instruction',
  summary: 'an instruction taken out of the prompt and put into the weights',
  usesToy: false,
  settings: SETTINGS,
  check({ width, calibration, heldOut, exact }) {
    if (width % HEADS !== 0) {
      throw new DomainError(
        `reproduce instruction: width must be a multiple of ${HEADS}, got ${width}`,
      );
    }
    if (calibration + heldOut > QUESTIONS || exact > QUESTIONS) {
      throw new DomainError(
        `reproduce instruction: at most ${QUESTIONS} questions are required, got ` +
          `${calibration} + ${heldOut} and ${exact}`,
      );
    }
  },
  async run(context) {
    const { values } = context;
    const workers = instructionWorkers(context.workers, {
      ...sizesOf(values),
      batch: values.batch,
    });
    try {
      const trained = await trainModel(context, workers);
      if (!trained) return null;
      const { parameters } = trained;
      const exact = await measureExact(context, workers, parameters);
      const draws = exact && (await measureDraws(context, workers, parameters));
      if (!exact || !draws) return null;
      return instructionFigure({
        parameters: { seed: context.seed, ...values },
        judged: context.judged,
        losses: trained.losses,
        sizes: [values.width, values.hidden],
        counts: countsOf(values),
        ...withAndWithout(values, parameters),
        exact,
        draws,
      });
    } finally {
      await workers.close();
    }
  },
});

function trainModel(context: Context, workers: InstructionWorkers): Promise<Trained | null> {
  const { seed, values } = context;
  const { steps, batch, rate } = values;
  const problem = problemOf(sizesOf(values), batch);
  const source = workers.count > 1 ? gradientsOn(workers) : undefined;
  const { blocks, width, hidden } = values;
  return trainStored(context, {
    name: 'instruction.model',
    stage: 'instruction: training',
    ...{ problem, steps, learningRate: rate },
    initial: initialise(problem.shapes, new Random(seed, STREAM.initialise)),
    random: new Random(seed, STREAM.train),
    draw(random) {
      const asked = Array.from({ length: batch }, () => {
        const task = TASKS[random.integer(TASKS.length)];
        return [task, random.integer(QUESTIONS)] as const;
      });
      const size = Math.ceil(batch / PARTS);
      return Array.from({ length: PARTS }, (_, k) =>
        foldQuestions(asked.slice(k * size, (k + 1) * size)),
      );
    },
    settings: { seed, blocks, width, hidden, steps, batch, rate },
    ...(source && { source }),
  });
}

/** `count` questions, all different. */
const drawQuestions = (random: Random, count: number): number[] =>
  random.shuffle(Array.from({ length: QUESTIONS }, (_, question) => question)).slice(0, count);

async function measureExact(
  { seed, values, onProgress }: Context,
  workers: InstructionWorkers,
  parameters: Parameters,
): Promise<ExactTrial[] | null> {
  const random = new Random(seed, STREAM.exact);
  const tasks = TASKS.flatMap((_, task) =>
    drawQuestions(random, values.exact).map(
      (question): ExactTask => ({
        parameters,
        task,
        question,
      }),
    ),
  );
  const trials: ExactTrial[] = [];
  for await (const trial of workers.each('exact', tasks)) {
    trials.push(trial);
    if (!(await onProgress('instruction: exact', trials.length, tasks.length))) return null;
  }
  return trials;
}

/** The draws of each task. */
async function measureDraws(
  { seed, values, onProgress }: Context,
  workers: InstructionWorkers,
  parameters: Parameters,
): Promise<CalibrationTrial[][] | null> {
  const { draws, calibration, heldOut, ridge } = values;
  const random = new Random(seed, STREAM.draws);
  const tasks = TASKS.flatMap((_, task) =>
    Array.from({ length: draws }, (): CalibrationTask => {
      const drawn = drawQuestions(random, calibration + heldOut);
      return {
        ...{ parameters, task, ridge },
        questions: drawn.slice(0, calibration),
        heldOut: drawn.slice(calibration),
        counts: countsOf(values),
      };
    }),
  );
  const trials: CalibrationTrial[] = [];
  for await (const trial of workers.each('calibration', tasks)) {
    trials.push(trial);
    if (!(await onProgress('instruction: calibration', trials.length, tasks.length))) return null;
  }
  return TASKS.map((_, t) => trials.slice(t * draws, (t + 1) * draws));
}

function withAndWithout(values: Own, parameters: Parameters): Shares {
  const model = modelOf(sizesOf(values));
  const questions = Array.from({ length: QUESTIONS }, (_, question) => question);
  const bare = greedyAnswers(
    model,
    parameters,
    questions.map((question) => promptOf(TASKS[0], question).slice(1)),
    1,
  );
  const right = TASKS.map((task) => questions.map((question) => answerOf(task, question)));
  return {
    instructed: TASKS.map((task, t) => {
      const prompts = questions.map((question) => promptOf(task, question));
      return shareRight(greedyAnswers(model, parameters, prompts, 0), right[t]);
    }),
    bare: right.map((answers) => shareRight(bare, answers)),
  };
}
