/**
 * The panels of figure `sweeps`.
 *
 * @module
 */
import { median } from '../statistics.ts';
import type { Panel, Series } from '../svg/plot.ts';
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
  const curve = (name: string, from: readonly Outcome[], pick: Pick): Series =>
    byBlock(name, rowsOf(from, pick));
  const bound = curve('bound of Theorem 1', outcomes, ({ allowed }) => allowed);
  return {
    title: 'Theory against each block',
    x: BLOCK,
    y: { label: 'squared distance', unit: 'mean over tokens', scale: 'log' },
    series: [
      curve('one difference (layer norm)', outcomes.filter(withNorm), ({ shared }) => shared),
      curve('ε = 1e-8', outcomes, ({ softened }) => softened),
      curve('Theorem 1', outcomes, ({ exact }) => exact),
      withoutBand(bound),
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
    y: { label: '‖ΔW‖', unit: 'Frobenius = spectral, of W1', scale: 'log' },
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
    y: { label: 'cosine of two updates', scale: 'linear' },
    series: [
      byBlock(
        'tokens, one base',
        rowsOf(trained, ({ tokens }) => tokens),
      ),
      byBlock(
        'tokens, own bases',
        rowsOf(trained, ({ tokensSame }) => tokensSame),
      ),
      byBlock('next block', next),
    ],
  };
}

export function rankPanel(outcomes: readonly Outcome[]): Panel {
  const plain = outcomes.filter((outcome) => isTrained(outcome) && !withNorm(outcome));
  const width = ({ dimension }: Configuration): number => dimension + 1;
  const most = grouped(plain, width, () => 0);
  const at = [...most.keys()].sort((a, b) => a - b);
  const curve = (name: string, pick: Pick): Series => byGroup(name, grouped(plain, width, pick));
  return {
    title: 'Rank of the summed updates',
    x: { label: 'token width', unit: 'entries', scale: 'linear' },
    y: { label: 'rank of the sum over tokens', scale: 'linear' },
    series: [
      { name: 'token width', x: at, y: at, marker: false, dashed: false },
      withoutBand(curve('own bases', ({ rankSame }) => rankSame)),
      curve('own bases, entropy', ({ entropyRankSame }) => entropyRankSame),
      withoutBand(curve('one base', ({ rank }) => rank)),
    ],
  };
}

/** Where the band says nothing: the median alone. */
const withoutBand = ({ name, x, y }: Series): Series => ({ name, x, y });
