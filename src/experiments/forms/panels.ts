/**
 * What figure `forms` shows of its trials: panels, checks and caption.
 *
 * @module
 */
import { UNIT_ROUNDOFF } from '../../linalg/index.ts';
import { type FigureResult, shapeCheck, theoremCheck } from '../figure-result.ts';
import { median, summarise } from '../statistics.ts';
import type { Panel, Series } from '../svg/plot.ts';
import type { ToySettings } from '../toy-settings.ts';
import type { FormsTrial } from './trial.ts';

export interface FormsTrials {
  readonly settings: ToySettings;
  readonly values: Readonly<Record<string, number>>;
  readonly judged: boolean;
  readonly ranksAt: readonly number[];
  readonly trials: readonly FormsTrial[];
}

export function formsFigure(run: FormsTrials): FigureResult {
  const panels = [sizePanel(run), rankPanel(run), errorPanel(run), lossPanel(run)];
  return {
    id: 'forms',
    title: 'Two ways to read a context into the weights',
    xName: 'tokens',
    parameters: { ...run.settings, ...run.values },
    series: panels.flatMap(({ series }) => series),
    checks: checksOf(run),
    caption: captionOf(run),
    panels,
  };
}

const TOKENS = { label: 'tokens read into the weights, i', scale: 'linear' } as const;

function sizePanel({ trials }: FormsTrials): Panel {
  return {
    title: 'How far the weights move',
    x: TOKENS,
    y: { label: 'distance', unit: 'Frobenius, of W', scale: 'log' },
    series: [
      banded('(a) from the start', trials, ({ fixed }) => fixed.sizes),
      banded('(b) from the start', trials, ({ changing }) => changing.sizes),
      banded('(a) from (b)', trials, ({ apart }) => apart),
    ],
  };
}

function rankPanel({ trials, ranksAt, settings }: FormsTrials): Panel {
  const { heads, dimension } = settings;
  return {
    title: 'Rank of what was added',
    x: { ...TOKENS, scale: 'log' },
    y: { label: 'numerical rank', scale: 'linear' },
    series: [
      banded('(a), fixed base', trials, ({ fixed }) => fixed.ranks, ranksAt),
      banded('(b), changing base', trials, ({ changing }) => changing.ranks, ranksAt),
    ],
    lines: [
      { axis: 'y', at: smallerSide(settings), label: 'smaller side of W' },
      { axis: 'y', at: reach(settings), label: `${heads} heads × ${dimension + 1} token entries` },
    ],
  };
}

function errorPanel({ trials }: FormsTrials): Panel {
  const bare = (name: string, pick: (trial: FormsTrial) => Float64Array): Series => {
    const { x, y } = banded(name, trials, pick);
    return { name, x, y };
  };
  return {
    title: 'What the weights miss',
    x: TOKENS,
    y: { label: 'largest error of an entry', unit: 'pre-activation', scale: 'log' },
    series: [
      banded('(a), error', trials, ({ fixed }) => fixed.errors),
      bare('(a), its bound', ({ fixed }) => fixed.bounds),
      banded('(b), error', trials, ({ changing }) => changing.errors),
      bare('(b), its bound', ({ changing }) => changing.bounds),
      bare('u·|t| times the condition factor of (b)', ({ changing, target }) =>
        changing.conditions.map((factor) => UNIT_ROUNDOFF * target * factor),
      ),
    ],
  };
}

function lossPanel({ trials }: FormsTrials): Panel {
  return {
    title: 'The loss that (b) descends',
    x: TOKENS,
    y: { label: '½‖W·aᵢ − t‖²', unit: 'squared pre-activations', scale: 'log' },
    series: [
      banded('before step i', trials, ({ before }) => before),
      banded('after step i', trials, ({ after }) => after),
    ],
  };
}

/** Limits of shapes are chosen from seeds 1 to 5; what was measured there stands above each. */
function checksOf({ trials, settings, judged }: FormsTrials): FigureResult['checks'] {
  const shape = (
    name: string,
    value: number,
    relation: '<=' | '>=',
    limit: number,
  ): FigureResult['checks'][number] => shapeCheck(name, value, relation, limit, judged);
  const [fixed, changing] = [trials.map((trial) => trial.fixed), trials.map((t) => t.changing)];
  const end = medianAtEnd;
  return [
    theoremCheck(
      '(a): W_i·a against W_0·A_i over its bound, all i',
      most(fixed.map(({ overBound }) => overBound)),
      '<=',
      1,
    ),
    theoremCheck(
      '(b): W_i·a_i against W_0·a_0 over its bound, all i',
      most(changing.map(({ overBound }) => overBound)),
      '<=',
      1,
    ),
    theoremCheck(
      '(a): second singular value of W_i − W_0 over the bound on its error, all i',
      most(trials.map(({ second }) => second)),
      '<=',
      1,
    ),
    // 24 of 24: only what is below σ_1·max(m, d)·2^−52 does not count
    shape(
      '(b): largest rank over that of heads × token entries',
      most(changing.flatMap(({ ranks }) => [...ranks])) / reach(settings),
      '<=',
      1,
    ),
    // 23 and 24
    shape('(b): median rank at the end', end(changing.map(({ ranks }) => ranks)), '>=', 18),
    // 2.7e-15, and 0.9e-15 to 1.8e-15
    shape('(a): largest difference of an output', most(fixed.map((x) => x.outputs)), '<=', 1e-14),
    shape(
      '(b): largest difference of an output',
      most(changing.map((x) => x.outputs)),
      '<=',
      1e-14,
    ),
    // 1.1 to 1.5
    shape(
      'distance of (a) and (b) over that of (a) from the start, medians at the end',
      end(trials.map(({ apart }) => apart)) / end(fixed.map(({ sizes }) => sizes)),
      '>=',
      0.5,
    ),
    // 1.5e4 to 9.7e4
    shape(
      '(b): median condition factor at the end',
      end(changing.map(({ conditions }) => conditions)),
      '>=',
      100,
    ),
    // 2.2e-29 to 3.7e-29
    shape('(b): largest loss after a step', most(trials.flatMap((x) => [...x.after])), '<=', 1e-27),
  ];
}

function captionOf({ trials, settings }: FormsTrials): string[] {
  const n = settings.pairs;
  const [fixed, changing] = [trials.map((trial) => trial.fixed), trials.map((t) => t.changing)];
  const [a, b] = [fixed, changing].map((rows) => medianAtEnd(rows.map(({ sizes }) => sizes)));
  const rank = medianAtEnd(changing.map(({ ranks }) => ranks));
  const factor = medianAtEnd(changing.map(({ conditions }) => conditions));
  const errors = most(changing.flatMap((row) => [...row.errors]));
  return [
    `Above: after ${n} tokens form (a) has moved the weights by a median of ${a.toPrecision(2)} and (b) by ` +
      `${b.toPrecision(2)}, to different places that agree at the query; (a) never leaves rank 1, while (b) ` +
      `reaches a median rank of ${rank}, where its bases, averages of tokens seen by ${settings.heads} heads, ` +
      `span at most ${reach(settings)} dimensions.`,
    `Below left: both stay below their bounds at every i; the condition factor of (b), a median of ` +
      `${factor.toExponential(1)} at the end, would allow much larger errors than the ` +
      `${errors.toExponential(1)} that are the largest seen.`,
    'Below right: each step of (b) takes its own least-squares loss to zero, up to rounding, and the next ' +
      'base raises it again, most where few tokens are left: this is Kaczmarz’s method with one target, and ' +
      'no common loss is seen to fall.',
  ];
}

const smallerSide = ({ width, hidden }: ToySettings): number => Math.min(width, hidden);

/** All vectors a_i lie in a space of that many dimensions: each head sends an average of tokens through its matrix. */
const reach = (settings: ToySettings): number =>
  Math.min(smallerSide(settings), settings.heads * (settings.dimension + 1));

const medianAtEnd = (rows: readonly Float64Array[]): number =>
  median(rows.map((row) => row[row.length - 1]));

/** NaN where one is. */
const most = (x: readonly number[]): number => x.reduce((max, each) => Math.max(max, each), 0);

/** Median and quartiles over trials, at i = 1 … n or at `x`. */
function banded(
  name: string,
  trials: readonly FormsTrial[],
  pick: (trial: FormsTrial) => Float64Array,
  x?: readonly number[],
): Series {
  const { median: y, lower: low, upper: high } = summarise(trials.map(pick));
  return { name, x: x ?? y.map((_, k) => k + 1), y, low, high, band: 'quartiles' };
}
