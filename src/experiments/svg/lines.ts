/**
 * Reference lines and their labels. A label stands at its line where no curve passes; where every place is taken it
 * goes to the legend.
 *
 * @module
 */

import type { Area } from './axes.ts';
import { distance, pointsOf } from './curves.ts';
import type { Panel, ReferenceLine } from './plot.ts';
import { coordinate, escapeMarkup, textWidth } from './text.ts';
import { SIZE } from './theme.ts';

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Free space kept around a label, and the distance of points at which curves are sampled. */
const CLEARANCE = 3;
const SAMPLE = 3;

const PATTERNS = ['10 3 2 3', '4 3', '14 4', '1.5 3'];

/** The line pattern of the i-th reference line of a panel. */
export function linePattern(i: number): string {
  return PATTERNS[i % PATTERNS.length] ?? '';
}

/** The lines, the labels that found a place, and the indices of those that did not. */
export function drawLines(
  panel: Panel,
  area: Area,
  prefix: string,
): { lines: string; labels: string; unplaced: number[] } {
  const lines = panel.lines ?? [];
  const obstacles = sampleCurves(panel, area);
  const taken: Box[] = lines.map((line) => lineBox(line, area));
  const labels: string[] = [];
  const unplaced: number[] = [];
  lines.forEach((line, i) => {
    const others = taken.filter((_, j) => j !== i);
    const box = candidates(line, area).find((place) => isFree(place, area, obstacles, others));
    if (box === undefined) unplaced.push(i);
    else {
      taken.push(box);
      labels.push(
        `<text class="${prefix}-halo" x="${coordinate(box.left)}" y="${coordinate(box.bottom - 4)}">${escapeMarkup(line.label)}</text>`,
      );
    }
  });
  const drawn = lines.map((line, i) => {
    const box = lineBox(line, area);
    return `<path class="${prefix}-line" stroke-dasharray="${linePattern(i)}" d="M${coordinate(box.left)} ${coordinate(box.top)}L${coordinate(box.right)} ${coordinate(box.bottom)}"/>`;
  });
  return { lines: drawn.join(''), labels: labels.join(''), unplaced };
}

function lineBox(line: ReferenceLine, area: Area): Box {
  if (line.axis === 'x') {
    const x = area.x(line.at);
    return { left: x, right: x, top: area.top, bottom: area.top + area.height };
  }
  const y = area.y(line.at);
  return { left: area.left, right: area.left + area.width, top: y, bottom: y };
}

/** Places for a label, best first: at the ends of the line, on either side of it, then along it. */
function candidates(line: ReferenceLine, area: Area): Box[] {
  const width = textWidth(line.label, SIZE.legend);
  const height = 1.25 * SIZE.legend;
  const at = lineBox(line, area);
  const shares = [1, 0, 0.5, 0.75, 0.25];
  return shares.flatMap((share) =>
    [-1, 1].map((side) => {
      if (line.axis === 'y') {
        const left = area.left + 6 + share * (area.width - width - 12);
        const top = side < 0 ? at.top - height - 2 : at.top + 2;
        return { left, right: left + width, top, bottom: top + height };
      }
      const top = area.top + 4 + (1 - share) * (area.height - height - 8);
      const left = side > 0 ? at.left + 6 : at.left - 6 - width;
      return { left, right: left + width, top, bottom: top + height };
    }),
  );
}

function isFree(
  box: Box,
  area: Area,
  obstacles: readonly { x: number; y: number }[],
  taken: readonly Box[],
): boolean {
  const wide = {
    left: box.left - CLEARANCE,
    right: box.right + CLEARANCE,
    top: box.top - CLEARANCE + 1,
    bottom: box.bottom + CLEARANCE - 1,
  };
  const isInside =
    box.left >= area.left &&
    box.right <= area.left + area.width &&
    box.top >= area.top &&
    box.bottom <= area.top + area.scaled;
  return (
    isInside &&
    !obstacles.some(
      (p) => p.x >= wide.left && p.x <= wide.right && p.y >= wide.top && p.y <= wide.bottom,
    ) &&
    !taken.some(
      (b) =>
        b.left <= wide.right &&
        b.right >= wide.left &&
        b.top <= wide.bottom &&
        b.bottom >= wide.top,
    )
  );
}

/** Points on all curves and edges of bands, close enough that none can pass through a label unseen. */
function sampleCurves(panel: Panel, area: Area): { x: number; y: number }[] {
  const samples: { x: number; y: number }[] = [];
  for (const series of panel.series) {
    for (const y of [series.y, series.low, series.high]) {
      if (y === undefined) continue;
      const points = pointsOf(series.x, y, area);
      points.forEach((point, i) => {
        const from = points[i - 1] ?? point;
        const count = Math.ceil(distance(point, from) / SAMPLE) + 1;
        for (let k = 1; k <= count; k++) {
          const t = k / count;
          samples.push({ x: from.x + t * (point.x - from.x), y: from.y + t * (point.y - from.y) });
        }
      });
    }
  }
  return samples;
}
