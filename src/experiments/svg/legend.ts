/**
 * The legend of a panel: below the axes, in as many rows as it needs, so that it never covers data.
 *
 * @module
 */

import { drawMarker, stroked } from './curves.ts';
import { linePattern } from './lines.ts';
import type { Panel } from './plot.ts';
import { coordinate, textElement, textWidth, wrapText } from './text.ts';
import { type Look, SIZE } from './theme.ts';

interface Entry {
  readonly name: string;
  /** The sample, 36 units wide, its middle at (x + 18, y). */
  sample(x: number, y: number): string;
}

const SAMPLE_WIDTH = 36;
const GAP = 8;
const BETWEEN = 18;
const LINE_HEIGHT = 1.4 * SIZE.legend;

function entries(
  panel: Panel,
  series: readonly Look[],
  lines: readonly number[],
  hasStrip: boolean,
  prefix: string,
): Entry[] {
  const result: Entry[] = [];
  series.forEach((look, i) => {
    const { name, low, band } = panel.series[i] ?? { name: '' };
    result.push({ name, sample: (x, y) => curveSample(look, x, y, prefix) });
    if (low === undefined) return;
    const classes = `${prefix}-band ${prefix}-f${look.colour} ${prefix}-s${look.colour}`;
    result.push({
      name: `${name}: ${band ?? 'band'}`,
      sample: (x, y) =>
        `<rect class="${classes}" x="${coordinate(x)}" y="${coordinate(y - 6)}" width="${SAMPLE_WIDTH}" height="12"/>`,
    });
  });
  for (const i of lines) {
    result.push({
      name: panel.lines?.[i]?.label ?? '',
      sample: (x, y) =>
        `<path class="${prefix}-line" stroke-dasharray="${linePattern(i)}" d="M${coordinate(x)} ${coordinate(y)}h${SAMPLE_WIDTH}"/>`,
    });
  }
  if (hasStrip) {
    result.push({
      name: 'exactly 0, below the axis break',
      sample: (x, y) =>
        `<rect class="${prefix}-strip" x="${coordinate(x)}" y="${coordinate(y - 7)}" width="${SAMPLE_WIDTH}" height="14"/>`,
    });
  }
  return result;
}

function curveSample(look: Look, x: number, y: number, prefix: string): string {
  const line = stroked(look, `M${coordinate(x)} ${coordinate(y)}h${SAMPLE_WIDTH}`, prefix);
  if (look.marker === null) return line;
  return line + drawMarker({ x: x + SAMPLE_WIDTH / 2, y }, look, prefix);
}

/** Draws the legend between `left` and `right` from `top` downwards and tells where it ends. */
export function drawLegend(
  panel: Panel,
  look: { series: readonly Look[]; lines: readonly number[]; hasStrip: boolean; prefix: string },
  box: { left: number; right: number; top: number },
): { markup: string; bottom: number } {
  const { prefix } = look;
  const parts: string[] = [];
  const textRoom = box.right - box.left - SAMPLE_WIDTH - GAP;
  let x = box.left;
  let y = box.top;
  let rowHeight = 0;
  for (const entry of entries(panel, look.series, look.lines, look.hasStrip, prefix)) {
    const lines = wrapText(entry.name, SIZE.legend, textRoom);
    const textLength = Math.max(...lines.map((line) => textWidth(line, SIZE.legend)));
    const width = SAMPLE_WIDTH + GAP + textLength;
    if (x > box.left && x + width > box.right) {
      x = box.left;
      y += rowHeight;
      rowHeight = 0;
    }
    const middle = y + LINE_HEIGHT / 2;
    const at = { x: x + SAMPLE_WIDTH + GAP, y: middle + 5, lineHeight: LINE_HEIGHT };
    parts.push(entry.sample(x, middle), textElement(lines, at, `class="${prefix}-legend"`));
    x += width + BETWEEN;
    rowHeight = Math.max(rowHeight, lines.length * LINE_HEIGHT + 3);
  }
  return { markup: parts.join(''), bottom: y + rowHeight };
}
