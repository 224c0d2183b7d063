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
import { allOf, grouped, isTrained, largest, type Pick, smallest, withNorm } from './select.ts';

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
