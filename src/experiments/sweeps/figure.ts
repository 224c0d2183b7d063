/**
 * What figure `sweeps` shows of its outcomes: panels, checks and caption.
 *
 * @module
 */
import { type FigureResult, shapeCheck, theoremCheck } from '../figure-result.ts';
import { mean, median, quantile, summarise } from '../statistics.ts';
import type { Panel, Series } from '../svg/plot.ts';
import type { Configuration, SweepValues } from './configurations.ts';
import type { Outcome } from './outcome.ts';
import type { BlockTrial } from './trial.ts';

type Pick = (trial: BlockTrial) => number;

export function sweepsFigure(
  values: SweepValues,
  judged: boolean,
  outcomes: readonly Outcome[],
): FigureResult {
  const panels = [
    errorPanel(outcomes),
    normPanel(outcomes),
    anglePanel(outcomes),
    rankPanel(outcomes),
  ];
  return {
    id: 'sweeps',
    title: 'The theorem at every block and token of trained networks',
    xName: 'block, tasks, points or token width',
    parameters: { ...values },
    series: panels.flatMap(({ series }) => series),
    checks: [...theoremChecks(outcomes), ...shapeChecks(outcomes, judged)],
    caption: captionOf(values, outcomes),
    panels,
  };
}

const isTrained = ({ configuration: { steps } }: Outcome): boolean => steps > 0;
const withNorm = ({ configuration: { norm } }: Outcome): boolean => norm;

/** Rows of one number a block, a row a prompt. */
const rowsOf = (outcomes: readonly Outcome[], pick: Pick): number[][] =>
  outcomes.flatMap(({ trials }) => trials.map((blocks) => blocks.map(pick)));

const allOf = (outcomes: readonly Outcome[], pick: Pick): number[] => rowsOf(outcomes, pick).flat();

const largest = (numbers: readonly number[]): number =>
  numbers.reduce((most, each) => Math.max(most, each), 0);

const smallest = (numbers: readonly number[]): number =>
  numbers.reduce((least, each) => Math.min(least, each), Infinity);

/** Median and quartiles over the rows, block by block. */
function byBlock(name: string, rows: readonly (readonly number[])[]): Series {
  const { median: y, lower, upper } = summarise(rows);
  const x = y.map((_, l) => l + 1);
  return { name, x, y, low: lower, high: upper, band: 'quartiles' };
}

/** Median and quartiles of all numbers at each x. */
function byGroup(name: string, groups: ReadonlyMap<number, readonly number[]>): Series {
  const x = [...groups.keys()].sort((a, b) => a - b);
  const at = (q: number): number[] => x.map((key) => quantile(groups.get(key) ?? [], q));
  return { name, x, y: at(0.5), low: at(0.25), high: at(0.75), band: 'quartiles' };
}

/** The numbers of the outcomes by one of their settings. */
function grouped(
  outcomes: readonly Outcome[],
  key: (configuration: Configuration) => number,
  pick: Pick,
): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  for (const outcome of outcomes) {
    const at = key(outcome.configuration);
    groups.set(at, [...(groups.get(at) ?? []), ...allOf([outcome], pick)]);
  }
  return groups;
}

const BLOCK = { label: 'block', scale: 'linear' } as const;

function errorPanel(outcomes: readonly Outcome[]): Panel {
  const rows = (pick: Pick): number[][] => rowsOf(outcomes, pick);
  const normed = outcomes.filter(withNorm);
  return {
    title: 'Theory against each block',
    x: BLOCK,
    y: { label: 'squared distance, mean over tokens', scale: 'log' },
    series: [
      byBlock(
        'one difference for two (layer norm)',
        rowsOf(normed, ({ shared }) => shared),
      ),
      byBlock(
        '1e-8 in the denominator',
        rows(({ softened }) => softened),
      ),
      byBlock(
        'Theorem 1',
        rows(({ exact }) => exact),
      ),
      {
        ...byBlock(
          'its rounding bound',
          rows(({ allowed }) => allowed),
        ),
      },
    ],
  };
}

/** Those that differ from the base in one setting, and the base. */
function swept(outcomes: readonly Outcome[], ending: RegExp): Outcome[] {
  return outcomes.filter(({ configuration: { name } }) => name === 'base' || ending.test(name));
}

function normPanel(outcomes: readonly Outcome[]): Panel {
  const norm: Pick = (trial) => trial.norm;
  const untrained = outcomes.filter((outcome) => !isTrained(outcome));
  return {
    title: 'Size of the last token’s update',
    x: { label: 'tasks a step, or context points', scale: 'log' },
    y: { label: '‖ΔW‖, Frobenius and spectral', scale: 'log' },
    series: [
      byGroup(
        'tasks a step',
        grouped(swept(outcomes, /tasks$/), ({ tasks }) => tasks, norm),
      ),
      byGroup(
        'context points',
        grouped(swept(outcomes, /points$/), ({ pairs }) => pairs, norm),
      ),
    ],
    lines: [{ axis: 'y', at: median(allOf(untrained, norm)), label: 'untrained' }],
  };
}

function anglePanel(outcomes: readonly Outcome[]): Panel {
  const trained = outcomes.filter(isTrained);
  const next = rowsOf(trained, (trial) => trial.next).map((row) => row.slice(0, -1));
  return {
    title: 'Angles between updates',
    x: BLOCK,
    y: { label: 'cosine', scale: 'linear' },
    series: [
      byBlock(
        'two tokens, one base',
        rowsOf(trained, ({ tokens }) => tokens),
      ),
      byBlock(
        'two tokens, own bases',
        rowsOf(trained, ({ tokensSame }) => tokensSame),
      ),
      byBlock('this block and the next', next),
    ],
  };
}

function rankPanel(outcomes: readonly Outcome[]): Panel {
  const plain = outcomes.filter((outcome) => isTrained(outcome) && !withNorm(outcome));
  const width = ({ dimension }: Configuration): number => dimension + 1;
  const most = grouped(plain, width, () => 0);
  const at = [...most.keys()].sort((a, b) => a - b);
  return {
    title: 'Rank of the summed updates',
    x: { label: 'token width', scale: 'linear' },
    y: { label: 'rank', scale: 'linear' },
    series: [
      { name: 'token width', x: at, y: at, marker: false, dashed: false },
      byGroup(
        'numerical, own bases',
        grouped(plain, width, ({ rankSame }) => rankSame),
      ),
      byGroup(
        'entropy, own bases',
        grouped(plain, width, ({ entropyRankSame }) => entropyRankSame),
      ),
      byGroup(
        'numerical, one base',
        grouped(plain, width, ({ rank }) => rank),
      ),
    ],
  };
}

function theoremChecks(outcomes: readonly Outcome[]): FigureResult['checks'] {
  const worst = (pick: Pick): number => largest(allOf(outcomes, pick));
  const check = (name: string, pick: Pick, limit = 1) =>
    theoremCheck(name, worst(pick), '<=', limit);
  return [
    check('theory − output over its bound, one base for all tokens', ({ overBound }) => overBound),
    check('the same, each token its own base', ({ overBoundSame }) => overBoundSame),
    check('miss with ε against −W·δ·ε/(‖z‖² + ε), over its bound', ({ overDefect }) => overDefect),
    check('one base: updates with another right factor', ({ otherFactors }) => otherFactors, 0),
    check(
      'one base: second singular value of the sum over its error',
      ({ overSecond }) => overSecond,
    ),
    check('‖ΔW‖₂ − ‖ΔW‖_F over its bound', ({ overSpectral }) => overSpectral),
  ];
}

function shapeChecks(outcomes: readonly Outcome[], judged: boolean): FigureResult['checks'] {
  const softened = smallest(
    outcomes.flatMap(({ trials }) =>
      trials[0].map((_, l) => largest(trials.map((blocks) => blocks[l].overBoundSoftened))),
    ),
  );
  const shared = rowsOf(outcomes.filter(withNorm), (trial) => trial.shared);
  const base = outcomes.filter(({ configuration: { name } }) => name === 'base');
  const plain = outcomes.filter((outcome) => !withNorm(outcome));
  const short = plain.map((outcome) => {
    const { dimension, pairs } = outcome.configuration;
    const most = Math.min(dimension, pairs) + 1;
    return smallest(allOf([outcome], ({ rankSame }) => rankSame)) - most;
  });
  const behind = outcomes.filter(withNorm).map((outcome) => {
    return largest(allOf([outcome], ({ rankSame }) => rankSame)) - outcome.configuration.dimension;
  });
  return [
    shapeCheck(
      'ε: largest miss over the bound, smallest of all blocks',
      softened,
      '>=',
      100,
      judged,
    ),
    shapeCheck(
      'one difference for two: squared distance, smallest median of a block',
      smallest(summarise(shared).median),
      '>=',
      0.05,
      judged,
    ),
    shapeCheck(
      'one base: largest numerical rank of the sum',
      largest(allOf(outcomes, ({ rank }) => rank)),
      '<=',
      1,
      judged,
    ),
    shapeCheck(
      'own bases: smallest numerical rank less min(tokens, width)',
      smallest(short),
      '>=',
      0,
      judged,
    ),
    shapeCheck(
      'own bases behind a layer norm: largest rank less width − 1',
      Math.max(...behind),
      '<=',
      0,
      judged,
    ),
    shapeCheck(
      'base: loss, mean of the last ten steps over the first',
      largest(
        base.map(({ losses }) => (losses.length > 0 ? mean(losses.slice(-10)) / losses[0] : 1)),
      ),
      '<=',
      0.3,
      judged,
    ),
  ];
}

function captionOf(values: SweepValues, outcomes: readonly Outcome[]): string[] {
  const trained = outcomes.filter(isTrained);
  const middle = (from: readonly Outcome[], pick: Pick): number => median(allOf(from, pick));
  const cosine = (pick: Pick): string => middle(trained, pick).toFixed(2).replace('-', '−');
  const power = (x: number): string => x.toExponential(0);
  const normed = middle(outcomes.filter(withNorm), ({ shared }) => shared);
  const norms = [
    ...grouped(
      trained,
      ({ tasks, pairs }) => 1e6 * tasks + pairs,
      (t) => t.norm,
    ).values(),
  ];
  const sizes = norms.map(median);
  const rank = largest(allOf(outcomes, (trial) => trial.rank));
  return [
    `Above left: from one token alone, with W1 and the last bias patched, a block gives the output of every token ` +
      `of its context up to rounding, median squared distance ${power(middle(outcomes, (t) => t.exact))}; with ` +
      `1e-8 added to ‖z‖² it misses by the factor that was predicted, ${power(middle(outcomes, (t) => t.softened))} ` +
      `in the median, which the squared unit roundoff of single precision, 4e-15, would hide, and with one ` +
      `difference for weight and bias behind a layer norm by ${power(normed)}.`,
    `Tasks a step and context points move the median size of an update between ` +
      `${smallest(sizes).toPrecision(2)} and ${largest(sizes).toPrecision(2)}; updates of two tokens from one base ` +
      `have a median cosine of ${cosine((t) => t.tokens)}, from their own bases ${cosine((t) => t.tokensSame)}, and ` +
      `their sum has rank ${rank} in the first case, before training as after it, because all share the factor of ` +
      'that base, but the rank of the token width in the second.',
    `Shown are ${trained.length} trainings: up to ${values.mostTasks} tasks a step, ${values.mostPairs} points and ` +
      `${values.seeds} seeds; --sweeps-most-tasks 4096 --sweeps-most-pairs 1000 --sweeps-seeds 3 runs all of the ` +
      'protocol, and each block is compared by itself, with what enters it in the contextual run, so how errors ' +
      'would pass from block to block is not seen here.',
  ];
}
