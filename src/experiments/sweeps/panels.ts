/**
 * The panels of figure `sweeps`.
 *
 * @module
 */
import { median } from '../statistics.ts';
import type { Panel } from '../svg/plot.ts';
import type { Configuration } from './configurations.ts';
import type { Outcome } from './outcome.ts';
import {
  allOf,
  byBlock,
  byGroup,
  grouped,
  isTrained,
  type Pick,
  rowsOf,
  withNorm,
} from './select.ts';

const BLOCK = { label: 'block', scale: 'linear' } as const;

export function errorPanel(outcomes: readonly Outcome[]): Panel {
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

export function normPanel(outcomes: readonly Outcome[]): Panel {
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

export function anglePanel(outcomes: readonly Outcome[]): Panel {
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

export function rankPanel(outcomes: readonly Outcome[]): Panel {
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
