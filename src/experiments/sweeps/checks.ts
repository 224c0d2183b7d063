/**
 * The checks of figure `sweeps`.
 *
 * @module
 */
import { type Check, shapeCheck, theoremCheck } from '../figure-result.ts';
import { mean, summarise } from '../statistics.ts';
import type { Outcome } from './outcome.ts';
import { allOf, largest, type Pick, rowsOf, smallest, withNorm } from './select.ts';

export function theoremChecks(outcomes: readonly Outcome[]): Check[] {
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

export function shapeChecks(outcomes: readonly Outcome[], judged: boolean): Check[] {
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
