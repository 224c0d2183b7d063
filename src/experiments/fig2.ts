/**
 * Figure 2: the update converges as the context grows.
 *
 * Protocol: the trained toy, fresh prompts; for i = 1 … N−1 the marginal norm
 * g_i = ‖W·(A_{i+1} − A_i)‖/‖A_0‖ of the step from ΔW_i to ΔW_{i+1}. Source: arXiv:2507.16003v1,
 * section 4.3 and figure 2. For softmax attention g_i falls as 1/i: each new token enters a
 * weighted mean over i + 1 others.
 *
 * @module
 */
import { type FigureResult, shapeCheck, theoremCheck } from './figure-result.ts';
import { logLogSlope, summarise } from './statistics.ts';
import { drawPrompts, type OnProgress, type ToyRun } from './toy-run.ts';
import { type ToyWorkers, toyWorkers } from './toy-service.ts';
import { isDefault, STREAM } from './toy-settings.ts';

/** Returns null if `onProgress` stopped it. */
export async function figure2(
  { settings, training: { parameters } }: ToyRun,
  onProgress: OnProgress,
  workers: ToyWorkers = toyWorkers(1, settings),
): Promise<FigureResult | null> {
  const { marginalTrials, pairs } = settings;
  const rows: Float64Array[] = [];
  let overBound = 0;
  const prompts = drawPrompts(settings, STREAM.marginals, marginalTrials);
  const tasks = prompts.map((prompt) => ({ parameters, prompt }));
  for await (const trial of workers.each('marginals', tasks)) {
    rows.push(trial.norms);
    overBound = Math.max(overBound, trial.overBound);
    if (!(await onProgress('figure 2', rows.length, marginalTrials))) return null;
  }
  const index = Array.from({ length: pairs - 1 }, (_, i) => i + 1);
  const summary = summarise(rows);
  const slope = logLogSlope(index.slice(5), summary.mean.slice(5));
  const fall = summary.mean[0] / summary.mean[pairs - 2];
  const judged = isDefault(settings);
  const series = [
    {
      name: 'median',
      x: index,
      y: summary.median,
      low: summary.lower,
      high: summary.upper,
      band: 'quartiles',
    },
    { name: 'mean', x: index, y: summary.mean },
    {
      name: 'slope −1 through the last mean',
      x: index,
      y: index.map((i) => (summary.mean[pairs - 2] * (pairs - 1)) / i),
      marker: false,
      dashed: true,
    },
  ];
  return {
    id: 'fig2',
    title: 'Each further token changes the weights less',
    xName: 'i',
    parameters: { ...settings },
    series,
    checks: [
      theoremCheck('(W + ΔW_i)·a against W·A_i over its bound, all prefixes', overBound, '<=', 1),
      shapeCheck(`mean g_1 over mean g_${pairs - 1}`, fall, '>=', 20, judged),
      shapeCheck('log-log slope of the mean beyond i = 5', slope, '>=', -1.3, judged),
      shapeCheck('log-log slope of the mean beyond i = 5, from above', slope, '<=', -0.7, judged),
    ],
    caption: [
      'The marginal norm g is the size of the change of the weights that one more token makes; its ' +
        `mean falls ${fall.toPrecision(3)}-fold from 1 to ${pairs - 1} tokens of context, with slope ` +
        `${slope.toFixed(2).replace('-', '−')} on logarithmic axes beyond 5.`,
      'A slope of −1 is that of an average, for softmax attention weighs each new token against all ' +
        'the tokens before it; that ΔW itself converges is the law of large numbers for that average ' +
        'and does not follow from the slope alone.',
      `The band holds the middle half of the ${marginalTrials} prompts; the mean is drawn beside the ` +
        'median because a query close to zero makes the base vector small and its updates large.',
    ],
    panels: [
      {
        title: 'Marginal change of the weights',
        x: { label: 'context length', unit: 'tokens', scale: 'log' },
        y: { label: 'marginal norm g', unit: 'Frobenius, of W', scale: 'log' },
        series,
      },
    ],
  };
}
