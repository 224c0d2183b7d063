/**
 * What figure `instruction` shows of its trials: panels, checks and caption.
 *
 * @module
 */
import { type Check, type FigureResult, shapeCheck, theoremCheck } from '../figure-result.ts';
import { mean, summarise } from '../statistics.ts';
import type { Panel, ReferenceLine, Series } from '../svg/plot.ts';
import type { CalibrationTrial, Change, ChangeCurve } from './calibration-trial.ts';
import type { ExactTrial } from './exact-trial.ts';
import { answerOf, QUESTIONS, RETAINED, TASKS } from './tasks.ts';

/** Shares of all questions, one a task. */
export interface Shares {
  /** With the instruction: right answers. */
  readonly instructed: readonly number[];
  /** Without it and with nothing in its place: answers that are right for this task. */
  readonly bare: readonly number[];
}

export interface InstructionTrials extends Shares {
  readonly parameters: FigureResult['parameters'];
  readonly judged: boolean;
  readonly losses: readonly number[];
  /** Inputs of the maps that are fitted: width and hidden entries. */
  readonly sizes: readonly number[];
  /** The K of the curves. */
  readonly counts: readonly number[];
  readonly exact: readonly ExactTrial[];
  /** The draws of each task. */
  readonly draws: readonly (readonly CalibrationTrial[])[];
}

export function instructionFigure(trials: InstructionTrials): FigureResult {
  const panels = [
    ...TASKS.map((_, t) => taskPanel(trials, t)),
    pooledPanel(trials, 'Digit by digit, both tasks', 'share of digits as instructed', 'agreement'),
    pooledPanel(
      trials,
      'The calibration questions themselves',
      'share answered rightly',
      'calibrated',
    ),
  ];
  return {
    id: 'instruction',
    title: 'An instruction moved from the prompt into the weights',
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

const NAMES: Readonly<Record<Change, string>> = {
  weights: 'thought matrices, ρ = 0',
  ridged: 'thought matrices, with a ridge',
  bias: 'the same, the residual in a bias',
  averaged: 'rank-one patches averaged',
  vector: 'thought vectors',
};

const CALIBRATION = { label: 'K, calibration questions', scale: 'log' } as const;

function taskPanel(trials: InstructionTrials, t: number): Panel {
  const { counts, draws, instructed, bare } = trials;
  return {
    title: `Other questions: the ${TASKS[t].name}`,
    x: CALIBRATION,
    y: { label: 'share answered rightly', scale: 'linear' },
    series: curves(counts, draws[t], 'accuracy', ['weights', 'ridged']),
    lines: [
      { axis: 'y', at: instructed[t], label: 'with the instruction, or exact patches' },
      { axis: 'y', at: bare[t], label: 'nothing in its place' },
      ...sizeLines(trials),
    ],
  };
}

/** Where the tokens of K questions are as many as a fitted map has inputs: there fits of least norm are worst. */
const sizeLines = ({ counts, sizes }: InstructionTrials): ReferenceLine[] =>
  sizes
    .map((size) => ({ size, at: size / RETAINED.length }))
    .filter(({ at }) => at > counts[0] && at < counts[counts.length - 1])
    .map(({ size, at }) => ({ axis: 'x', at, label: `${RETAINED.length}·K = ${size}` }));

const pooledPanel = (
  trials: InstructionTrials,
  title: string,
  label: string,
  which: keyof ChangeCurve,
): Panel => ({
  title,
  x: CALIBRATION,
  y: { label, scale: 'linear' },
  series: curves(trials.counts, trials.draws.flat(), which, ['weights']),
  ...(which === 'agreement' && { lines: sizeLines(trials) }),
});

/** A median for each change, with quartiles for those of `banded`. */
function curves(
  counts: readonly number[],
  trials: readonly CalibrationTrial[],
  which: keyof ChangeCurve,
  banded: readonly Change[],
): Series[] {
  return (Object.keys(NAMES) as Change[]).map((change) => {
    const { median, lower, upper } = summarise(trials.map((trial) => trial[change][which]));
    const band = { low: lower, high: upper, band: 'quartiles' };
    return { name: NAMES[change], x: counts, y: median, ...(banded.includes(change) && band) };
  });
}

/** The median share of held-out questions answered rightly after a change from K questions. */
function medianAt(
  { counts, draws }: InstructionTrials,
  t: number,
  change: Change,
  K: number,
): number {
  const { median } = summarise(draws[t].map((trial) => trial[change].accuracy));
  return median[counts.indexOf(K)];
}

/** The 10 questions of the source where there are as many, else 1. */
const fewOf = ({ counts }: InstructionTrials): number => (counts.includes(10) ? 10 : counts[0]);

function checksOf(trials: InstructionTrials): Check[] {
  const { exact, instructed, bare, counts, draws, losses, judged } = trials;
  const check = (name: string, value: number, relation: '<=' | '>=', limit: number): Check =>
    shapeCheck(name, value, relation, limit, judged);
  const few = fewOf(trials);
  const most = counts[counts.length - 1];
  return [
    theoremCheck(
      'exact patches: |patched − instructed| of a logit over its bound, all answers',
      exact.reduce((max, { overBound }) => Math.max(max, overBound), 0),
      '<=',
      1,
    ),
    theoremCheck(
      'exact patches: answers that are not those with the instruction',
      exact.filter(({ same }) => !same).length,
      '<=',
      0,
    ),
    check('the largest difference of a logit', largestDifference(trials), '<=', 1e-12), // 1e-14 to 1.5e-14
    check('loss of the last 100 steps', mean(losses.slice(-100)), '<=', 0.01), // 3e-4 to 5e-4
    ...TASKS.flatMap(({ name }, t) => {
      const at = (change: Change, K: number): number => medianAt(trials, t, change, K);
      // Measured on seeds 1 to 3, both tasks, in this order: 1; 0.02 to 0.32; 0.77 to 0.99; 0.63 to 0.98; 0.36 to 0.85;
      // 0.46 to 0.96; 0.08 to 0.58; 0.08 to 0.52.
      return [
        check(`${name}: right with the instruction`, instructed[t], '>=', 0.99),
        check(`${name}: right without it`, bare[t], '<=', 0.5),
        check(`${name}: thought matrices, K = ${most}, ρ = 0`, at('weights', most), '>=', 0.6),
        check(
          `${name}: thought matrices, K = ${most}, with a ridge`,
          at('ridged', most),
          '>=',
          0.45,
        ),
        check(
          `${name}: thought matrices, K = ${few}, with a ridge, from above`,
          at('ridged', few),
          '<=',
          0.95,
        ),
        check(`${name}: bias version, K = ${most}`, at('bias', most), '>=', 0.3),
        check(`${name}: rank-one patches averaged, K = ${most}`, at('averaged', most), '<=', 0.7),
        check(`${name}: thought vectors, K = ${most}`, at('vector', most), '<=', 0.7),
      ];
    }),
    check(
      'one calibration question is answered rightly, share of draws',
      mean(draws.flat().map(({ weights }) => weights.calibrated[0])),
      '>=',
      0.9,
    ),
  ];
}

const largestDifference = ({ exact }: InstructionTrials): number =>
  exact.reduce((max, { difference }) => Math.max(max, difference), 0);

function captionOf(trials: InstructionTrials): string[] {
  const { exact, instructed, bare, counts } = trials;
  const most = counts[counts.length - 1];
  const few = fewOf(trials);
  const both = (values: readonly number[]): string =>
    values.map((value, t) => `${percent(value)} of the ${TASKS[t].name}s`).join(' and ');
  const at = (change: Change, K: number): string =>
    TASKS.map((_, t) => percent(medianAt(trials, t, change, K))).join(' and ');
  const same = exact.filter((trial) => trial.same).length;
  return [
    `A small GPT-2 that adds or multiplies three digits as its first token says is right in ${both(instructed)}, and ` +
      `in ${both(bare)} when that token is taken away (${percent(zeroProducts())} of the products are 0); exact patches, ` +
      `made for each question and token, give its instructed answer in ${same} of ${exact.length} cases, with logits that ` +
      `differ by at most ${largestDifference(trials).toExponential(1).replace('-', '−')}.`,
    `One change of the weights for all questions recovers a part (medians, sums and products): with a ridge ` +
      `${at('ridged', few)} of other questions after ${few} and ${at('ridged', most)} after ${most}, at ρ = 0 ` +
      `${at('weights', few)} and ${at('weights', most)}, with dips where a map has as many inputs as tokens were fitted; ` +
      `averaged rank-one patches end at ${at('averaged', most)}, thought vectors at ${at('vector', most)}.`,
    'The model has seen every question in training, only the change has not, and it never saw a prompt without an ' +
      'instruction; it is no pretrained model, for which arXiv:2510.08734 reports about 100% (Gemma, 10 questions) and ' +
      'a replication 10% (Qwen3-0.6B, 80% with the instruction).',
  ];
}

/** The share of questions whose product is 0. */
const zeroProducts = (): number =>
  Array.from({ length: QUESTIONS }, (_, question) => answerOf(TASKS[1], question)).filter(
    (answer) => answer.every((digit) => digit === 0),
  ).length / QUESTIONS;

const percent = (share: number): string => `${Number((100 * share).toFixed(1))}%`;
