/**
 * Figure 3: explicit against implicit learning on the same examples.
 *
 * Protocol: the trained toy, fresh prompts of M examples; after i of them the test loss of SGD
 * fine-tuning of the first MLP matrix, one example a step, and of the update ΔW_i that reading
 * them performs. Source: arXiv:2507.16003v1, section 4.3 and figure 3.
 *
 * @module
 */
import { type FigureResult, shapeCheck, theoremCheck } from './figure-result.ts';
import { mean, median, quantile, summarise } from './statistics.ts';
import type { Series } from './svg/plot.ts';
import { drawPrompts, type OnProgress, type ToyRun } from './toy-run.ts';
import { type ToyWorkers, toyWorkers } from './toy-service.ts';
import { isDefault, STREAM } from './toy-settings.ts';
import type { FineTuningPoint } from './toy-trials.ts';

/** Returns null if `onProgress` stopped it. */
export async function figure3(
  { settings, training: { parameters } }: ToyRun,
  onProgress: OnProgress,
  workers: ToyWorkers = toyWorkers(1, settings),
): Promise<FigureResult | null> {
  const { fineTuningTrials: trials, fineTuningExamples: M, fineTuningRate: rate } = settings;
  const prompts = drawPrompts({ ...settings, pairs: M }, STREAM.fineTuning, trials);
  const tasks = prompts.map((prompt) => ({ parameters, prompt }));
  const trajectories: FineTuningPoint[][] = [];
  for await (const trajectory of workers.each('fineTuning', tasks)) {
    trajectories.push(trajectory);
    if (!(await onProgress('figure 3', trajectories.length, trials))) return null;
  }
  const index = Array.from({ length: M + 1 }, (_, i) => i);
  const banded = (name: string, pick: (row: FineTuningPoint) => number): Series[] => {
    const summary = summarise(trajectories.map((rows) => rows.map(pick)));
    const x = index;
    return [
      {
        name: `${name}, median`,
        x,
        y: summary.median,
        low: summary.lower,
        high: summary.upper,
        band: 'quartiles',
      },
      { name: `${name}, mean`, x, y: summary.mean },
    ];
  };
  const losses = [
    ...banded('fine-tuned on the examples', ({ fineTunedLoss }) => fineTunedLoss),
    ...banded('updated by ΔW', ({ updatedLoss }) => updatedLoss),
  ];
  const angles = alignmentCurves(trajectories);
  const [, { y: tuned }, , { y: updated }] = losses;
  const difference = trajectories.flat().reduce((max, row) => {
    return Math.max(max, Math.abs(row.updatedPrediction - row.contextPrediction));
  }, 0);
  const overBound = trajectories.flat().reduce((max, row) => Math.max(max, row.overBound), 0);
  const early = Math.min(20, M);
  const judged = isDefault(settings);
  const last = lastAngles(trajectories);
  const meanAngle = last.length > 0 ? mean(last) : 0;
  return {
    id: 'fig3',
    title: 'Reading examples against training on them',
    xName: 'examples',
    parameters: { ...settings },
    series: [...losses, ...angles],
    checks: [
      theoremCheck(
        '|T_{W+ΔW_i}(x) − T_W(C_i,x)| over its a-priori bound, all i',
        overBound,
        '<=',
        1,
      ),
      shapeCheck('the largest such difference', difference, '<=', 1e-14, judged),
      shapeCheck(
        `test loss of ΔW over that of fine-tuning, i = ${early}`,
        updated[early] / tuned[early],
        '<=',
        0.5,
        judged,
      ),
      shapeCheck('fine-tuning: last test loss over first', tuned[M] / tuned[0], '<=', 0.9, judged),
      shapeCheck('ΔW: last test loss over first', updated[M] / updated[0], '<=', 0.9, judged),
      shapeCheck('mean cosine after the last example', meanAngle, '>=', 0, judged),
    ],
    caption: [
      `Left: from the same examples, one at a time, fine-tuning at rate ${rate} brings the mean test ` +
        `loss from ${format(tuned[0])} to ${format(tuned[early])} after ${early} and ` +
        `${format(tuned[M])} after ${M}, and the weight update that reading performs from ` +
        `${format(updated[0])} to ${format(updated[early])} and ${format(updated[M])}.`,
      'Both start at the same point, since without examples there is no update; the update by ' +
        'reading takes no gradient and no learning rate, while the place of the fine-tuning curve is ' +
        `decided by its rate (${rate} is the paper's, and a larger one can end below ΔW).`,
      `Right: the cosine of the two updates of the same matrix is ` +
        `${meanAngle.toFixed(2)} on average after the last example, where two ` +
        `random directions would have 0.`,
    ],
    panels: [
      {
        title: 'Test loss on the query',
        x: { label: 'examples read or trained on', scale: 'linear' },
        y: { label: 'squared error', unit: 'squared label units', scale: 'log' },
        series: losses,
      },
      {
        title: 'Alignment of the two updates',
        x: { label: 'examples read or trained on', scale: 'linear' },
        y: { label: 'cosine', scale: 'linear' },
        series: angles,
      },
    ],
  };
}

const format = (x: number): string => x.toPrecision(2);

/** The angles after the last example, where there are any: an update of 0 has none. */
const lastAngles = (trajectories: readonly FineTuningPoint[][]): number[] =>
  trajectories.map((rows) => rows[rows.length - 1].alignment).filter((angle) => angle !== null);

/** Median, quartiles and mean of the angles that exist, at every i where one does. */
function alignmentCurves(trajectories: readonly FineTuningPoint[][]): Series[] {
  const columns = trajectories[0]
    .map((_, i) => ({ i, angles: trajectories.map((rows) => rows[i].alignment) }))
    .map(({ i, angles }) => ({ i, angles: angles.filter((angle) => angle !== null) }))
    .filter(({ angles }) => angles.length > 0);
  const x = columns.map(({ i }) => i);
  const curve = (f: (angles: number[]) => number): number[] =>
    columns.map(({ angles }) => f(angles));
  return [
    {
      name: 'cosine, median',
      x,
      y: curve(median),
      low: curve((angles) => quantile(angles, 0.25)),
      high: curve((angles) => quantile(angles, 0.75)),
      band: 'quartiles',
    },
    { name: 'cosine, mean', x, y: curve(mean) },
  ];
}
