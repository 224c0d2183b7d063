/**
 * What figure `thought` shows of its trials: panels and caption.
 *
 * @module
 */
import { gaussianTestFactor } from '../../icl/index.ts';
import type { FigureResult } from '../figure-result.ts';
import { summarise } from '../statistics.ts';
import type { Panel, Series } from '../svg/plot.ts';
import { checksOf } from './checks.ts';
import type { ContextTrial, ErrorCurve } from './context-trial.ts';
import type { ThoughtTrials } from './trials.ts';

export function thoughtFigure(trials: ThoughtTrials): FigureResult {
  const panels = [
    weightPanel(trials),
    predictionPanel(trials),
    designPanel(trials),
    sharePanel(trials),
  ];
  return {
    id: 'thought',
    title: 'One change of the weights for many queries',
    xName: 'K',
    parameters: trials.parameters,
    series: panels.flatMap(({ title, series }) =>
      series.map((each) => ({ ...each, name: `${title}: ${each.name}` })),
    ),
    checks: checksOf(trials),
    caption: captionOf(trials),
    panels,
  };
}

const CALIBRATION = { label: 'K, calibration queries', scale: 'log' } as const;

type Pick<T> = (trial: T) => Float64Array;

const leastNorm =
  (which: keyof ErrorCurve): Pick<ContextTrial> =>
  (trial) =>
    trial.leastNorm[which];

function weightPanel({ counts, contexts, rank }: ThoughtTrials): Panel {
  const test = leastNorm('test');
  const train = meanCurve('on the K queries, mean', counts, contexts, leastNorm('train'));
  // Up to the rank it is 0 but for rounding, which a check judges.
  const from = counts.findIndex((K) => K > rank);
  return {
    title: 'Error at the weights',
    x: CALIBRATION,
    y: { label: 'error over that without a change', scale: 'log' },
    series: [
      banded('other queries, median', counts, contexts, test),
      meanCurve('other queries, mean', counts, contexts, test),
      medianCurve('with a ridge, median', counts, contexts, ({ ridged }) => ridged.test),
      medianCurve('rank-one patches averaged', counts, contexts, ({ averaged }) => averaged.test),
      ...(from < 0 ? [] : [{ ...train, x: train.x.slice(from), y: train.y.slice(from) }]),
    ],
    lines: [{ axis: 'x', at: rank, label: `K = rank = ${rank}` }],
  };
}

function predictionPanel({ counts, contexts, rank }: ThoughtTrials): Panel {
  return {
    title: 'Error of the predictions',
    x: CALIBRATION,
    y: { label: 'error over that without a change', scale: 'log' },
    series: [
      banded('other queries, median', counts, contexts, leastNorm('prediction')),
      meanCurve('other queries, mean', counts, contexts, leastNorm('prediction')),
      medianCurve('with a ridge, median', counts, contexts, ({ ridged }) => ridged.prediction),
      medianCurve(
        'rank-one patches averaged',
        counts,
        contexts,
        ({ averaged }) => averaged.prediction,
      ),
    ],
    lines: [{ axis: 'x', at: rank, label: `K = rank = ${rank}` }],
  };
}

function designPanel({ designs }: ThoughtTrials): Panel {
  return {
    title: 'Normal tokens of rank r: the peak',
    x: { label: 'K, calibration tokens', scale: 'log' },
    y: { label: 'test error over the noise', scale: 'log' },
    series: designs.flatMap(({ rank, counts, trials }) => {
      const above = counts.filter((K) => K > rank + 1);
      const expected: Series = {
        name: `1 + r/(K − r − 1), the mean of r = ${rank}`,
        x: above,
        y: above.map((K) => gaussianTestFactor(rank, K)),
        marker: false,
        dashed: true,
      };
      return [banded(`r = ${rank}, median`, counts, trials, ({ test }) => test), expected];
    }),
    lines: designs.map(({ rank }) => ({ axis: 'x', at: rank, label: `K = ${rank}` })),
  };
}

function sharePanel({ designs }: ThoughtTrials): Panel {
  return {
    title: 'How much of W·D is found',
    x: { label: 'K over the rank r', scale: 'log' },
    y: { label: 'share of W·D in the change', scale: 'linear' },
    series: designs.flatMap(({ rank, counts, trials }) => {
      const x = counts.map((K) => K / rank);
      return [
        medianCurve(`r = ${rank}, thought matrix`, x, trials, ({ share }) => share),
        medianCurve(`r = ${rank}, rank-one patches averaged`, x, trials, (t) => t.averagedShare),
      ];
    }),
    lines: designs.map(({ rank }) => ({ axis: 'y', at: 1 / rank, label: `1/${rank}` })),
  };
}

function banded<T>(
  name: string,
  x: readonly number[],
  trials: readonly T[],
  pick: Pick<T>,
): Series {
  const { median, lower, upper } = summarise(trials.map(pick));
  return { name, x, y: median, low: lower, high: upper, band: 'quartiles' };
}

const medianCurve = <T>(
  name: string,
  x: readonly number[],
  trials: readonly T[],
  pick: Pick<T>,
): Series => ({ name, x, y: summarise(trials.map(pick)).median });

const meanCurve = <T>(
  name: string,
  x: readonly number[],
  trials: readonly T[],
  pick: Pick<T>,
): Series => ({ name, x, y: summarise(trials.map(pick)).mean });

function captionOf({ contexts, counts, rank, designs }: ThoughtTrials): string[] {
  const last = counts.length - 1;
  const at = (pick: Pick<ContextTrial>, k: number): string =>
    short(summarise(contexts.map(pick)).median[k]);
  const predictions = leastNorm('prediction');
  const atRank = Math.max(0, counts.indexOf(rank));
  const { mean: means } = summarise(contexts.map(leastNorm('test')));
  const many = designs.map(({ rank: r }) => r).join(' and ');
  return [
    `A change of W1 fitted to ${counts[last]} queries of a context leaves at other queries of that context ` +
      `${at(leastNorm('test'), last)} of the squared error at the weights and ${at(predictions, last)} of that of ` +
      `the predictions (medians of ${contexts.length} contexts), and the mean of the rank-one patches leaves ` +
      `${at(({ averaged }) => averaged.test, last)} and ${at(({ averaged }) => averaged.prediction, last)}.`,
    `What W1 reads without the context has rank ${rank} here, however wide the model is; up to as many queries ` +
      'are met but for rounding, and others pay for it where the fitted ones are nearly parallel: at ' +
      `K = ${counts[atRank]} the mean of the error at the weights is ${short(means[atRank])} against a median of ` +
      `${at(leastNorm('test'), atRank)}, and another draw may give any other mean, for theory gives none that is finite.`,
    `Normal tokens of rank ${many} show the peak at K = r in the medians too, and theory's mean beside them; ` +
      'the toy reads one token, so the figure says nothing of how well a change fitted to some questions serves ' +
      'a language model.',
  ];
}

const short = (x: number): string => String(Number(x.toPrecision(2)));
