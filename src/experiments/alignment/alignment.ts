/**
 * Figure alignment: whether reading an example moves the weights where training on it would.
 *
 * Protocol: that of figure 3, on its prompts, for the trained toy and, as a control, for the toy before
 * training. After i examples cos(ΔW_i, W^FT_i − W_0); at example i cos(ΔW_i − ΔW_{i−1}, −∇l_i); and the cosines
 * of updates among themselves, of two tokens at one query and of two queries of one context. Then random
 * regressions for linear attention, where the angle has a proof. Source: arXiv:2507.16003v1, section 4.3;
 * the diagnostics of arXiv:2512.11255; the control and the proof are our own.
 *
 * @module
 */
import { type Matrix, matrix, Random } from '../../linalg/index.ts';
import { type Parameters, Training } from '../../model/index.ts';
import { countFrom, type Experiment, experiment, POSITIVE, type Values } from '../experiment.ts';
import { drawPrompts } from '../toy-run.ts';
import { STREAM, toyBlock } from '../toy-settings.ts';
import type { LinearTask, LinearTrial } from './linear-trial.ts';
import { alignmentFigure } from './panels.ts';
import type { PromptTask, PromptTrial } from './prompt-trial.ts';
import { alignmentWorkers } from './service.ts';

const SETTINGS = {
  controls: { value: 20, quick: 4, help: 'prompts for the toy before training' },
  tokens: {
    value: 25,
    range: countFrom(2),
    help: 'examples of a prompt that are compared in pairs',
  },
  queries: { value: 16, range: countFrom(2), help: 'further queries of each context' },
  regressions: { value: 60, quick: 20, help: 'regressions for linear attention' },
  inputs: { value: 3, range: countFrom(2), help: 'inputs of such a regression' },
  points: { value: 10, help: 'its examples' },
  rate: { value: 0.1, range: POSITIVE, help: 'η of its gradient step' },
};

type Own = Values<typeof SETTINGS>;

/** Random streams of the seed, beside those of the toy. */
const OWN_STREAM = { queries: 63, regressions: 64 } as const;

/** x ~ N(0, I) as the token (x; 0). */
function drawQuery(random: Random, dimension: number): Float64Array {
  const x = new Float64Array(dimension);
  random.fillNormal(x);
  return Float64Array.of(...x, 0);
}

function drawRegression(random: Random, { inputs, points, rate }: Own): LinearTask {
  const normal = (rows: number, cols: number): Matrix => {
    const m = matrix(rows, cols);
    random.fillNormal(m.data);
    return m;
  };
  return {
    examples: { inputs: normal(points, inputs), labels: normal(1, points).data },
    query: normal(1, inputs).data,
    omega: normal(1, inputs).data,
    eta: rate,
  };
}

export const alignment: Experiment = experiment({
  id: 'alignment',
  summary: 'the directions of reading and of training on the same examples',
  usesToy: true,
  settings: SETTINGS,
  async run({ seed, values, judged, workers: count, onProgress, toy }) {
    const trained = await toy();
    if (!trained) return null;
    const { settings, training } = trained.run;
    const { fineTuningTrials: trials, fineTuningExamples, dimension } = settings;
    const prompts = drawPrompts(
      { ...settings, pairs: fineTuningExamples },
      STREAM.fineTuning,
      trials,
    );
    const random = new Random(seed, OWN_STREAM.queries);
    const queries = prompts.map(() =>
      Array.from({ length: values.queries }, () => drawQuery(random, dimension)),
    );
    const tasksFor = (parameters: Parameters): PromptTask[] =>
      prompts.map((prompt, k) => ({
        parameters,
        prompt,
        queries: queries[k],
        tokens: values.tokens,
      }));
    const untrained = new Training(toyBlock(settings), settings).parameters;
    const tasks = [
      ...tasksFor(training.parameters),
      ...tasksFor(untrained).slice(0, values.controls),
    ];
    const other = new Random(seed, OWN_STREAM.regressions);
    const regressions = Array.from({ length: values.regressions }, () =>
      drawRegression(other, values),
    );
    const workers = alignmentWorkers(count, settings);
    const [found, linear]: [PromptTrial[], LinearTrial[]] = [[], []];
    try {
      for await (const trial of workers.each('prompt', tasks)) {
        found.push(trial);
        if (!(await onProgress('alignment', found.length, tasks.length))) return null;
      }
      for await (const trial of workers.each('linear', regressions)) linear.push(trial);
    } finally {
      await workers.close();
    }
    return alignmentFigure({
      parameters: { ...settings, ...values },
      judged,
      trained: found.slice(0, trials),
      untrained: found.slice(trials),
      linear,
    });
  },
});
