/**
 * Figure thought: one change of the weights for many queries, against the number K it was fitted to.
 *
 * Protocol: the trained toy; contexts of N pairs, each with K calibration queries (x; 0) and further test queries.
 * The thought matrix of W1 from the first K, of least norm and with a ridge, and the mean of the rank-one patches;
 * errors at W1 and of the predictions. Then normally distributed tokens of rank r, where the error is known.
 * Source: arXiv:2507.16003v3, section 3.4; the peak and the normal design are our own.
 *
 * @module
 */
import { type Matrix, matrix, Random } from '../../linalg/index.ts';
import { countFrom, type Experiment, experiment, POSITIVE, type Values } from '../experiment.ts';
import { drawPrompts } from '../toy-run.ts';
import type { ContextTask, ContextTrial } from './context-trial.ts';
import type { GaussianTask, GaussianTrial } from './gaussian-trial.ts';
import { thoughtFigure } from './panels.ts';
import { thoughtWorkers } from './service.ts';

const SETTINGS = {
  contexts: { value: 50, quick: 8, help: 'contexts of the toy' },
  tokens: {
    value: 128,
    quick: 32,
    range: countFrom(4),
    help: 'the largest K, calibration queries of a context',
  },
  tests: { value: 100, quick: 40, help: 'test queries of a context, and test tokens of a design' },
  ridge: { value: 1e-3, range: POSITIVE, help: 'ρ_0 of the ridge ρ_0·‖Z‖²/tr Z' },
  designs: { value: 100, quick: 30, help: 'normal designs of each rank' },
  rank: {
    value: 8,
    range: countFrom(4),
    help: 'r of the first normal design; doubled for the second',
  },
  noise: { value: 0.3, range: POSITIVE, help: 'standard deviation of ε' },
};

type Own = Values<typeof SETTINGS>;

/** Random streams of the seed, beside those of the toy. */
const STREAM = { contexts: 81, queries: 82, designs: 83 } as const;

/** Rows of W of a normal design; a token has twice as many entries as its rank. */
const OUTPUTS = 6;

/** The K of theory and of the paper, up to the largest, and the rank. */
const COUNTS = [1, 2, 3, 5, 8, 10, 16, 25, 32, 40, 64, 128];

const countsOf = ({ tokens }: Own, rank: number): number[] =>
  [...new Set([...COUNTS, rank, tokens])].filter((K) => K <= tokens).sort((a, b) => a - b);

/** K around r: below, at and above. */
const designCounts = (r: number): number[] =>
  [
    ...new Set([
      ...[1 / 4, 1 / 2, 3 / 4].map((part) => Math.round(part * r)),
      ...[r - 2, r, r + 2],
      ...[1.5, 2, 3, 4, 6, 8].map((part) => Math.round(part * r)),
    ]),
  ]
    .filter((K) => K >= 1)
    .sort((a, b) => a - b);

/** x ~ N(0, I) as rows (x; 0). */
function drawQueries(random: Random, count: number, dimension: number): Matrix {
  const queries = matrix(count, dimension + 1);
  const x = new Float64Array(dimension);
  for (let i = 0; i < count; i++) {
    random.fillNormal(x);
    queries.data.set(x, i * (dimension + 1));
  }
  return queries;
}

export const thought: Experiment = experiment({
  id: 'thought',
  summary: 'one change of the weights for many queries, against the number it was fitted to',
  usesToy: true,
  settings: SETTINGS,
  async run({ seed, values, judged, workers: count, onProgress, toy }) {
    const trained = await toy();
    if (!trained) return null;
    const { settings, training } = trained.run;
    const { dimension } = settings;
    const rank = Math.min(dimension, settings.width);
    const counts = countsOf(values, rank);
    const random = new Random(seed, STREAM.queries);
    const contexts = drawPrompts(settings, STREAM.contexts, values.contexts).map(
      ({ context }): ContextTask => ({
        parameters: training.parameters,
        context,
        calibration: drawQueries(random, values.tokens, dimension),
        tests: drawQueries(random, values.tests, dimension),
        counts,
        ridge: values.ridge,
      }),
    );
    const ranks = [values.rank, 2 * values.rank];
    const designs = ranks.flatMap((rank) =>
      Array.from(
        { length: values.designs },
        (_, i): GaussianTask => ({
          seed: [seed, STREAM.designs, rank, i],
          rank,
          width: 2 * rank,
          outputs: OUTPUTS,
          noise: values.noise,
          tests: values.tests,
          counts: designCounts(rank),
        }),
      ),
    );
    const workers = thoughtWorkers(count, settings);
    const [found, normal]: [ContextTrial[], GaussianTrial[]] = [[], []];
    const total = contexts.length + designs.length;
    const goesOn = (): Promise<boolean> =>
      onProgress('thought', found.length + normal.length, total);
    try {
      for await (const trial of workers.each('context', contexts)) {
        found.push(trial);
        if (!(await goesOn())) return null;
      }
      for await (const trial of workers.each('gaussian', designs)) {
        normal.push(trial);
        if (!(await goesOn())) return null;
      }
    } finally {
      await workers.close();
    }
    return thoughtFigure({
      parameters: { ...settings, ...values },
      judged,
      rank,
      counts,
      contexts: found,
      designs: ranks.map((rank, k) => ({
        rank,
        counts: designCounts(rank),
        trials: normal.slice(k * values.designs, (k + 1) * values.designs),
      })),
    });
  },
});
