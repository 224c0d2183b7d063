/**
 * Curves, their bands and markers.
 *
 * In a panel with a strip for zeros a curve is cut where it enters the strip: its points above are joined with each
 * other, a point in the strip carries a marker, and a dotted drop leads from one to the other.
 *
 * @module
 */

import type { Area } from './axes.ts';
import type { Series } from './plot.ts';
import { coordinate } from './text.ts';
import { type Look, type Marker, RIBBON } from './theme.ts';

/** A point in figure coordinates; `zero` if it lies in the strip. */
export interface Point {
  readonly x: number;
  readonly y: number;
  readonly zero: boolean;
}

/** Most markers on one curve; of a longer one every k-th point is marked. */
const MOST_MARKERS = 34;

export function pointsOf(x: readonly number[], y: readonly number[], area: Area): Point[] {
  return x.map((value, i) => {
    const height = y[i] ?? Number.NaN;
    return { x: area.x(value), y: area.y(height), zero: area.hasStrip && height === 0 };
  });
}

function path(points: readonly Point[]): string {
  return points
    .map((p, i) => `${i === 0 ? 'M' : 'L'}${coordinate(p.x)} ${coordinate(p.y)}`)
    .join('');
}

/** The closed outline through `high` forwards and `low` backwards; '' for a series without a band. */
export function drawBand(series: Series, look: Look, area: Area, prefix: string): string {
  if (series.low === undefined || series.high === undefined) return '';
  const upper = pointsOf(series.x, series.high, area);
  const lower = pointsOf(series.x, series.low, area).reverse();
  return `<path class="${prefix}-band ${prefix}-f${look.colour} ${prefix}-s${look.colour}" d="${path([...upper, ...lower])}Z"/>`;
}

/** Neighbours that lie on the same side of the axis break. */
function runs(points: readonly Point[]): Point[][] {
  const result: Point[][] = [];
  for (const point of points) {
    const last = result.at(-1);
    if (last?.[0]?.zero === point.zero) last.push(point);
    else result.push([point]);
  }
  return result;
}

/** A line in its look. A dashed line has a rim of the colour of the paper, which sets it off from a line it covers. */
export function stroked(look: Look, d: string, prefix: string): string {
  const line = `<path class="${prefix}-curve ${prefix}-s${look.colour}" stroke-width="${look.width}"`;
  if (look.dash === '') return `${line} d="${d}"/>`;
  const dash = `stroke-dasharray="${look.dash}"`;
  return `<path class="${prefix}-curve ${prefix}-rim" stroke-width="${look.width + 1.6}" ${dash} d="${d}"/>${line} ${dash} d="${d}"/>`;
}

/** The line of a series, without its markers. */
export function drawCurve(series: Series, look: Look, area: Area, prefix: string): string {
  const parts = runs(pointsOf(series.x, series.y, area));
  const lines = parts.filter((run) => run.length > 1).map(path);
  const drops = parts
    .slice(1)
    .map((run, i) => path([...(parts[i] ?? []).slice(-1), ...run.slice(0, 1)]));
  return (
    (drops.length > 0
      ? `<path class="${prefix}-drop ${prefix}-s${look.colour}" d="${drops.join('')}"/>`
      : '') + (lines.length > 0 ? stroked(look, lines.join(''), prefix) : '')
  );
}

/** The markers of a series: those of its look, and one on every zero and every point that no line reaches. */
export function drawMarkers(series: Series, look: Look, area: Area, prefix: string): string {
  const points = pointsOf(series.x, series.y, area);
  const singles = runs(points).filter((run) => run.length === 1);
  const isSingle = new Set(singles.flat());
  const every = Math.ceil(points.length / MOST_MARKERS);
  return points
    .filter((p, i) => p.zero || isSingle.has(p) || (look.marker !== null && i % every === 0))
    .map((point) => drawMarker(point, look, prefix))
    .join('');
}

/** Distance in pixels below which the eye takes two curves for one. */
const TOUCHING = 2.5;

/**
 * The looks, with a solid curve made a broad ribbon where a later dashed one lies on at least half of it: the dashes
 * are then seen on the ribbon.
 */
export function broaden(series: readonly Series[], given: readonly Look[], area: Area): Look[] {
  return given.map((look, i) => {
    const below = series[i];
    if (look.dash !== '' || below === undefined) return look;
    const isCovered = series.some(
      (above, j) => j > i && given[j]?.dash !== '' && coincide(below, above, area),
    );
    return isCovered ? { ...look, width: RIBBON } : look;
  });
}

function coincide(a: Series, b: Series, area: Area): boolean {
  if (a.x.length !== b.x.length) return false;
  const one = pointsOf(a.x, a.y, area);
  const other = pointsOf(b.x, b.y, area);
  const near = one.filter((p, i) => {
    const q = other[i] ?? p;
    return distance(p, q) < TOUCHING;
  });
  return 2 * near.length >= one.length;
}

/** A marker: filled on a solid curve, larger; hollow on a dashed one, so that of two at one point both are seen. */
export function drawMarker(at: { x: number; y: number }, look: Look, prefix: string): string {
  const isHollow = look.dash !== '';
  const classes = isHollow
    ? `${prefix}-hollow ${prefix}-s${look.colour}`
    : `${prefix}-f${look.colour}`;
  return `<path class="${classes}" d="${outline(look.marker ?? 'circle', at.x, at.y, isHollow ? 3 : 4.6)}"/>`;
}

function outline(marker: Marker, x: number, y: number, r: number): string {
  const from = (dx: number, dy: number) => `M${coordinate(x + dx)} ${coordinate(y + dy)}`;
  const c = coordinate;
  switch (marker) {
    case 'circle':
      return `${from(-r, 0)}a${r} ${r} 0 1 0 ${c(2 * r)} 0a${r} ${r} 0 1 0 ${c(-2 * r)} 0z`;
    case 'square':
      return `${from(-0.9 * r, -0.9 * r)}h${c(1.8 * r)}v${c(1.8 * r)}h${c(-1.8 * r)}z`;
    case 'triangle':
      return `${from(0, -1.2 * r)}l${c(1.1 * r)} ${c(2 * r)}h${c(-2.2 * r)}z`;
    case 'diamond':
      return `${from(0, -1.3 * r)}l${c(1.3 * r)} ${c(1.3 * r)}l${c(-1.3 * r)} ${c(1.3 * r)}l${c(-1.3 * r)} ${c(-1.3 * r)}z`;
  }
}

/** The distance of two points. */
export const distance = (
  p: { readonly x: number; readonly y: number },
  q: { readonly x: number; readonly y: number },
): number => Math.sqrt((p.x - q.x) * (p.x - q.x) + (p.y - q.y) * (p.y - q.y));
