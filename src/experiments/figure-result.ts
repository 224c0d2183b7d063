/**
 * What every experiment returns: numbers, checks, and what is needed to draw and explain them.
 *
 * @module
 */
import type { ReportCheck } from './report.ts';
import type { Panel, Series } from './svg/plot.ts';

/** A check with its verdict; null where it is not judged. */
export type Check = ReportCheck;

export interface FigureResult {
  readonly id: string;
  readonly title: string;
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  /** All series of all panels: the numbers behind the picture. */
  readonly series: readonly Series[];
  readonly checks: readonly Check[];
  /** Three sentences: what is seen. */
  readonly caption: readonly string[];
  readonly panels: readonly Panel[];
  readonly xName: string;
}

/** A theorem must hold at any parameters. Comparisons are written so that NaN fails. */
export function theoremCheck(
  name: string,
  value: number,
  relation: '<=' | '>=',
  limit: number,
): Check {
  const ok = holds(value, relation, limit);
  return { name, kind: 'theorem', value: finite(value, relation), relation, limit, ok };
}

/** The shape of a curve is expected at the default parameters only; elsewhere it is not judged. */
export function shapeCheck(
  name: string,
  value: number,
  relation: '<=' | '>=',
  limit: number,
  judged: boolean,
): Check {
  const ok = judged ? holds(value, relation, limit) : null;
  return { name, kind: 'shape', value: finite(value, relation), relation, limit, ok };
}

/** JSON has no NaN and no infinities; a value that is not finite is written as the worst double. */
const finite = (value: number, relation: '<=' | '>='): number =>
  Number.isFinite(value) ? value : relation === '<=' ? Number.MAX_VALUE : -Number.MAX_VALUE;

const holds = (value: number, relation: '<=' | '>=', limit: number): boolean =>
  relation === '<=' ? value <= limit : value >= limit;
