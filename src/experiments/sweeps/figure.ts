/**
 * Figure `sweeps` from its outcomes.
 *
 * @module
 */
import type { FigureResult } from '../figure-result.ts';
import { median } from '../statistics.ts';
import { shapeChecks, theoremChecks } from './checks.ts';
import type { SweepValues } from './configurations.ts';
import type { Outcome } from './outcome.ts';
import { anglePanel, errorPanel, normPanel, rankPanel } from './panels.ts';
import { allOf, growthOf, isTrained, largest, type Pick, smallest, withNorm } from './select.ts';

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
    checks: [...theoremChecks(outcomes), ...shapeChecks(values, outcomes, judged)],
    caption: captionOf(values, outcomes),
    panels,
  };
}

function captionOf(values: SweepValues, outcomes: readonly Outcome[]): string[] {
  const trained = outcomes.filter(isTrained);
  const middle = (from: readonly Outcome[], pick: Pick): string =>
    median(allOf(from, pick)).toExponential(0).replace('-', '−');
  const cosine = (pick: Pick): string => median(allOf(trained, pick)).toFixed(2).replace('-', '−');
  const sizes = normPanel(outcomes).series.flatMap(({ y }) => y);
  const rank = largest(allOf(outcomes, (trial) => trial.rank));
  const grown = trained.filter((outcome) => !(growthOf(outcome) <= 1));
  const diverged = [...new Set(grown.map(({ configuration: { name } }) => name))].join(', ');
  return [
    'Above left: with W1 and the last bias patched, one token alone gives what the block gives at any token of the ' +
      `prompt up to rounding, a squared distance of ${middle(outcomes, ({ exact }) => exact)} in the median; ε in the ` +
      `denominator misses by just the factor predicted, ${middle(outcomes, ({ softened }) => softened)}, less than ` +
      'the 4e−15 of one squared rounding in single precision, and one difference for weight and bias behind a ' +
      `layer norm by ${middle(outcomes.filter(withNorm), ({ shared }) => shared)}.`,
    `Above right: medians of ‖ΔW‖ lie between ${smallest(sizes).toPrecision(2)} and ` +
      `${largest(sizes).toPrecision(2)}, and quartiles are wider than what tasks or points change; below: updates ` +
      `of two tokens have a median cosine of ${cosine(({ tokens }) => tokens)} with one base and ` +
      `${cosine(({ tokensSame }) => tokensSame)} with their own, those of neighbouring blocks none to speak of, and ` +
      `the sum over tokens has rank ${rank} with one base, before training as after it, because all its terms ` +
      'share a factor, but full rank with their own.',
    `Shown are ${trained.length} trainings of the protocol, up to ${values.mostTasks} tasks a step, ` +
      `${values.mostPairs} points and ${values.seeds} seeds` +
      (diverged === ''
        ? ''
        : ` (${diverged}: the loss grows, and the theorem holds all the same)`) +
      '; --sweeps-most-tasks 4096 --sweeps-most-pairs 1000 --sweeps-seeds 3 runs the rest, and as every block is ' +
      'taken by itself, how errors would pass from block to block is not seen.',
  ];
}
